// The fuzz target as a plain test: random inputs and damaged real ones.
#include <gtest/gtest.h>

#include <cstring>

#include "tests/decoders/dfm_air.hpp"

// Every fuzz target has this one name; the test program holds several.
#define LLVMFuzzerTestOneInput fuzz_dfm
#include "tests/fuzz/dfm_fuzz.cpp"  // NOLINT(bugprone-suspicious-include): the target itself

namespace omnisonde {
namespace {

TEST(DfmFuzz, RandomBytesHurtNothing) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> bytes(random() % 2400);
    const bool mostly_reliable = i % 2 == 0;
    for (std::uint8_t& b : bytes)
      b = static_cast<std::uint8_t>(mostly_reliable ? 0xC0U | random() : random());
    fuzz_dfm(bytes.data(), bytes.size());
  }
}

TEST(DfmFuzz, DamagedFlightsHurtNothing) {
  std::mt19937_64 random(6);
  for (int flight = 0; flight < 30; ++flight) {
    dfm_test::Air air(flight % 3 == 0   ? "DFM06"
                      : flight % 3 == 1 ? "DFM17/4"
                                        : "PS-15",
                      1'792'497'600'000);
    std::vector<std::uint8_t> bytes;
    const auto decoder = find_sonde_type("DFM")->make();
    for (int i = 0; i < 60; ++i) {
      std::vector<float> llr = dfm_test::clean_llr(air.next().bits);
      Frame frame;
      ASSERT_TRUE(decoder->correct(llr, Effort::kHard, frame));
      bytes.push_back(0);
      bytes.push_back(static_cast<std::uint8_t>(flight & 1));
      for (const std::uint8_t n : frame.bytes)
        bytes.push_back(static_cast<std::uint8_t>(n | 0xF0U));
    }
    for (int damage = 0; damage < flight; ++damage)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    fuzz_dfm(bytes.data(), bytes.size());
  }
}

TEST(DfmFuzz, SpecialFloatsHurtNothing) {
  std::mt19937_64 random(8);
  const float specials[] = {NAN,    INFINITY, -INFINITY, 1e38F, -1e38F,
                            1e-40F, 0.0F,     -0.0F,     5.0F,  -5.0F};
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::uint8_t> bytes(280 * sizeof(float));
    for (std::size_t k = 0; k < 280; ++k) {
      const float x = specials[random() % 10];
      std::memcpy(bytes.data() + k * sizeof(float), &x, sizeof(float));
    }
    fuzz_dfm(bytes.data(), bytes.size());
  }
}

}  // namespace
}  // namespace omnisonde
