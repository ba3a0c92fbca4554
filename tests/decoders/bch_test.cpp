#include "decoders/fec/bch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <random>
#include <vector>

namespace omnisonde::fec {
namespace {

constexpr std::size_t kLength = 46;
constexpr std::array<std::uint64_t, 1> kOdd = {std::uint64_t{0x1FFFF} << 29U};

std::uint64_t random_message(std::mt19937_64& random) {
  return random() & ((std::uint64_t{1} << (kLength - Bch63::kCheckBits)) - 1);
}

std::vector<float> llr_of(std::uint64_t word, float magnitude) {
  std::vector<float> llr;
  for (std::size_t i = kLength; i > 0; --i) {
    llr.push_back((word >> (i - 1) & 1U) != 0 ? magnitude : -magnitude);
  }
  return llr;
}

TEST(Bch63, EncodesTheSheetsBlock) {
  const Bch63 code(kLength);
  // 3E30, odd parity, 90CF, odd parity.
  const std::uint64_t message = (std::uint64_t{0x3E30} << 1U | 0U) << 17U | (0x90CFU << 1U | 1U);
  EXPECT_EQ(code.encode(message), message << 12U | 0b011110111000U);
}

TEST(Bch63, CorrectsAnyTwoWrongBits) {
  std::mt19937_64 random(1);
  const Bch63 code(kLength);
  const std::uint64_t word = code.encode(random_message(random));
  for (std::size_t i = 0; i < kLength; ++i) {
    for (std::size_t k = i; k < kLength; ++k) {
      std::uint64_t damaged = word ^ std::uint64_t{1} << i;
      if (k != i) damaged ^= std::uint64_t{1} << k;
      ASSERT_EQ(code.correct(damaged), k == i ? 1 : 2);
      ASSERT_EQ(damaged, word);
    }
  }
}

TEST(Bch63, RefusesMostOfWhatIsBeyondTwo) {
  std::mt19937_64 random(2);
  const Bch63 code(kLength);
  int accepted = 0;
  for (int i = 0; i < 4000; ++i) {
    std::uint64_t noise = random() & ((std::uint64_t{1} << kLength) - 1);
    accepted += code.correct(noise) >= 0 ? 1 : 0;
  }
  // (1 + 46 + 46 * 45 / 2) / 4096 of all words.
  EXPECT_NEAR(accepted / 4000.0, 1082 / 4096.0, 0.03);
}

TEST(Bch63, SoftDecodingFindsFourWeakErrors) {
  std::mt19937_64 random(3);
  const Bch63 code(kLength);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t word = code.encode(random_message(random));
    std::vector<float> llr = llr_of(word, 8);
    for (std::size_t k = 0; k < 4; ++k) llr[(random() % 11) * 4 + k] *= -0.1F;
    const auto decoded = code.decode_soft(llr, {});
    ASSERT_TRUE(decoded.ok);
    EXPECT_EQ(decoded.word, word);
    EXPECT_GT(decoded.log_odds, 3);
  }
}

TEST(Bch63, WordsThatBreakAParityAreNotFound) {
  std::mt19937_64 random(4);
  const Bch63 code(kLength);
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t word = code.encode(random_message(random));
    const auto decoded = code.decode_soft(llr_of(word, 5), kOdd);
    const bool fits = std::popcount(word & kOdd[0]) % 2 == 1;
    EXPECT_EQ(decoded.ok && decoded.word == word, fits);
    EXPECT_TRUE(!decoded.ok || std::popcount(decoded.word & kOdd[0]) % 2 == 1);
  }
}

TEST(Bch63, SoftIsNeverWorseThanHardAndGainsAtLowSignal) {
  std::mt19937_64 random(5);
  std::normal_distribution<float> noise;
  const Bch63 code(kLength);
  int hard = 0, soft = 0, sure_and_wrong = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t word = code.encode(random_message(random));
    std::vector<float> llr = llr_of(word, 1);
    std::uint64_t signs = 0;
    for (float& x : llr) {
      x = 2 * 1.55F * (1.55F * x + noise(random));  // 6 % of bits wrong
      signs = signs << 1U | (x > 0 ? 1U : 0U);
    }
    hard += code.correct(signs) >= 0 && signs == word ? 1 : 0;
    const auto decoded = code.decode_soft(llr, {});
    soft += decoded.word == word ? 1 : 0;
    sure_and_wrong += decoded.word != word && decoded.log_odds > 7 ? 1 : 0;
  }
  EXPECT_GT(soft, hard + 400);
  EXPECT_LE(sure_and_wrong, 4);
}

}  // namespace
}  // namespace omnisonde::fec
