#include "dsp/afsk_acquire.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/complex_product.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;
constexpr double kFrom = 0.72, kTo = 1.38;  // deviations of the nominal one
constexpr double kBetaStep = 0.3;           // two of these apart a waveform has lost a tenth
constexpr double kPhasesPerBeta = 8;        // audio phases tried, per cycle and beta
constexpr double kWideBeta = 8;  // from here on only the surroundings of a rough guess are searched
constexpr double kRough_hz = 2500, kRoughCycles = 0.06;
constexpr int kRoughLines = 2;
constexpr double kFarWeight = 0.94;  // of carriers a line or more from where one is expected

}  // namespace

AfskAcquire::AfskAcquire(double rate_hz, double tone_hz, double deviation_hz)
    : rate_hz_(rate_hz),
      tone_hz_(tone_hz),
      lag_(static_cast<int>(std::lround(rate_hz / tone_hz))),
      bins_(lag_) {
  for (double d = kFrom * deviation_hz; d < kTo * deviation_hz; d += kBetaStep * tone_hz)
    tones_.emplace_back(d, tone_hz);
  for (int n = 0; n < bins_; ++n) turn_.emplace_back(std::polar(1.0, kTwoPi * n / bins_));
}

void AfskAcquire::fold(std::span<const Sample> x, double carrier_hz) {
  period_.assign(static_cast<std::size_t>(bins_), {});
  const Sample step(std::polar(1.0, -kTwoPi * carrier_hz / rate_hz_));
  Sample w{1, 0};
  const double per_sample = tone_hz_ / rate_hz_ * bins_;
  double place = 0;
  for (std::size_t n = 0; n < x.size(); ++n) {
    period_[static_cast<std::size_t>(place)] += times(x[n], w);
    w = times(w, step);
    if (n % 64 == 63) w /= std::abs(w);
    place += per_sample;
    if (place >= bins_) place -= bins_;
  }
}

// |sum| of one period against the waveform, with the carrier `line` periods a second off.
double AfskAcquire::match(double deviation_hz, double cycles, int line) const {
  const double beta = deviation_hz / tone_hz_;
  Sample sum{};
  for (int n = 0; n < bins_; ++n) {
    const double turn = static_cast<double>(n) / bins_;
    const double phase = kTwoPi * line * turn - beta * std::cos(kTwoPi * (cycles + turn));
    sum += times(period_[static_cast<std::size_t>(n)], Sample(std::polar(1.0, -phase)));
  }
  return static_cast<double>(std::abs(sum));
}

// The frequency over a period is a sine about the carrier.
AfskAcquire::Best AfskAcquire::rough() const {
  double mean = 0, sine = 0, cosine = 0;
  for (int n = 0; n < bins_; ++n) {
    const Sample step = times_conj(period_[static_cast<std::size_t>((n + 1) % bins_)],
                                   period_[static_cast<std::size_t>(n)]);
    const double hz = static_cast<double>(std::arg(step)) / kTwoPi * bins_ * tone_hz_;
    const double angle = kTwoPi * (n + 0.5) / bins_;
    mean += hz / bins_;
    sine += 2 * hz * std::sin(angle) / bins_;
    cosine += 2 * hz * std::cos(angle) / bins_;
  }
  return {.score = 0,
          .cycles = std::atan2(cosine, sine) / kTwoPi,
          .deviation_hz = std::hypot(sine, cosine),
          .line = static_cast<int>(std::lround(mean / tone_hz_))};
}

// All deviations and audio phases with the carrier `line` periods a second off.
void AfskAcquire::try_line(int line, double weight, const Best* about, Best& best) {
  if (about != nullptr && std::abs(line - about->line) > kRoughLines) return;
  shifted_ = period_;
  for (int n = 0; n < bins_; ++n) {
    const int m = ((n * line) % bins_ + bins_) % bins_;
    Sample& s = shifted_[static_cast<std::size_t>(n)];
    s = times_conj(s, turn_[static_cast<std::size_t>(m)]);
  }
  for (const AfskTone& tone : tones_) {
    if (about != nullptr && std::abs(tone.deviation_hz() - about->deviation_hz) > kRough_hz)
      continue;
    const double beta = tone.deviation_hz() / tone_hz_;
    const int half = static_cast<int>(std::ceil(kPhasesPerBeta * std::max(beta, 1.0) / 2));
    for (int i = 0; i < half; ++i) {
      const double cycles = static_cast<double>(i) / (2 * half);
      if (about != nullptr && std::abs(std::remainder(cycles - about->cycles, 0.5)) > kRoughCycles)
        continue;
      const AfskTone::Pair pair = tone.correlate(shifted_, cycles, 1.0 / bins_);
      for (const bool opposite : {false, true}) {
        const double score =
            weight * static_cast<double>(std::abs(opposite ? pair.opposite : pair.same));
        if (score > best.score)
          best = {score, cycles + (opposite ? 0.5 : 0), tone.deviation_hz(), line};
      }
    }
  }
}

void AfskAcquire::polish(Best& best) const {
  double phase_step = 0.5 * tone_hz_ / (kPhasesPerBeta * best.deviation_hz);
  double deviation_step = kBetaStep * tone_hz_ / 2;
  best.score = match(best.deviation_hz, best.cycles, best.line);
  for (int round = 0; round < 4; ++round) {
    const Best here = best;
    for (int i = -1; i <= 1; ++i) {
      for (int j = -1; j <= 1; ++j) {
        Best trial = here;
        trial.deviation_hz += i * deviation_step;
        trial.cycles += j * phase_step;
        trial.score = match(trial.deviation_hz, trial.cycles, trial.line);
        if (trial.score > best.score) best = trial;
      }
    }
    phase_step /= 2;
    deviation_step /= 2;
  }
}

AfskCarrier AfskAcquire::find(std::span<const Sample> x, double reach_hz) {
  Best best;
  best.deviation_hz = tones_[tones_.size() / 2].deviation_hz();
  const auto lag = static_cast<std::size_t>(lag_);
  if (x.size() <= 2 * lag) return {.deviation_hz = best.deviation_hz};
  Sample product{};
  for (std::size_t n = 0; n + lag < x.size(); ++n) product += times_conj(x[n + lag], x[n]);
  const double spacing_hz = rate_hz_ / lag_;
  const double rest_hz = static_cast<double>(std::arg(product)) / kTwoPi * spacing_hz;
  fold(x, rest_hz);
  const bool wide = best.deviation_hz > kWideBeta * tone_hz_;
  const Best about = wide ? rough() : Best{};
  const int most = static_cast<int>(reach_hz / spacing_hz) + 1;
  for (int line = -most; line <= most; ++line) {
    const double off_hz = std::abs(rest_hz + line * spacing_hz);
    if (off_hz <= reach_hz)
      try_line(line, off_hz < 0.6 * spacing_hz ? 1 : kFarWeight, wide ? &about : nullptr, best);
  }
  polish(best);
  return {.carrier_hz = rest_hz + best.line * spacing_hz,
          .audio_cycles = best.cycles,
          .deviation_hz = best.deviation_hz,
          .power = best.score * best.score / static_cast<double>(x.size())};
}

}  // namespace omnisonde::dsp
