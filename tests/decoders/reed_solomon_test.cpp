#include "decoders/fec/reed_solomon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace omnisonde::fec {
namespace {

using Word = std::vector<std::uint8_t>;

/// Product in GF(256), straight from the definition: shift and reduce.
unsigned slow_mul(unsigned a, unsigned b, unsigned polynomial) {
  unsigned product = 0;
  for (int bit = 7; bit >= 0; --bit) {
    product <<= 1;
    if ((product & 0x100U) != 0) product ^= polynomial;
    if (((b >> bit) & 1U) != 0) product ^= a;
  }
  return product;
}

unsigned slow_power(unsigned base, unsigned exponent, unsigned polynomial) {
  unsigned value = 1;
  for (unsigned i = 0; i < exponent; ++i) value = slow_mul(value, base, polynomial);
  return value;
}

/// Whether the word, as a polynomial, vanishes at every root of the definition.
bool vanishes_at_all_roots(const Word& word, const ReedSolomonParams& p) {
  for (unsigned i = 0; i < p.parity; ++i) {
    const unsigned root = slow_power(2, p.root_step * (p.first_root + i) % 255, p.field_polynomial);
    unsigned sum = 0;
    for (std::size_t k = word.size(); k > 0; --k) {
      sum = slow_mul(sum, root, p.field_polynomial) ^ word[k - 1];
    }
    if (sum != 0) return false;
  }
  return true;
}

// The codes that sondes use, and a CCSDS one for the root step (formats/*.md).
const std::vector<ReedSolomonParams> kCodes = {
    {0x11D, 0, 1, 24}, {0x187, 112, 11, 32}, {0x11D, 1, 1, 2}, {0x11D, 0, 1, 7}, {0x169, 5, 7, 16}};

class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  Word codeword(const ReedSolomon& code, std::size_t length) {
    Word word(length);
    for (auto& symbol : word) symbol = static_cast<std::uint8_t>(random_());
    code.encode(word);
    return word;
  }

  /// `count` distinct positions.
  std::vector<std::uint8_t> positions(std::size_t length, std::size_t count) {
    std::vector<std::uint8_t> all(length);
    std::iota(all.begin(), all.end(), std::uint8_t{0});
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(count);
    return all;
  }

  void hit(Word& word, std::uint8_t position) {
    word[position] ^= static_cast<std::uint8_t>(1 + random_() % 255);
  }

 private:
  std::mt19937 random_;
};

TEST(ReedSolomon, EncodesWordsThatVanishAtEveryRoot) {
  for (const auto& params : kCodes) {
    const ReedSolomon code(params);
    Damage damage(7);
    for (const std::size_t length :
         {std::size_t{params.parity + 1}, std::size_t{156}, std::size_t{255}}) {
      Word word = damage.codeword(code, length);
      EXPECT_TRUE(vanishes_at_all_roots(word, params)) << "parity " << params.parity;
      EXPECT_TRUE(code.is_codeword(word));
      damage.hit(word, 2);
      EXPECT_FALSE(code.is_codeword(word));
    }
  }
}

// formats/rs41.md: g(x) = x^24 + 7A x^23 + 76 x^22 + A9 x^21 + ... + D9 x^2 + 90 x + 75.
TEST(ReedSolomon, HasTheGeneratorOfTheRs41Sheet) {
  const ReedSolomon code(ReedSolomonParams{});
  Word word(25);
  word[24] = 1;
  code.encode(word);
  EXPECT_EQ(word[23], 0x7A);
  EXPECT_EQ(word[22], 0x76);
  EXPECT_EQ(word[21], 0xA9);
  EXPECT_EQ(word[2], 0xD9);
  EXPECT_EQ(word[1], 0x90);
  EXPECT_EQ(word[0], 0x75);
}

