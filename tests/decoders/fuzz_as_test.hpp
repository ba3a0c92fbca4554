// Runs a fuzz target on random bytes and on LLRs with special values, as a plain test.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace omnisonde::fuzz_as_test {

using Target = int (*)(const std::uint8_t* data, std::size_t size);

/// @param longest  bytes
inline void random_bytes(Target target, int rounds, std::size_t longest) {
  std::mt19937_64 random(5);
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::uint8_t> bytes(random() % longest);
    for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random());
    target(bytes.data(), bytes.size());
  }
}

inline void special_floats(Target target, int rounds, std::size_t count) {
  std::mt19937_64 random(8);
  const float specials[] = {NAN,    INFINITY, -INFINITY, 1e38F, -1e38F,
                            1e-40F, 0.0F,     -0.0F,     5.0F,  -5.0F};
  for (int i = 0; i < rounds; ++i) {
    std::vector<std::uint8_t> bytes(count * sizeof(float));
    for (std::size_t k = 0; k < count; ++k) {
      const float x = specials[random() % (i % 4 == 0 ? 10 : 8) + (i % 4 == 0 ? 0 : 2)];
      std::memcpy(bytes.data() + k * sizeof(float), &x, sizeof(float));
    }
    target(bytes.data(), bytes.size());
  }
}

}  // namespace omnisonde::fuzz_as_test
