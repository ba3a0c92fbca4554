#include "decoders/fec/biphase.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>

namespace omnisonde::fec {
namespace {

using Bits = std::vector<std::uint8_t>;

Bits text(const char* s) {
  Bits out;
  for (; *s != 0; ++s) out.push_back(*s == '1' ? 1 : 0);
  return out;
}

Bits random_bits(std::size_t count, std::mt19937& random) {
  Bits bits(count);
  for (auto& bit : bits) bit = static_cast<std::uint8_t>(random() & 1U);
  return bits;
}

std::vector<float> to_llr(const Bits& chips, float strength = 5) {
  std::vector<float> llr;
  llr.reserve(chips.size());
  for (const std::uint8_t chip : chips) llr.push_back(chip != 0 ? strength : -strength);
  return llr;
}

TEST(Biphase, EncodesByItsDefinition) {
  // The byte 0x64 after a sync that ends with 0 (formats: M10's example).
  EXPECT_EQ(biphase_encode(text("01100100"), Biphase::kMark, 0), text("1101010011010011"));
  EXPECT_EQ(biphase_encode(text("10011011"), Biphase::kSpace, 0), text("1101010011010011"));
  EXPECT_EQ(biphase_encode(text("00"), Biphase::kMark, 1), text("0011"));
}

TEST(Biphase, DecodesWhatItEncodes) {
  std::mt19937 random(1);
  for (const Biphase rule : {Biphase::kMark, Biphase::kSpace}) {
    for (const std::uint8_t before : {0, 1}) {
      const Bits bits = random_bits(100, random);
      const auto llr = to_llr(biphase_encode(bits, rule, before));
      for (const float level : {0.0F, before != 0 ? 5.0F : -5.0F}) {
        std::vector<float> out(100);
        biphase_decode(llr, rule, level, {}, out);
        for (std::size_t i = 0; i < 100; ++i) {
          ASSERT_EQ(out[i] > 0, bits[i] != 0);
          ASSERT_GT(std::fabs(out[i]), 4);
        }
      }
    }
  }
}

/// Log odds of each bit by going through all data and both levels before.
std::vector<float> by_enumeration(const std::vector<float>& chips, Biphase rule, double before,
                                  const std::vector<float>& priors, std::size_t count) {
  std::vector<std::array<double, 2>> weight(count, {0, 0});
  for (unsigned data = 0; data < 1U << count; ++data) {
    Bits bits;
    double prior = 0;
    for (std::size_t i = 0; i < count; ++i) {
      bits.push_back(data >> i & 1U);
      if (!priors.empty() && bits.back() != 0) prior += static_cast<double>(priors[i]);
    }
    for (const std::uint8_t level : {0, 1}) {
      double sum = prior + (level != 0 ? before : 0);
      Bits padded = bits;
      padded.push_back(0);  // its first chip is decided by the bits before it
      const Bits line = biphase_encode(padded, rule, level);
      for (std::size_t i = 0; i < chips.size(); ++i) {
        if (line[i] != 0) sum += static_cast<double>(chips[i]);
      }
      for (std::size_t i = 0; i < count; ++i) weight[i][bits[i]] += std::exp(sum);
    }
  }
  std::vector<float> odds;
  for (const auto& w : weight) odds.push_back(static_cast<float>(std::log(w[1] / w[0])));
  return odds;
}

TEST(Biphase, IsTheExactPosterior) {
  std::mt19937 random(2);
  std::normal_distribution<float> noise(0, 2);
  for (int round = 0; round < 200; ++round) {
    const Biphase rule = round % 2 == 0 ? Biphase::kMark : Biphase::kSpace;
    const std::size_t count = 1 + static_cast<std::size_t>(round) % 7;
    std::vector<float> chips(2 * count + (round % 3 == 0 ? 1 : 0));
    for (float& chip : chips) chip = noise(random);
    std::vector<float> priors(round % 5 < 2 ? 0 : count);
    for (float& prior : priors) prior = noise(random);
    const float before = round % 4 == 0 ? 0 : noise(random);
    std::vector<float> out(count);
    biphase_decode(chips, rule, before, priors, out);
    const auto expected = by_enumeration(chips, rule, static_cast<double>(before), priors, count);
    for (std::size_t i = 0; i < count; ++i) ASSERT_NEAR(out[i], expected[i], 1e-3) << round;
  }
}

// Hard decisions from single chips know nothing of the edges: the fraction of wrong bits must be
// clearly smaller with them.
TEST(Biphase, TheEdgesAreWorthMoreThanHalfTheErrors) {
  std::mt19937 random(3);
  std::normal_distribution<float> noise;
  constexpr float kAmplitude = 1.6F;
  const Bits bits = random_bits(20'000, random);
  auto llr = to_llr(biphase_encode(bits, Biphase::kMark, 0), kAmplitude);
  for (float& chip : llr) chip = 2 * kAmplitude * (chip + noise(random));
  std::vector<float> out(bits.size());
  biphase_decode(llr, Biphase::kMark, 0, {}, out);
  int plain = 0, soft = 0;
  for (std::size_t i = 0; i < bits.size(); ++i) {
    plain += ((llr[2 * i] > 0) != (llr[2 * i + 1] > 0)) != (bits[i] != 0) ? 1 : 0;
    soft += (out[i] > 0) != (bits[i] != 0) ? 1 : 0;
  }
  EXPECT_GT(plain, 1500);
  EXPECT_LT(soft * 3, plain);
}

TEST(Biphase, BridgesErasuresAndBadNumbers) {
  const Bits bits = text("0110010111");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {0.0F, nan, infinity}) {
    for (std::size_t at = 1; at + 1 < 2 * bits.size(); ++at) {
      auto llr = to_llr(biphase_encode(bits, Biphase::kMark, 0));
      llr[at] = bad;  // its neighbour across the edge says the same
      std::vector<float> out(bits.size());
      biphase_decode(llr, Biphase::kMark, 0, {}, out);
      for (std::size_t i = 0; i < bits.size(); ++i) ASSERT_EQ(out[i] > 0, bits[i] != 0) << at;
    }
  }
}

TEST(Biphase, GivesNothingForWhatWasNotReceived) {
  std::vector<float> out = {1, 1, 1};
  biphase_decode(std::vector<float>{5, -5, 3}, Biphase::kSpace, 0, {}, out);
  EXPECT_LT(out[0], 0);
  EXPECT_EQ(out[1], 0);
  EXPECT_EQ(out[2], 0);
  biphase_decode({}, Biphase::kSpace, 1, {}, out);
  EXPECT_EQ(out[0], 0);
}

}  // namespace
}  // namespace omnisonde::fec
