// Brings narrow signals up to a wide rate: the receiver's channelizer backwards. Bins of 200 Hz,
// blocks of 4 ms, one inverse FFT per block however many signals there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "dsp/fft.hpp"

namespace omnisonde::sim {

inline constexpr double kBinHz = 200;
inline constexpr int kBlocksPerSecond = 250;
inline constexpr double kBlock_s = 1.0 / kBlocksPerSecond;

/// Slices of one rate: a zero-phase low-pass 1 ms long that keeps +-0.42 of the rate flat and the
/// images of upsampling 80 dB or more down.
class SliceFilter {
 public:
  /// @param bins  slice rate / 200 Hz; a multiple of 10.
  explicit SliceFilter(std::size_t bins);

  /// Filtered spectrum of `window` (bins values): bin 0 Hz first, scaled so that an unnormalised
  /// inverse FFT of any size gives the samples back.
  [[nodiscard]] std::span<const dsp::Sample> spectrum(std::span<const dsp::Sample> window) noexcept;

 private:
  dsp::Fft fft_;
  std::vector<float> weights_;
  std::vector<dsp::Sample> filtered_;
};

/// The wide side. Overlap-save: each block's inverse FFT has N = rate/200 points, of which the
/// first N/10 and the last N/10 are discarded and L = rate/250 are kept.
class SliceSynth {
 public:
  /// @param rate_hz  a multiple of 1 kHz.
  explicit SliceSynth(double rate_hz);

  [[nodiscard]] std::size_t block_samples() const { return block_; }
  /// Time by which a block's window begins before its first kept sample, in s.
  [[nodiscard]] double lead_s() const { return static_cast<double>(lead_) / rate_hz_; }

  /// Starts block number `block` (time block * 4 ms).
  void begin(std::int64_t block) noexcept;
  /// Adds a slice's spectrum, centred `bin` bins off the middle of the band. What falls outside the
  /// band is dropped; the outermost 4 kHz fade out, as a tuner's filter would have it.
  void add(std::span<const dsp::Sample> spectrum, std::int64_t bin) noexcept;
  /// @returns block_samples() samples, valid until the next begin().
  [[nodiscard]] std::span<const dsp::Sample> finish() noexcept;

 private:
  double rate_hz_;
  std::int64_t bins_;
  std::size_t block_;
  std::int64_t lead_;
  dsp::Fft fft_;
  std::int64_t window_start_ = 0;  // index of the window's first sample
  bool empty_ = true;
};

}  // namespace omnisonde::sim
