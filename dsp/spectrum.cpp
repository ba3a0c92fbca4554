#include "dsp/spectrum.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace omnisonde::dsp {

SpectrumAverager::SpectrumAverager(std::size_t bins)
    : sum_(bins), fast_(bins), slow_(bins), history_(bins * kSlowParts) {}

void SpectrumAverager::restart() noexcept {
  std::ranges::fill(sum_, 0.0F);
  blocks_ = added_ = parts_ = 0;
}

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

namespace {

// A multiset of positive floats that gives its quantile cheaply while a window slides: counts by
// the leading bits, which for positive floats are in the order of the values. Sorting each window
// anew cost a third of an empty band's processor time.
class SlidingQuantile {
 public:
  explicit SlidingQuantile(double share) : share_(share), count_(kKeys) {}

  void add(float value) noexcept {
    const std::size_t k = key(value);
    ++count_[k];
    ++size_;
    below_ += k < at_ ? 1 : 0;
  }
  void remove(float value) noexcept {
    const std::size_t k = key(value);
    --count_[k];
    --size_;
    below_ -= k < at_ ? 1 : 0;
  }
  /// The value that `share` of the values lie below, to 0.02 dB. Something must have been added.
  [[nodiscard]] float get() noexcept {
    const auto rank = static_cast<std::size_t>(static_cast<double>(size_) * share_);
    while (below_ > rank) below_ -= count_[--at_];
    while (below_ + count_[at_] <= rank) below_ += count_[at_++];
    return std::bit_cast<float>(static_cast<std::uint32_t>(at_ + kFirst) << kShift |
                                1U << (kShift - 1));
  }

 private:
  // 8 bits of mantissa; values from 1e-20 to 1e20.
  static constexpr std::uint32_t kShift = 23 - 8;
  static constexpr std::uint32_t kFirst = (127 - 67) << 8, kKeys = 2 * 67 << 8;
  static std::size_t key(float value) noexcept {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value) >> kShift;
    return std::clamp(bits, kFirst, kFirst + kKeys - 1) - kFirst;  // NaN counts as large
  }

  double share_;
  std::vector<std::uint16_t> count_;
  std::size_t size_ = 0;
  std::size_t at_ = 0, below_ = 0;  ///< a key, and how many values have a smaller one
};

}  // namespace

void noise_floor(std::span<const float> power, std::span<float> floor, std::size_t reach_bins) {
  constexpr std::size_t kStep = 100;  // 20 kHz: the floor is smooth on that scale
  const std::size_t thin = std::max<std::size_t>(1, reach_bins / 160);  // enough for the quantile
  SlidingQuantile window(0.4);
  std::size_t from = 0, to = 0;  // every thin-th bin in [from, to) is in the window
  for (std::size_t base = 0; base < power.size(); base += kStep) {
    const std::size_t centre = base + kStep / 2;
    for (; to < std::min(power.size(), centre + reach_bins); to += thin) window.add(power[to]);
    for (; from + reach_bins < centre; from += thin) window.remove(power[from]);
    const std::size_t stop = std::min(power.size(), base + kStep);
    std::fill(floor.begin() + static_cast<std::ptrdiff_t>(base),
              floor.begin() + static_cast<std::ptrdiff_t>(stop), window.get());
  }
}

}  // namespace omnisonde::dsp
