#include "simulator/stream_generator.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

namespace omnisonde::sim {
namespace {

// A slice follows its carrier once that is this far from the slice's middle.
constexpr double kFollow_hz = 1000;
// A sonde counts as heard when its carrier lies this far inside the band: the edge fades out.
constexpr double kAudibleMargin_hz = 10'000;
// A sonde beyond the band by more than this is not rendered at all.
constexpr double kSkirt_hz = 20'000;

// The slice must hold all of the signal that matters: Gaussian pulses fall steeply, plain FSK with
// the fourth power of the distance, so that 32 times the symbol rate keeps aliases below -80 dB.
std::size_t slice_bins(const dsp::ModemParams& modem) {
  const double factor = modem.bt > 0 ? 8 : 32;
  // FM by sines fades faster than any power beyond Carson's width: twice that holds it all.
  const double wanted_hz = modem.modulation == dsp::Modulation::kAfsk
                               ? 4 * (modem.deviation_hz + modem.space_hz)
                               : factor * modem.symbol_rate_hz + 4 * modem.deviation_hz;
  constexpr std::array kRates_hz = {48e3, 96e3, 192e3, 384e3};
  const auto rate = std::ranges::find_if(kRates_hz, [&](double r) { return r >= wanted_hz; });
  return static_cast<std::size_t>((rate == kRates_hz.end() ? kRates_hz.back() : *rate) / kBinHz);
}

}  // namespace

UtcMillis StreamGenerator::system_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

StreamGenerator::StreamGenerator(const Scenario& scenario, UtcMillis start)
    : spec_(scenario.stream),
      start_utc_(start),
      rate_hz_(spec_.sample_rate_hz),
      centre_hz_(spec_.centre_hz),
      noise_density_(scenario.noise_density()),
      synth_(rate_hz_),
      noise_(spec_.seed) {}

Expected<StreamGenerator> StreamGenerator::create(const Scenario& scenario,
                                                  const TransmitterFactory& factory,
                                                  UtcMillis now) {
  StreamGenerator generator(scenario, scenario.stream.start.value_or(now));
  std::uint64_t index = 0;
  for (const SondePlan& plan : scenario.sondes) {
    std::unique_ptr<Transmitter> transmitter = factory(plan.type, plan.identity);
    if (transmitter == nullptr) {
      return Error{plan.origin + ": [sonde:" + plan.name + "] type: there is no encoder for `" +
                       plan.type + "`",
                   "see `omnisonde types`"};
    }
    const double ebn0 = std::pow(10.0, plan.ebn0_db / 10);
    const double power = ebn0 * generator.noise_density_ * transmitter->modem().symbol_rate_hz;
    Channel channel;
    channel.bins = slice_bins(transmitter->modem());
    channel.window.resize(channel.bins);
    channel.voice =
        std::make_unique<Voice>(plan, std::move(transmitter), generator.start_utc_,
                                std::sqrt(power), scenario.stream.seed * 1000 + ++index);
    generator.filters_.try_emplace(channel.bins, channel.bins);
    generator.channels_.push_back(std::move(channel));
  }
  return generator;
}

Expected<void> StreamGenerator::set_sample_rate_hz(double rate_hz) {
  if (!(rate_hz >= 48e3) || rate_hz > 20e6 || std::fmod(rate_hz, 1000) != 0) {
    return Error{"sample rate " + std::to_string(rate_hz) + " Hz cannot be simulated",
                 "take a multiple of 1000 from 48000 to 20000000"};
  }
  if (rate_hz == rate_hz_) return {};
  rate_hz_ = rate_hz;
  synth_ = SliceSynth(rate_hz);
  rest_.clear();
  rest_used_ = 0;
  return {};
}

double StreamGenerator::time_s() const {
  const auto waiting = static_cast<double>(rest_.size() - rest_used_);
  return static_cast<double>(block_) * kBlock_s - waiting / rate_hz_;
}

void StreamGenerator::next_block(std::span<dsp::Sample> out) {
  while (!out.empty()) {
    if (rest_used_ == rest_.size()) {
      rest_used_ = rest_.size();
      if (out.size() >= block_samples()) {
        make_block(out.first(block_samples()));
        out = out.subspan(block_samples());
        continue;
      }
      rest_.resize(block_samples());
      rest_used_ = 0;
      make_block(rest_);
    }
    const std::size_t count = std::min(out.size(), rest_.size() - rest_used_);
    std::copy_n(rest_.begin() + static_cast<std::ptrdiff_t>(rest_used_), count, out.begin());
    rest_used_ += count;
    out = out.subspan(count);
  }
}

void StreamGenerator::skip(std::uint64_t samples) {
  const std::uint64_t waiting = rest_.size() - rest_used_;
  if (samples < waiting) {
    rest_used_ += static_cast<std::size_t>(samples);
  } else {
    samples -= waiting;
    rest_used_ = rest_.size();
    block_ += static_cast<std::int64_t>(samples / block_samples());
    for (Channel& channel : channels_) {
      channel.voice->set_audible(false);
      channel.voice->skip_to(static_cast<double>(block_) * kBlock_s - synth_.lead_s());
      channel.fresh = true;
    }
    if (const auto part = static_cast<std::size_t>(samples % block_samples()); part > 0) {
      rest_.resize(block_samples());
      make_block(rest_);
      rest_used_ = part;
    }
  }
  for (Channel& channel : channels_) channel.voice->spoil_frame_in_progress();
}

void StreamGenerator::follow_carrier(Channel& channel, double window_s) {
  const double carrier_hz = channel.voice->carrier_hz(window_s) - centre_hz_;
  const auto nearest = static_cast<std::int64_t>(std::llround(carrier_hz / kBinHz));
  if (channel.fresh || channel.centre_hz != centre_hz_) {
    channel.bin = nearest;
    channel.centre_hz = centre_hz_;
    return;
  }
  if (std::abs(carrier_hz - static_cast<double>(channel.bin) * kBinHz) <= kFollow_hz) return;
  // The slice moves up by `shift`, so its content must turn the other way, from the same origin of
  // time as the wide side's mixing.
  const double shift_hz = static_cast<double>(nearest - channel.bin) * kBinHz;
  const double slice_rate_hz = static_cast<double>(channel.bins) * kBinHz;
  const std::size_t old = channel.bins / 5;
  for (std::size_t k = 0; k <= old; ++k) {
    const double cycles = -shift_hz * (window_s + static_cast<double>(k) / slice_rate_hz);
    const double angle = 2 * std::numbers::pi * (cycles - std::floor(cycles));
    if (k == old) {
      channel.voice->turn_carrier(cycles);
    } else {
      channel.window[k] *=
          dsp::Sample(static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle)));
    }
  }
  channel.bin = nearest;
}

