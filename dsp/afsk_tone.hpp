// One audio tone on an FM carrier, as a waveform: while the tone lasts the carrier turns as
// exp(-i beta cos(audio phase)), beta being peak deviation over tone frequency.
#pragma once

#include <span>
#include <vector>

#include "dsp/fft.hpp"

namespace omnisonde::dsp {

class AfskTone {
 public:
  AfskTone(double deviation_hz, double tone_hz);

  [[nodiscard]] double deviation_hz() const noexcept { return deviation_hz_; }

  /// The waveform at an audio phase.
  [[nodiscard]] Sample at(double cycles) const noexcept {
    return table_[index(fixed_point(cycles))];
  }

  struct Pair {
    Sample same, opposite;
  };
  /// Correlates x with the waveform that begins at the audio phase `cycles`, and with the one half
  /// a cycle on (its conjugate, so that both cost little more than one).
  [[nodiscard]] Pair correlate(std::span<const Sample> x, double cycles,
                               double cycles_per_sample) const noexcept;

 private:
  static std::uint32_t fixed_point(double cycles) noexcept;
  [[nodiscard]] std::size_t index(std::uint32_t phase) const noexcept {
    return phase >> (32 - table_bits_);
  }

  double deviation_hz_;
  unsigned table_bits_;
  std::vector<Sample> table_;
};

}  // namespace omnisonde::dsp
