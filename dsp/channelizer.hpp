// One forward FFT of the whole band, any number of narrow slices out of it (overlap-save).
//
// Bins are 200 Hz wide and blocks are 4 ms long at every sample rate, so nothing beyond this file
// depends on the rate: N = fs/200 points, L = fs/250 new samples per block, N/5 of overlap, which
// holds a filter 1 ms long. A slice of n = rate/200 bins, weighted and put through an n-point
// inverse FFT, is the signal mixed to its centre, filtered and decimated. docs/adr/0001 has the
// reasons.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/fft.hpp"

namespace omnisonde::dsp {

inline constexpr double kBinHz = 200.0;
inline constexpr int kBlocksPerSecond = 250;
/// Slices lag behind the band by half of the filter, whose delay is taken out of them.
inline constexpr double kSliceLag_s = 0.0005;

/// A wideband block of fs/250 samples; a view that is valid during the call.
struct IqBlock {
  std::span<const Sample> samples;
  std::uint64_t first_index = 0;  ///< of samples[0], counted at fs since the stream's start
  std::uint64_t lost_before = 0;  ///< samples missing just before samples[0]
};

/// @returns true if the channelizer works at `sample_rate_hz`: a multiple of 1 kHz, 12 kHz or more,
/// whose fs/200 has no prime factor above 7.
[[nodiscard]] bool channelizer_supports(double sample_rate_hz) noexcept;

/// Weights of a linear-phase low-pass for slices of `n` bins, delay removed (zero phase).
/// @param n             slice bins (a multiple of 10), rate = 200 n Hz
/// @param bandwidth_hz  two-sided width at -6 dB
/// @returns n real weights in FFT order (0 Hz first), scaled by 1/(fs/200) as the caller's FFT
/// needs. Source: Kaiser, "Nonrecursive digital filter design using the I0-sinh window" (1974).
[[nodiscard]] std::vector<float> slice_weights(std::size_t n, double bandwidth_hz,
                                               std::size_t wide_bins);

/// What to do about the receiver's DC offset, a constant that a sonde on the centre frequency would
/// share its 0 Hz bin with: removing takes out the average over a second, which leaves of the sonde
/// all but 0.2 Hz.
enum class DcOffset { kKeep, kRemove };

/// The forward half: one FFT per block. Thread: dsp. Allocates: only in the constructor.
class BandFft {
 public:
  /// @param sample_rate_hz  as channelizer_supports() takes it
  explicit BandFft(double sample_rate_hz, DcOffset dc = DcOffset::kKeep);

  [[nodiscard]] double sample_rate_hz() const noexcept { return sample_rate_hz_; }
  [[nodiscard]] std::size_t bins() const noexcept { return bins_; }
  [[nodiscard]] std::size_t block_samples() const noexcept { return block_; }

  /// Takes the next block (block_samples() values) and transforms it.
  void process(const IqBlock& block) noexcept;

  /// The band's bins in FFT order (0 Hz first).
  [[nodiscard]] std::span<const Sample> spectrum() const noexcept { return fft_.output(); }

  /// Power of the DC offset that is being removed, full scale 1.0; 0 where it is kept.
  [[nodiscard]] double dc_power() const noexcept {
    return std::norm(dc_mean_) / (static_cast<double>(bins_) * static_cast<double>(bins_));
  }

  /// Blocks processed so far; the phase of slices depends on it.
  [[nodiscard]] std::uint64_t blocks() const noexcept { return blocks_; }

 private:
  double sample_rate_hz_;
  std::size_t bins_, block_;
  Fft fft_;
  std::uint64_t blocks_ = 0;
  DcOffset dc_;
  std::complex<double> dc_mean_;  ///< of the 0 Hz bin
};

/// The inverse half for slices of one rate: shared by all slots of that rate. Thread: dsp.
class Slicer {
 public:
  /// @param rate_hz  slice rate, a multiple of 2 kHz (48'000 -> 240 bins)
  explicit Slicer(double rate_hz);

  [[nodiscard]] double rate_hz() const noexcept { return rate_hz_; }
  /// Samples of one slice block: 4 ms.
  [[nodiscard]] std::size_t block_samples() const noexcept { return bins_ * 4 / 5; }
  [[nodiscard]] std::size_t bins() const noexcept { return bins_; }

  /// Cuts the slice centred on `centre_bin` (x 200 Hz from the stream's centre, may be negative)
  /// out of the last block. The mixer's phase is referred to wideband sample 0, so that slices of
  /// any centre continue from block to block. Sample 0 of the result is 0.5 ms (a tenth of the FFT)
  /// older than the block's first sample, since the filter's delay has been removed.
  /// @param weights  from slice_weights(bins(), ...)
  /// @returns        block_samples() values, valid until the next call. Allocates: never.
  [[nodiscard]] std::span<const Sample> slice(const BandFft& band, int centre_bin,
                                              std::span<const float> weights) noexcept;

 private:
  double rate_hz_;
  std::size_t bins_;
  Fft fft_;
  std::vector<Sample> out_;
};

}  // namespace omnisonde::dsp
