#include "decoders/fec/hamming.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace omnisonde::fec {
namespace {

std::array<float, 8> soft(unsigned word, float magnitude = 4) {
  std::array<float, 8> llr{};
  for (std::size_t i = 0; i < 8; ++i) llr[i] = (word >> (7 - i) & 1U) != 0 ? magnitude : -magnitude;
  return llr;
}

TEST(Hamming84, WordsFollowTheParityEquations) {
  for (unsigned n = 0; n < 16; ++n) {
    const unsigned a = n >> 3U & 1U, b = n >> 2U & 1U, c = n >> 1U & 1U, d = n & 1U;
    const unsigned word =
        n << 4U | (b ^ c ^ d) << 3U | (a ^ c ^ d) << 2U | (a ^ b ^ d) << 1U | (a ^ b ^ c);
    EXPECT_EQ(hamming84_encode(static_cast<std::uint8_t>(n)), word) << n;
  }
}

TEST(Hamming84, CorrectsEverySingleErrorAndDetectsEveryDouble) {
  for (unsigned n = 0; n < 16; ++n) {
    const unsigned word = kHamming84Words[n];
    for (unsigned error = 0; error < 256; ++error) {
      const int weight = std::popcount(error);
      if (weight > 2) continue;
      const Hamming84Hard got = hamming84_decode(static_cast<std::uint8_t>(word ^ error));
      EXPECT_EQ(got.ok, weight <= 1) << n << ' ' << error;
      if (!got.ok) continue;
      EXPECT_EQ(got.nibble, n);
      EXPECT_EQ(got.corrected, weight);
    }
  }
}

TEST(Hamming84, SoftAgreesWithHardOnEqualMagnitudes) {
  for (unsigned word = 0; word < 256; ++word) {
    const Hamming84Hard hard = hamming84_decode(static_cast<std::uint8_t>(word));
    const Hamming84Soft got = hamming84_decode_soft(soft(word));
    if (!hard.ok) {
      EXPECT_LT(got.log_odds, 0.0F) << word;  // several words are equally near
      continue;
    }
    EXPECT_EQ(got.nibble, hard.nibble) << word;
    EXPECT_EQ(got.flipped, hard.corrected) << word;
  }
}

TEST(Hamming84, SoftCorrectsThreeErasures) {
  for (unsigned n = 0; n < 16; ++n) {
    for (unsigned lost = 0; lost < 256; ++lost) {
      if (std::popcount(lost) > 3) continue;
      auto llr = soft(kHamming84Words[n]);
      for (std::size_t i = 0; i < 8; ++i) {
        if ((lost >> i & 1U) != 0) llr[i] = 0;
      }
      EXPECT_EQ(hamming84_decode_soft(llr).nibble, n) << lost;
    }
  }
}

TEST(Hamming84, SoftIsRightMoreOftenThanHardAndKnowsHowOften) {
  std::mt19937_64 random(7);
  std::normal_distribution<float> noise;
  constexpr float kX = 1.65F;  // 5 % wrong bits
  constexpr int kWords = 40'000;
  int hard_wrong = 0, soft_wrong = 0;
  double foretold = 0;
  for (int i = 0; i < kWords; ++i) {
    const auto n = static_cast<std::uint8_t>(random() & 15U);
    std::array<float, 8> llr{};
    std::uint8_t signs = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const bool one = (hamming84_encode(n) << bit & 0x80) != 0;
      llr[bit] = 2 * kX * ((one ? kX : -kX) + noise(random));
      if (llr[bit] > 0) signs = static_cast<std::uint8_t>(signs | 0x80U >> bit);
    }
    const Hamming84Hard hard = hamming84_decode(signs);
    const Hamming84Soft got = hamming84_decode_soft(llr);
    hard_wrong += !hard.ok || hard.nibble != n ? 1 : 0;
    soft_wrong += got.nibble != n ? 1 : 0;
    foretold += 1.0 / (1.0 + std::exp(static_cast<double>(got.log_odds)));
  }
  EXPECT_LT(soft_wrong * 5, hard_wrong);
  EXPECT_NEAR(foretold, soft_wrong, 4 * std::sqrt(soft_wrong) + 1);
}

}  // namespace
}  // namespace omnisonde::fec
