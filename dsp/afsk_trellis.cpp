#include "dsp/afsk_trellis.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/complex_product.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;
constexpr std::size_t kMostClasses = 12;
// Loops that follow the audio's clock and the carrier along the best path.
constexpr double kAudioGain = 0.04, kAudioRateGain = 4e-4, kCarrierGain = 0.008;
constexpr double kLook_rad = 0.5;  // of carrier phase that early and late audio differ from prompt

float magnitude(Sample s) { return std::sqrt(s.real() * s.real() + s.imag() * s.imag()); }

// The fewest phases (an even number, so that opposites pair up) on which both tones stay.
std::size_t class_count(double mark_cycles, double space_cycles) {
  for (std::size_t n = 2; n < kMostClasses; n += 2) {
    const auto off = [n](double cycles) {
      const double steps = cycles * static_cast<double>(n);
      return std::abs(steps - std::round(steps));
    };
    if (off(mark_cycles) < 0.05 && off(space_cycles) < 0.05) return n;
  }
  return kMostClasses;
}

}  // namespace

AfskTrellis::AfskTrellis(const ModemParams& modem)
    : tone_hz_{modem.space_hz, modem.mark_hz},
      cycles_{modem.space_hz / modem.symbol_rate_hz, modem.mark_hz / modem.symbol_rate_hz},
      classes_(class_count(cycles_[1], cycles_[0])) {
  for (std::size_t bit = 0; bit < 2; ++bit) {
    advance_[bit] =
        static_cast<std::size_t>(std::lround(cycles_[bit] * static_cast<double>(classes_))) %
        classes_;
  }
  use(modem.deviation_hz, modem.deviation_hz);
}

void AfskTrellis::use(double mark_hz, double space_hz) {
  const std::array wanted = {space_hz, mark_hz};
  for (std::size_t bit = 0; bit < 2; ++bit) {
    if (!tone_[bit] || tone_[bit]->deviation_hz() != wanted[bit])
      tone_[bit].emplace(wanted[bit], tone_hz_[bit]);
  }
}

// Bits share out the samples between them without gap or overlap; that a bit begins between two
// samples only moves the audio phase at its first one.
AfskTrellis::Window AfskTrellis::window(std::span<const Sample> x, const AfskPlace& place,
                                        std::size_t k) const noexcept {
  const double begin = place.at + static_cast<double>(k) * place.unit_samples;
  const double most = static_cast<double>(x.size());
  const double from = std::clamp(std::ceil(begin), 0.0, most);
  const double to = std::clamp(std::ceil(begin + place.unit_samples), from, most);
  return {x.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)),
          from - begin};
}

AfskTrellis::Branch AfskTrellis::branch(const Window& w, double audio, int bit,
                                        double unit) const noexcept {
  const auto b = static_cast<std::size_t>(bit);
  const double per_sample = cycles_[b] / unit;
  const Sample raw = tone_[b]->correlate(w.x, audio + w.late * per_sample, per_sample).same;
  const Sample begin = tone_[b]->at(audio);
  return {times(raw, begin), times_conj(tone_[b]->at(audio + cycles_[b]), begin)};
}

// All classes and both bits.
void AfskTrellis::correlate(const Window& w, double audio, double unit,
                            std::span<Branch> out) const noexcept {
  const std::size_t half = classes_ / 2;
  for (std::size_t bit = 0; bit < 2; ++bit) {
    const AfskTone& tone = *tone_[bit];
    const double per_sample = cycles_[bit] / unit;
    for (std::size_t s = 0; s < half; ++s) {
      const double phase = audio + static_cast<double>(s) / static_cast<double>(classes_);
      const AfskTone::Pair raw = tone.correlate(w.x, phase + w.late * per_sample, per_sample);
      const Sample begin = tone.at(phase);
      const Sample turn = times_conj(tone.at(phase + cycles_[bit]), begin);
      out[2 * s + bit] = {times(raw.same, begin), turn};
      out[2 * (s + half) + bit] = {times_conj(raw.opposite, begin), std::conj(turn)};
    }
  }
}

// Early and late audio by magnitude, which needs no carrier; the carrier against the path's mean.
void AfskTrellis::track(const Window& w, std::size_t k, std::size_t state, std::size_t bit,
                        double unit) {
  const double beta = tone_[bit]->deviation_hz() / tone_hz_[bit];
  const double look = kLook_rad / (kTwoPi * std::max(beta, 0.3));
  const double audio = audio_[k] + static_cast<double>(state) / static_cast<double>(classes_);
  const Sample prompt = branch_[(k * classes_ + state) * 2 + bit].correlation;
  const double early = static_cast<double>(
      magnitude(branch(w, audio - look, static_cast<int>(bit), unit).correlation));
  const double late = static_cast<double>(
      magnitude(branch(w, audio + look, static_cast<int>(bit), unit).correlation));
  const auto size = static_cast<double>(magnitude(prompt));
  level_ += 0.05 * (size - level_);
  if (level_ > 0) {
    // |r| falls as 1 - (beta error)^2 / 4.
    const double error = std::clamp((late - early) / (level_ * kLook_rad), -1.0, 1.0) * look;
    audio_rate_ += kAudioRateGain * error;
    audio_[k + 1] = audio_[k] + audio_rate_ + kAudioGain * error;
  } else {
    audio_[k + 1] = audio_[k];
  }
  const Sample mean = alpha_[k * classes_ + state].mean;
  if (std::norm(mean) > 0) {
    const double error = static_cast<double>(std::arg(times_conj(prompt, mean))) / kTwoPi;
    carrier_turns_ += kCarrierGain * std::clamp(error, -0.15, 0.15);
  }
}

