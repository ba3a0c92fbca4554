// Fast, repeatable Gaussian noise: xoshiro256++ and the Ziggurat.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dsp/fft.hpp"

namespace omnisonde::sim {

/// Uniform 64-bit numbers. Source: Blackman and Vigna, "Scrambled linear pseudorandom number
/// generators", ACM TOMS 2021; seeded through splitmix64 as they advise.
class Xoshiro256 {
 public:
  explicit Xoshiro256(std::uint64_t seed);
  std::uint64_t next() noexcept;
  /// Uniform in [0, 1).
  double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::array<std::uint64_t, 4> state_{};
};

/// Normal deviates, mean 0 and deviation 1, two from each 64-bit number. The same seed gives the
/// same sequence. Source: Marsaglia and Tsang, "The Ziggurat method for generating random
/// variables", J. Stat. Software 2000.
class GaussianSource {
 public:
  explicit GaussianSource(std::uint64_t seed) : random_(seed) {}

  /// Adds complex white noise with `sigma` in each of I and Q.
  void add_noise(float sigma, std::span<dsp::Sample> samples) noexcept;

 private:
  float normal(std::uint32_t bits) noexcept;
  float slow_path(std::uint32_t bits) noexcept;

  Xoshiro256 random_;
};

}  // namespace omnisonde::sim