void StreamGenerator::add_channel(Channel& channel) {
  const double block_s = static_cast<double>(block_) * kBlock_s;
  const double window_s = block_s - synth_.lead_s();
  const double off_centre_hz = std::abs(channel.voice->carrier_hz(block_s) - centre_hz_);
  channel.voice->set_audible(off_centre_hz <= rate_hz_ / 2 - kAudibleMargin_hz);
  if (off_centre_hz > rate_hz_ / 2 + kSkirt_hz) {
    channel.voice->skip_to(window_s + kBlock_s);
    channel.fresh = true;
    return;
  }
  follow_carrier(channel, window_s);
  const double slice_rate_hz = static_cast<double>(channel.bins) * kBinHz;
  const double reference_hz = centre_hz_ + static_cast<double>(channel.bin) * kBinHz;
  const std::size_t old = channel.fresh ? 0 : channel.bins / 5;
  channel.voice->render(window_s + static_cast<double>(old) / slice_rate_hz, slice_rate_hz,
                        reference_hz, std::span(channel.window).subspan(old));
  channel.fresh = false;
  synth_.add(filters_.at(channel.bins).spectrum(channel.window), channel.bin);
  // The last fifth is the next window's beginning.
  const auto keep = static_cast<std::ptrdiff_t>(channel.bins / 5);
  std::copy(channel.window.end() - keep, channel.window.end(), channel.window.begin());
}

void StreamGenerator::make_block(std::span<dsp::Sample> out) {
  synth_.begin(block_);
  for (Channel& channel : channels_) add_channel(channel);
  std::ranges::copy(synth_.finish(), out.begin());
  ++block_;
  noise_.add_noise(static_cast<float>(std::sqrt(noise_density_ * rate_hz_ / 2)), out);
  add_receiver_faults(out);
}

void StreamGenerator::add_receiver_faults(std::span<dsp::Sample> out) const noexcept {
  const bool unbalanced = spec_.iq_gain_db != 0 || spec_.iq_phase_deg != 0;
  if (unbalanced) {
    const double angle = spec_.iq_phase_deg * std::numbers::pi / 180;
    const double ratio = std::pow(10.0, spec_.iq_gain_db / 20);
    const auto own = static_cast<float>(ratio * std::cos(angle));
    const auto leak = static_cast<float>(ratio * std::sin(angle));
    for (dsp::Sample& s : out) s = {s.real(), own * s.imag() + leak * s.real()};
  }
  const auto dc = static_cast<float>(spec_.dc_offset);
  if (gain_ == 1 && dc == 0) return;
  for (dsp::Sample& s : out) s = s * gain_ + dsp::Sample(dc, dc);
}

std::vector<Telemetry> StreamGenerator::take_truth() {
  std::vector<Telemetry> records;
  for (Channel& channel : channels_) channel.voice->take_truth(time_s(), records);
  return records;
}

}  // namespace omnisonde::sim
