// The soft convolutional decoder.
#include "decoders/fec/viterbi.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/frame_damage.hpp"

namespace omnisonde::fec {
namespace {

struct Sent {
  std::vector<std::uint8_t> bits, symbols;
  unsigned start = 0, end = 0;
};

Sent send(std::size_t count, std::mt19937& random) {
  Sent sent;
  sent.start = static_cast<unsigned>(random() % 64);
  ConvolutionalEncoder encoder(kCcsdsConvolutional, sent.start);
  for (std::size_t i = 0; i < count; ++i) {
    sent.bits.push_back(static_cast<std::uint8_t>(random() & 1U));
    for (const std::uint8_t symbol : encoder.push(sent.bits.back())) sent.symbols.push_back(symbol);
  }
  sent.end = encoder.state();
  return sent;
}

std::size_t wrong_bits(const Sent& sent, std::span<const float> llr) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < llr.size(); ++i) wrong += (llr[i] > 0) != (sent.bits[i] != 0);
  return wrong;
}

TEST(Viterbi, EncodesAsTheStandardSays) {
  // Impulse response: the taps, the second symbol complemented (CCSDS 131.0-B).
  ConvolutionalEncoder encoder(kCcsdsConvolutional);
  unsigned first = 0, second = 0;
  for (unsigned i = 0; i < 7; ++i) {
    const auto symbols = encoder.push(i == 0 ? 1 : 0);
    first = first << 1 | symbols[0];
    second = second << 1 | (symbols[1] ^ 1U);
  }
  EXPECT_EQ(first, 0171U);
  EXPECT_EQ(second, 0133U);
}

TEST(Viterbi, DecodesWithAndWithoutKnownEnds) {
  std::mt19937 random(1);
  SoftViterbi viterbi(kCcsdsConvolutional);
  for (const std::size_t count : {7U, 8U, 64U, 2048U}) {
    const Sent sent = send(count, random);
    const auto llr = test::to_llr(sent.symbols);
    std::vector<float> out(count);
    viterbi.decode(llr, {}, sent.start, sent.end, out);
    EXPECT_EQ(wrong_bits(sent, out), 0U);
    viterbi.decode(llr, {}, {}, {}, out);
    EXPECT_EQ(wrong_bits(sent, out), 0U);
  }
  viterbi.decode({}, {}, {}, {}, {});
}

// Free distance 10: four wrong symbols far from others never matter.
TEST(Viterbi, RepairsFourWrongSymbolsTogether) {
  std::mt19937 random(2);
  SoftViterbi viterbi(kCcsdsConvolutional);
  for (int round = 0; round < 200; ++round) {
    const Sent sent = send(120, random);
    auto llr = test::to_llr(sent.symbols);
    const std::size_t from = 40 + random() % 100;
    for (int i = 0; i < 4; ++i) {
      float& value = llr[from + static_cast<std::size_t>(i) * (1 + random() % 4)];
      value = -value;
    }
    std::vector<float> out(120);
    viterbi.decode(llr, {}, sent.start, {}, out);
    std::size_t flipped = 0;
    for (std::size_t i = 0; i < llr.size(); ++i) flipped += (llr[i] > 0) != (sent.symbols[i] != 0);
    if (flipped <= 4) {
      EXPECT_EQ(wrong_bits(sent, out), 0U);
    }
  }
}

// Published for this code with soft decisions: bit error rate 1e-3 at Eb/N0 = 3.0 dB (CCSDS
// 130.1-G). Es/N0 is 3 dB less.
TEST(Viterbi, ReachesThePublishedErrorRate) {
  std::mt19937 random(3);
  SoftViterbi viterbi(kCcsdsConvolutional);
  std::size_t wrong = 0;
  constexpr std::size_t kBits = 100'000;
  const Sent sent = send(kBits, random);
  std::vector<float> out(kBits);
  viterbi.decode(test::with_noise(sent.symbols, 3.0 - 3.01, random), {}, sent.start, {}, out);
  wrong = wrong_bits(sent, out);
  EXPECT_LT(wrong, kBits / 700);
  EXPECT_GT(wrong, kBits / 5000);
}

TEST(Viterbi, ReliabilityTellsWhereTheErrorsAre) {
  std::mt19937 random(4);
  SoftViterbi viterbi(kCcsdsConvolutional);
  constexpr std::size_t kBits = 60'000;
  const Sent sent = send(kBits, random);
  std::vector<float> out(kBits);
  viterbi.decode(test::with_noise(sent.symbols, -1.5, random), {}, sent.start, {}, out);
  std::size_t unsure = 0, wrong_unsure = 0, wrong_sure = 0;
  for (std::size_t i = 0; i < kBits; ++i) {
    const bool wrong = (out[i] > 0) != (sent.bits[i] != 0);
    const bool weak = std::fabs(out[i]) < 3;
    unsure += weak ? 1 : 0;
    wrong_unsure += wrong && weak ? 1 : 0;
    wrong_sure += wrong && !weak ? 1 : 0;
  }
  EXPECT_LT(unsure, kBits / 10);
  EXPECT_GT(wrong_unsure, 3 * wrong_sure);
}

TEST(Viterbi, KnownBitsHelpTheirNeighbours) {
  std::mt19937 random(5);
  SoftViterbi viterbi(kCcsdsConvolutional);
  constexpr std::size_t kBits = 20'000;
  const Sent sent = send(kBits, random);
  const auto llr = test::with_noise(sent.symbols, -2.5, random);
  std::vector<float> blind(kBits), told(kBits), prior(kBits);
  for (std::size_t i = 0; i < kBits; ++i) {
    if (i % 4 == 0) prior[i] = sent.bits[i] != 0 ? 12.0F : -12.0F;
  }
  viterbi.decode(llr, {}, {}, {}, blind);
  viterbi.decode(llr, prior, {}, {}, told);
  std::size_t blind_wrong = 0, told_wrong = 0;
  for (std::size_t i = 0; i < kBits; ++i) {
    if (i % 4 == 0) continue;
    blind_wrong += (blind[i] > 0) != (sent.bits[i] != 0);
    told_wrong += (told[i] > 0) != (sent.bits[i] != 0);
  }
  EXPECT_LT(3 * told_wrong, blind_wrong);
}

TEST(Viterbi, WhatIsNoNumberIsAnErasure) {
  std::mt19937 random(6);
  SoftViterbi viterbi(kCcsdsConvolutional);
  const Sent sent = send(400, random);
  auto llr = test::to_llr(sent.symbols);
  for (std::size_t i = 0; i < llr.size(); i += 7) {
    llr[i] = i % 2 == 0 ? std::numeric_limits<float>::quiet_NaN()
                        : std::numeric_limits<float>::infinity();
  }
  std::vector<float> out(400);
  viterbi.decode(llr, {}, {}, {}, out);
  EXPECT_EQ(wrong_bits(sent, out), 0U);
  for (const float value : out) EXPECT_TRUE(std::isfinite(value));
}

}  // namespace
}  // namespace omnisonde::fec
