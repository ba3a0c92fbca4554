#include "dsp/spectrum.hpp"

#include <algorithm>

namespace omnisonde::dsp {

SpectrumAverager::SpectrumAverager(std::size_t bins)
    : sum_(bins), fast_(bins), slow_(bins), history_(bins * kSlowParts) {}

bool SpectrumAverager::add(const BandFft& band) noexcept {
  const auto n = sum_.size();
  if (blocks_ % kStride == 0) {
    const Sample* x = band.spectrum().data();
    // FFT order to ascending frequency: bin k of the result is transform bin (k + n - n/2) mod n.
    const std::size_t negative = n / 2;
    const auto hann_power = [x](std::size_t left, std::size_t at, std::size_t right) {
      const float re = 0.5F * x[at].real() - 0.25F * (x[left].real() + x[right].real());
      const float im = 0.5F * x[at].imag() - 0.25F * (x[left].imag() + x[right].imag());
      return re * re + im * im;
    };
    const std::size_t first_negative = n - negative;
    for (std::size_t i = 0; i + 1 < negative; ++i) {
      const std::size_t at = first_negative + i;
      sum_[i] += hann_power(at - 1, at, at + 1);
    }
    sum_[negative - 1] += hann_power(n - 2, n - 1, 0);
    sum_[negative] += hann_power(n - 1, 0, 1);
    for (std::size_t at = 1; at + 1 < n - negative; ++at)
      sum_[negative + at] += hann_power(at - 1, at, at + 1);
    sum_[n - 1] += hann_power(n - negative - 2, n - negative - 1, n - negative);
    ++added_;
  }
  if (++blocks_ % kFastBlocks != 0) return false;

  // 3/8 is the Hann window's mean power; 1/N^2 undoes the transform's gain.
  const float scale =
      1.0F / (0.375F * static_cast<float>(added_) * static_cast<float>(n) * static_cast<float>(n));
  float* slot = history_.data() + (parts_ % kSlowParts) * n;
  ++parts_;
  const auto held = static_cast<float>(std::min(parts_, kSlowParts));
  for (std::size_t i = 0; i < n; ++i) {
    fast_[i] = sum_[i] * scale;
    slot[i] = fast_[i];
    sum_[i] = 0;
  }
  std::ranges::fill(slow_, 0.0F);
  for (std::size_t part = 0; part < std::min(parts_, kSlowParts); ++part) {
    const float* from = history_.data() + part * n;
    for (std::size_t i = 0; i < n; ++i) slow_[i] += from[i];
  }
  for (float& p : slow_) p /= held;
  added_ = 0;
  return true;
}

void noise_floor(std::span<const float> power, std::span<float> floor, std::size_t reach_bins) {
  constexpr std::size_t kStep = 100;  // 20 kHz: the floor is smooth on that scale
  const std::size_t thin = std::max<std::size_t>(1, reach_bins / 160);  // enough for the quantile
  constexpr float kTiny = 1e-20F;
  std::vector<float> values;
  for (std::size_t base = 0; base < power.size(); base += kStep) {
    const std::size_t centre = base + kStep / 2;
    const std::size_t from = centre > reach_bins ? centre - reach_bins : 0;
    const std::size_t to = std::min(power.size(), centre + reach_bins);
    values.clear();
    for (std::size_t i = from; i < to; i += thin) values.push_back(power[i]);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() * 2 / 5);
    std::nth_element(values.begin(), at, values.end());
    const std::size_t stop = std::min(power.size(), base + kStep);
    for (std::size_t i = base; i < stop; ++i) floor[i] = std::max(*at, kTiny);
  }
}

}  // namespace omnisonde::dsp
