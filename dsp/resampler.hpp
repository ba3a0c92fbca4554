// Brings recordings of odd sample rates to one that the channelizer takes.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "dsp/fft.hpp"

namespace omnisonde::dsp {

/// Any ratio. One thread. Allocates while growing to the longest input.
class Resampler {
 public:
  Resampler(double from_hz, double to_hz);
  ~Resampler();
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;

  /// @returns the samples that `in` completes, valid until the next call.
  [[nodiscard]] std::span<const Sample> run(std::span<const Sample> in);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The lowest rate at or above `sample_rate_hz` that the channelizer takes.
[[nodiscard]] double next_supported_rate(double sample_rate_hz);

}  // namespace omnisonde::dsp
