#include "simulator/slice_synth.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "gateway/base/assert.hpp"

namespace omnisonde::sim {
namespace {

constexpr double kFilter_s = 1e-3;   // what the overlap of N/5 leaves room for
constexpr double kCutOff = 0.445;    // -6 dB point, of the slice rate
constexpr double kKaiserBeta = 9.0;  // about 90 dB of stop band
constexpr std::int64_t kEdgeBins = 20;

double bessel_i0(double x) {
  double sum = 1;
  double term = 1;
  for (int k = 1; k < 50; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

// Frequency response, at multiples of 200 Hz, of a Kaiser-windowed low-pass in continuous time
// (the taps lie at the wide rate, whatever it is): its Fourier integral as a fine sum.
// Source: Kaiser, "Nonrecursive digital filter design using the I0-sinh window function" (1974).
std::vector<float> lowpass_weights(std::size_t bins) {
  const double cut_hz = kCutOff * kBinHz * static_cast<double>(bins);
  const int steps = static_cast<int>(bins) * 4;
  const double step_s = kFilter_s / steps;
  std::vector<double> taps(static_cast<std::size_t>(steps) + 1);
  double total = 0;
  for (int i = 0; i <= steps; ++i) {
    const double t = (i - 0.5 * steps) * step_s;
    const double edge = 2 * t / kFilter_s;
    const double window = bessel_i0(kKaiserBeta * std::sqrt(std::max(0.0, 1 - edge * edge)));
    const double x = 2 * std::numbers::pi * cut_hz * t;
    const double sinc = std::abs(x) < 1e-9 ? 1 : std::sin(x) / x;
    taps[static_cast<std::size_t>(i)] = window * sinc;
    total += window * sinc;
  }
  std::vector<float> weights(bins);
  for (std::size_t k = 0; k < bins; ++k) {
    const auto signed_bin =
        static_cast<double>(k) - (2 * k < bins ? 0.0 : static_cast<double>(bins));
    double sum = 0;
    for (int i = 0; i <= steps; ++i) {
      const double t = (i - 0.5 * steps) * step_s;
      sum += taps[static_cast<std::size_t>(i)] *
             std::cos(2 * std::numbers::pi * signed_bin * kBinHz * t);
    }
    weights[k] = static_cast<float>(sum / total / static_cast<double>(bins));
  }
  return weights;
}

}  // namespace

SliceFilter::SliceFilter(std::size_t bins)
    : fft_(bins, dsp::FftDirection::kForward), weights_(lowpass_weights(bins)), filtered_(bins) {}

std::span<const dsp::Sample> SliceFilter::spectrum(std::span<const dsp::Sample> window) noexcept {
  std::ranges::copy(window, fft_.input().begin());
  fft_.run();
  const std::span<const dsp::Sample> bins = fft_.output();
  for (std::size_t k = 0; k < filtered_.size(); ++k) filtered_[k] = bins[k] * weights_[k];
  return filtered_;
}

SliceSynth::SliceSynth(double rate_hz)
    : rate_hz_(rate_hz),
      bins_(std::llround(rate_hz / kBinHz)),
      block_(static_cast<std::size_t>(std::llround(rate_hz / kBlocksPerSecond))),
      lead_(bins_ / 10),
      fft_(static_cast<std::size_t>(bins_), dsp::FftDirection::kInverse) {
  OMNI_ASSERT(std::fmod(rate_hz, 1000) == 0);
}

void SliceSynth::begin(std::int64_t block) noexcept {
  window_start_ = block * static_cast<std::int64_t>(block_) - lead_;
  std::ranges::fill(fft_.input(), dsp::Sample{});
  empty_ = true;
}

void SliceSynth::add(std::span<const dsp::Sample> spectrum, std::int64_t bin) noexcept {
  // The slice is mixed up by `bin` bins, counted from sample 0 of the stream and not from the
  // window's first one.
  const std::int64_t turns = ((bin % bins_) * (window_start_ % bins_)) % bins_;
  const double angle =
      2 * std::numbers::pi * static_cast<double>(turns) / static_cast<double>(bins_);
  const dsp::Sample rotation(static_cast<float>(std::cos(angle)),
                             static_cast<float>(std::sin(angle)));
  const auto count = static_cast<std::int64_t>(spectrum.size());
  const std::span<dsp::Sample> wide = fft_.input();
  for (std::int64_t k = -count / 2; k < count / 2; ++k) {
    const std::int64_t at = bin + k;
    const std::int64_t to_edge = bins_ / 2 - (at < 0 ? -at : at + 1);
    if (to_edge < 0) continue;
    dsp::Sample value = spectrum[static_cast<std::size_t>(k < 0 ? k + count : k)] * rotation;
    if (to_edge < kEdgeBins) {
      const double place = (static_cast<double>(to_edge) + 0.5) / kEdgeBins;
      value *= static_cast<float>(std::pow(std::sin(0.5 * std::numbers::pi * place), 2));
    }
    wide[static_cast<std::size_t>(at < 0 ? at + bins_ : at)] += value;
  }
  empty_ = false;
}

std::span<const dsp::Sample> SliceSynth::finish() noexcept {
  if (empty_) return fft_.input().subspan(0, block_);  // all zeros
  fft_.run();
  return fft_.output().subspan(static_cast<std::size_t>(lead_), block_);
}

}  // namespace omnisonde::sim
