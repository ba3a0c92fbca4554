// Averaged power spectra of the band, a by-product of the channelizer's FFT.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dsp/channelizer.hpp"

namespace omnisonde::dsp {

/// Averages |X|^2 over 100 ms and over the last second. The Hann window is applied to the bins (a
/// three-term sum), since the channelizer's transform has none and a strong sonde would leak.
/// One thread. Allocates: only in the constructor.
class SpectrumAverager {
 public:
  /// @param bins  N of the channelizer
  explicit SpectrumAverager(std::size_t bins);

  /// Adds the last block of `band`. @returns true when 100 ms are complete and the averages are
  /// new.
  bool add(const BandFft& band) noexcept;

  /// The receiver was tuned elsewhere: both averages begin anew.
  void restart() noexcept;

  /// N values, lowest frequency first: mean power per 200 Hz bin, full scale 1.0.
  [[nodiscard]] std::span<const float> fast() const noexcept { return fast_; }
  [[nodiscard]] std::span<const float> slow() const noexcept { return slow_; }
  /// fast() and slow() hold something.
  [[nodiscard]] bool any() const noexcept { return parts_ > 0; }
  /// slow() covers a whole second.
  [[nodiscard]] bool slow_complete() const noexcept { return parts_ >= kSlowParts; }

 private:
  static constexpr std::size_t kFastBlocks = 25, kSlowParts = 10;
  /// Every second block is enough: blocks overlap, and one in two costs half.
  static constexpr std::size_t kStride = 2;

  std::vector<float> sum_, fast_, slow_, history_;
  std::size_t blocks_ = 0, added_ = 0, parts_ = 0;
};

/// Noise floor per bin: the 40 % quantile over +-reach (100 kHz), so that ten carriers do not lift
/// it.
/// @param power  lowest frequency first     @param floor  same size, > 0
/// Source: ordered-statistic CFAR (Rohling, IEEE TAES 1983).
void noise_floor(std::span<const float> power, std::span<float> floor,
                 std::size_t reach_bins = 500);

}  // namespace omnisonde::dsp
