#include "simulator/voice.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace omnisonde::sim {
namespace {

// Carrier ramps of real keyed sondes are short; the shape only keeps key clicks off the neighbours.
constexpr double kRamp_s = 200e-6;
// The channel gain is slow (at most 50 Hz), so it is computed this often and interpolated.
constexpr double kGainStep_s = 1e-3;

double true_symbol_rate_hz(const dsp::ModemParams& modem, const Impairments& impairments) {
  return modem.symbol_rate_hz * (1 + impairments.clock_ppm * 1e-6);
}

double signed_deviation_hz(const dsp::ModemParams& modem, const Impairments& impairments) {
  const double deviation = impairments.deviation_hz.value_or(modem.deviation_hz);
  return impairments.inverted ? -deviation : deviation;
}

AudioTones audio_tones(const dsp::ModemParams& modem, const Impairments& impairments) {
  if (modem.modulation != dsp::Modulation::kAfsk) return {};
  const double clock = 1 + impairments.clock_ppm * 1e-6;
  return {.mark_hz = modem.mark_hz * clock, .space_hz = modem.space_hz * clock};
}

}  // namespace

Voice::Voice(const SondePlan& plan, std::unique_ptr<Transmitter> transmitter, UtcMillis start,
             double amplitude, std::uint64_t seed)
    : transmitter_(std::move(transmitter)),
      impairments_(plan.impairments),
      nominal_hz_(plan.identity.frequency_hz),
      start_s_(plan.start_s),
      stop_s_(plan.stop_s),
      amplitude_(static_cast<float>(amplitude)),
      start_utc_(start),
      flight_(plan.flight, start),
      track_(true_symbol_rate_hz(transmitter_->modem(), impairments_),
             signed_deviation_hz(transmitter_->modem(), impairments_), transmitter_->modem().bt,
             audio_tones(transmitter_->modem(), impairments_)),
      gain_(impairments_, seed) {
  period_s_ = transmitter_->burst_period_s();
  next_frame_s_ = next_burst_s(start_s_);
  off_s_ = on_s_ = -1;
}

double Voice::next_burst_s(double not_before_s) const {
  if (period_s_ <= 0) return not_before_s;
  // Against the day's beginning, so that the numbers stay small enough to be exact.
  const double day_s = static_cast<double>(start_utc_.ms % 86'400'000) / 1000;
  return std::ceil((day_s + not_before_s) / period_s_ - 1e-9) * period_s_ - day_s;
}

double Voice::carrier_hz(double time_s) const {
  return nominal_hz_ + carrier_offset_hz(impairments_, time_s);
}

void Voice::turn_carrier(double cycles) {
  carrier_cycles_ += cycles;
  carrier_cycles_ -= std::floor(carrier_cycles_);
}

void Voice::send_frame(double start_s) {
  track_.append(transmitter_->next_frame(flight_.at(start_s)));
  off_s_ = track_.end_s();
  const bool heard = audible_ && !gain_.interrupted(start_s, off_s_);
  for (Telemetry& record : transmitter_->take_truth()) {
    if (!heard) continue;
    record.rx = {};
    record.rx.t_s = start_s;
    record.rx.received = {start_utc_.ms + static_cast<std::int64_t>(std::llround(start_s * 1000))};
    record.rx.frequency_hz = carrier_hz(start_s);
    pending_.push_back({off_s_, std::move(record)});
  }
}

void Voice::advance(double time_s) {
  const bool bursts = period_s_ > 0;
  while (!finished_) {
    // The frames of a continuous carrier are wanted a little early: their first symbols shape the
    // end of the frame before.
    const bool on_air = !track_.empty();
    const double next_s = !bursts && on_air ? track_.end_s() : next_frame_s_;
    const double lead_s = !bursts && on_air ? track_.reach_s() : kRamp_s;
    if (time_s < next_s - lead_s || time_s < off_s_ + (bursts ? kRamp_s : -1e9)) return;
    if (stop_s_ && next_s >= *stop_s_) {
      finished_ = true;
      return;
    }
    if (bursts || !on_air) {
      track_.restart(next_s);
      on_s_ = next_s;
    } else {
      track_.forget_before(time_s);
    }
    send_frame(next_s);
    if (bursts) {
      next_frame_s_ = next_burst_s(std::max(next_s + period_s_ / 2, off_s_ + 2 * kRamp_s));
    }
  }
}

void Voice::skip_to(double time_s) { advance(time_s); }

float Voice::keying(double time_s) const noexcept {
  const double outside_s = std::max(on_s_ - time_s, time_s - off_s_);
  if (outside_s <= 0) return 1;
  if (outside_s >= kRamp_s) return 0;
  return static_cast<float>(0.5 + 0.5 * std::cos(std::numbers::pi * outside_s / kRamp_s));
}

void Voice::render(double start_s, double rate_hz, double reference_hz,
                   std::span<dsp::Sample> out) {
  const double step_s = 1 / rate_hz;
  const bool varies = gain_.varies();
  double gain_until_s = start_s;  // the interpolated stretch ends here
  dsp::Sample gain_from{};
  dsp::Sample gain_to = varies ? gain_.at(start_s) : dsp::Sample{1, 0};
  for (std::size_t k = 0; k < out.size(); ++k) {
    const double t = start_s + static_cast<double>(k) * step_s;
    advance(t);
    if (varies && t >= gain_until_s) {
      gain_from = gain_to;
      gain_until_s += kGainStep_s;
      gain_to = gain_.at(gain_until_s);
    }
    // The carrier runs through pauses, and a linear drift is exact with the frequency half a step
    // on.
    const double carrier_cycles = carrier_cycles_;
    turn_carrier((carrier_hz(t + 0.5 * step_s) - reference_hz) * step_s);
    const float key = keying(t);
    if (track_.empty() || key <= 0) {
      out[k] = {};
      continue;
    }
    double cycles = carrier_cycles + track_.phase_cycles(t);
    cycles -= std::round(cycles);
    const float angle = static_cast<float>(2 * std::numbers::pi * cycles);
    const float level = amplitude_ * key;
    dsp::Sample sample(level * std::cos(angle), level * std::sin(angle));
    if (varies) {
      const auto part = static_cast<float>((gain_until_s - t) / kGainStep_s);
      sample *= gain_to + (gain_from - gain_to) * part;
    }
    out[k] = sample;
  }
}

void Voice::take_truth(double time_s, std::vector<Telemetry>& out) {
  while (!pending_.empty() && pending_.front().end_s <= time_s) {
    out.push_back(std::move(pending_.front().record));
    pending_.pop_front();
  }
}

}  // namespace omnisonde::sim
