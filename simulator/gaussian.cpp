#include "simulator/gaussian.hpp"

#include <bit>
#include <cmath>
#include <cstddef>

namespace omnisonde::sim {
namespace {

constexpr std::size_t kLayers = 256;
constexpr double kTailStart = 3.6541528853610088;  // of a 256-layer Ziggurat (paper, section 2)
constexpr double kLayerArea = 0.00492867323399;    // ditto
constexpr float kMantissa = 0x1p-23F;

// Layer i spans |x| < edge[i]; a point with |x| < edge[i + 1] needs no further test.
struct Tables {
  std::array<double, kLayers + 1> edge{};
  std::array<double, kLayers + 1> height{};
  std::array<std::int32_t, kLayers> safe{};
  std::array<float, kLayers> scale{};

  Tables() {
    const auto density = [](double x) { return std::exp(-0.5 * x * x); };
    edge[0] = kLayerArea / density(kTailStart);
    edge[1] = kTailStart;
    for (std::size_t i = 1; i + 1 < kLayers; ++i) {
      edge[i + 1] = std::sqrt(-2 * std::log(density(edge[i]) + kLayerArea / edge[i]));
    }
    edge[kLayers] = 0;
    for (std::size_t i = 0; i <= kLayers; ++i) height[i] = density(edge[i]);
    for (std::size_t i = 0; i < kLayers; ++i) {
      safe[i] = static_cast<std::int32_t>(edge[i + 1] / edge[i] * 0x1p23);
      scale[i] = static_cast<float>(edge[i]) * kMantissa;
    }
  }
};

const Tables kTables;

}  // namespace

Xoshiro256::Xoshiro256(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {  // splitmix64
    seed += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Xoshiro256::next() noexcept {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

// The low 8 bits choose the layer, the upper 24 the place in it.
inline float GaussianSource::normal(std::uint32_t bits) noexcept {
  const std::size_t layer = bits & 0xFF;
  const std::int32_t place = static_cast<std::int32_t>(bits) >> 8;
  if (std::abs(place) < kTables.safe[layer]) [[likely]] {
    return static_cast<float>(place) * kTables.scale[layer];
  }
  return slow_path(bits);
}

float GaussianSource::slow_path(std::uint32_t bits) noexcept {
  for (;;) {
    const std::size_t layer = bits & 0xFF;
    const std::int32_t place = static_cast<std::int32_t>(bits) >> 8;
    const double x = static_cast<double>(place) * 0x1p-23 * kTables.edge[layer];
    if (std::abs(place) < kTables.safe[layer]) return static_cast<float>(x);
    if (layer == 0) {  // the tail, by Marsaglia's two-exponential rejection
      double beyond = 0;
      double trial = 0;
      do {
        beyond = -std::log(1.0 - random_.uniform()) / kTailStart;
        trial = -std::log(1.0 - random_.uniform());
      } while (2 * trial < beyond * beyond);
      const double value = kTailStart + beyond;
      return static_cast<float>(place < 0 ? -value : value);
    }
    const double low = kTables.height[layer];
    const double y = low + random_.uniform() * (kTables.height[layer + 1] - low);
    if (y < std::exp(-0.5 * x * x)) return static_cast<float>(x);
    bits = static_cast<std::uint32_t>(random_.next() >> 32);
  }
}

void GaussianSource::add_noise(float sigma, std::span<dsp::Sample> samples) noexcept {
  for (dsp::Sample& sample : samples) {
    const std::uint64_t bits = random_.next();
    const float i = normal(static_cast<std::uint32_t>(bits));
    const float q = normal(static_cast<std::uint32_t>(bits >> 32));
    sample += dsp::Sample(sigma * i, sigma * q);
  }
}

}  // namespace omnisonde::sim