TEST(ReedSolomon, CorrectsEveryMixtureOfErrorsAndErasuresWithinReach) {
  for (const auto& params : kCodes) {
    const ReedSolomon code(params);
    Damage damage(params.parity);
    for (std::size_t erased = 0; erased <= params.parity; ++erased) {
      for (std::size_t wrong = 0; 2 * wrong + erased <= params.parity; ++wrong) {
        const std::size_t length = (erased + wrong) % 2 == 0 ? 156 : 255;
        const Word good = damage.codeword(code, length);
        Word bad = good;
        const auto where = damage.positions(length, erased + wrong);
        // Every third erasure holds the right value: it must do no harm.
        for (std::size_t i = 0; i < where.size(); ++i) {
          if (i >= erased || i % 3 != 0) damage.hit(bad, where[i]);
        }
        const auto how = code.decode(bad, {where.data(), erased});
        ASSERT_TRUE(how) << wrong << " errors, " << erased << " erasures";
        EXPECT_EQ(bad, good);
        EXPECT_EQ(how->errors, static_cast<int>(wrong));
      }
    }
  }
}

TEST(ReedSolomon, RefusesBeyondItsReachExceptAsOftenAsChanceAllows) {
  const ReedSolomon code(ReedSolomonParams{});
  Damage damage(99);
  for (std::size_t erased = 0; erased <= 8; erased += 2) {
    for (int round = 0; round < 1000; ++round) {
      Word bad = damage.codeword(code, 156);
      const auto where = damage.positions(156, erased + 13);
      for (const auto position : where) damage.hit(bad, position);
      const Word before = bad;
      ASSERT_FALSE(code.decode(bad, {where.data(), erased}));  // chance: below 1e-6 per try
      ASSERT_EQ(bad, before) << "a refused word must not be touched";
    }
  }
}

// With two check symbols the chance that a random word decodes is about length / 256: it can be
// counted, and evidence_bits must predict it.
TEST(ReedSolomon, EvidenceIsTheChanceOfAnAccident) {
  const ReedSolomon code({0x11D, 0, 1, 4});
  std::mt19937 random(5);
  const int rounds = 20'000;
  int accepted = 0;
  for (int round = 0; round < rounds; ++round) {
    Word word(60);
    for (auto& symbol : word) symbol = static_cast<std::uint8_t>(random());
    const std::vector<std::uint8_t> erasures = {1, 50};
    if (code.decode(word, erasures)) ++accepted;
  }
  const double predicted = rounds * std::exp2(-code.evidence_bits(60, {1, 2}));
  EXPECT_NEAR(accepted, predicted, 4 * std::sqrt(predicted) + 0.02 * predicted);
}

TEST(ReedSolomon, AWordWithAllChecksErasedProvesNothing) {
  const ReedSolomon code(ReedSolomonParams{});
  EXPECT_EQ(code.evidence_bits(156, {0, 24}), 0);
  EXPECT_GT(code.evidence_bits(156, {12, 0}), 35);
  EXPECT_GT(code.evidence_bits(255, {12, 0}), 28);
}

TEST(ReedSolomon, RefusesCorrectionsInTheVirtualZeros) {
  const ReedSolomon code(ReedSolomonParams{});
  Word full(255);  // a codeword whose only non-zero data symbol lies beyond position 155
  full[200] = 1;
  code.encode(full);
  Word cut(full.begin(), full.begin() + 156);
  EXPECT_TRUE(code.is_codeword(full));
  EXPECT_FALSE(code.decode(cut));
}

TEST(ReedSolomon, RefusesImpossibleRequests) {
  const ReedSolomon code(ReedSolomonParams{});
  Word word(156);
  const std::vector<std::uint8_t> outside = {156};
  EXPECT_FALSE(code.decode(word, outside));
  std::vector<std::uint8_t> many(25);
  std::iota(many.begin(), many.end(), std::uint8_t{0});
  EXPECT_FALSE(code.decode(word, many));
  Word tiny(24);
  EXPECT_FALSE(code.decode(tiny));
}

}  // namespace
}  // namespace omnisonde::fec