void AfskTrellis::forward(std::span<const Sample> x, const AfskPlace& place, std::size_t bits,
                          float memory) {
  alpha_.assign((bits + 1) * classes_, {});
  branch_.resize(bits * classes_ * 2);
  came_.assign((bits + 1) * classes_, 0);
  audio_.resize(bits + 1);
  unwind_.resize(bits);
  audio_[0] = place.audio_cycles;
  audio_rate_ = 0;
  carrier_turns_ = place.carrier_turns;
  level_ = 0;
  for (std::size_t k = 0; k < bits; ++k) {
    const Window w = window(x, place, k);
    const std::span<Branch> branches(&branch_[k * classes_ * 2], classes_ * 2);
    correlate(w, audio_[k], place.unit_samples, branches);
    unwind_[k] = Sample(std::polar(1.0, kTwoPi * carrier_turns_));
    State* now = &alpha_[k * classes_];
    State* then = now + classes_;
    for (std::size_t s = 0; s < classes_; ++s) then[s].metric = -1e30F;
    for (std::size_t s = 0; s < classes_; ++s) {
      for (std::size_t bit = 0; bit < 2; ++bit) {
        const Branch& b = branches[2 * s + bit];
        const Sample sum = now[s].mean + b.correlation;
        const float metric = now[s].metric + magnitude(sum) - magnitude(now[s].mean);
        const std::size_t to = next(s, bit);
        if (metric <= then[to].metric) continue;
        then[to] = {metric, memory * times(times(sum, b.turn), unwind_[k])};
        came_[(k + 1) * classes_ + to] = static_cast<std::uint8_t>(2 * s + bit);
      }
    }
    const auto best = static_cast<std::size_t>(
        std::max_element(then, then + classes_,
                         [](const State& a, const State& b) { return a.metric < b.metric; }) -
        then);
    const std::uint8_t from = came_[(k + 1) * classes_ + best];
    track(w, k, from / 2U, from % 2U, place.unit_samples);
  }
}

void AfskTrellis::trace(std::size_t bits) {
  path_.resize(bits);
  const State* last = &alpha_[bits * classes_];
  auto state = static_cast<std::size_t>(
      std::max_element(last, last + classes_,
                       [](const State& a, const State& b) { return a.metric < b.metric; }) -
      last);
  for (std::size_t k = bits; k-- > 0;) {
    const std::uint8_t from = came_[(k + 1) * classes_ + state];
    state = from / 2U;
    path_[k].bit = from % 2;
    path_[k].audio_cycles = audio_[k] + static_cast<double>(state) / static_cast<double>(classes_);
    path_[k].aligned = branch_[(k * classes_ + state) * 2 + from % 2U].correlation;
  }
  Sample wound{1, 0};
  for (std::size_t k = 0; k < bits; ++k) {
    const auto bit = static_cast<std::size_t>(path_[k].bit);
    const AfskTone& tone = *tone_[bit];
    path_[k].aligned = times_conj(path_[k].aligned, wound);
    wound = times(wound, times_conj(tone.at(path_[k].audio_cycles + cycles_[bit]),
                                    tone.at(path_[k].audio_cycles)));
    wound /= std::abs(wound);
  }
}

void AfskTrellis::backward(float memory, std::span<float> margin) {
  std::array<State, kMostClasses> then{}, now{};
  for (std::size_t k = margin.size(); k-- > 0;) {
    std::array<float, 2> best = {-1e30F, -1e30F};
    for (std::size_t s = 0; s < classes_; ++s) {
      now[s].metric = -1e30F;
      const State& past = alpha_[k * classes_ + s];
      for (std::size_t bit = 0; bit < 2; ++bit) {
        const Branch& b = branch_[(k * classes_ + s) * 2 + bit];
        const State& future = then[next(s, bit)];
        // What the future says of the carrier, as it was before this bit.
        const Sample ahead = times_conj(times_conj(future.mean, b.turn), unwind_[k]);
        const Sample sum = ahead + b.correlation;
        const float size = magnitude(future.mean);
        const float metric = future.metric + magnitude(sum) - size;
        if (metric > now[s].metric) now[s] = {metric, memory * sum};
        const float whole =
            past.metric + future.metric + magnitude(past.mean + sum) - magnitude(past.mean) - size;
        best[bit] = std::max(best[bit], whole);
      }
    }
    margin[k] = best[1] - best[0];
    then = now;
  }
}

void AfskTrellis::decide(std::span<const Sample> x, const AfskPlace& place, float memory,
                         std::span<float> margin) {
  forward(x, place, margin.size(), memory);
  trace(margin.size());
  backward(memory, margin);
}

void AfskTrellis::follow(std::span<const Sample> x, const AfskPlace& place,
                         std::span<const int> bits, std::span<Sample> out) const {
  double audio = place.audio_cycles;
  Sample wound{1, 0};
  for (std::size_t k = 0; k < bits.size(); ++k) {
    const Branch b = branch(window(x, place, k), audio, bits[k], place.unit_samples);
    out[k] = times_conj(b.correlation, wound);
    wound = times(wound, b.turn);
    audio += cycles_[static_cast<std::size_t>(bits[k])];
  }
}

void AfskTrellis::follow_path(std::span<const Sample> x, const AfskPlace& place, std::size_t from,
                              std::span<Sample> out) const {
  Sample wound{1, 0};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Step& step = path_[from + i];
    const double audio = step.audio_cycles + place.audio_cycles;
    const Branch b = branch(window(x, place, from + i), audio, step.bit, place.unit_samples);
    out[i] = times_conj(b.correlation, wound);
    wound = times(wound, b.turn);
  }
}

}  // namespace omnisonde::dsp
