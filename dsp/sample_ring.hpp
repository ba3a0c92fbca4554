// The last second or so of one slot's samples, addressed by absolute index.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dsp/fft.hpp"

namespace omnisonde::dsp {

/// Keeps the newest `capacity` samples. One thread.
class SampleRing {
 public:
  /// @param capacity  a power of two
  explicit SampleRing(std::size_t capacity);

  /// Forgets everything; the next sample pushed gets index `next`.
  void reset(std::int64_t next);

  void push(std::span<const Sample> samples) noexcept;

  /// Index one past the newest sample.
  [[nodiscard]] std::int64_t end() const noexcept { return end_; }
  /// Index of the oldest sample still held.
  [[nodiscard]] std::int64_t begin() const noexcept;

  /// Copies out.size() samples from index `from` on; samples that are not held read as 0.
  void copy(std::int64_t from, std::span<Sample> out) const noexcept;

  /// Mixes everything held by -`hz` (as if it had been received `hz` higher).
  /// @param rate_hz  of the samples    @param origin  index at which the mixer's phase is zero
  void shift(double hz, double rate_hz, double origin) noexcept;

 private:
  std::vector<Sample> data_;
  std::int64_t end_ = 0, first_ = 0;
};

/// out[i] = in[i] * exp(-2 pi i (phase_turns + freq n + drift n^2 / 2)), n = i; frequency in turns
/// per sample. `in` and `out` may be the same.
void mix_down(std::span<const Sample> in, std::span<Sample> out, double phase_turns,
              double freq_turns, double drift_turns) noexcept;

}  // namespace omnisonde::dsp
