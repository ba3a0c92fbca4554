#include "decoders/sondes/dfm_frame.hpp"

#include <gtest/gtest.h>

#include "tests/decoders/dfm_air.hpp"

namespace omnisonde::dfm {
namespace {

using dfm_test::clean_llr;
using dfm_test::noisy_llr;
using dfm_test::words_to_bits;

std::vector<std::uint8_t> example_bits() {
  return words_to_bits("0BA311D", "000002D902040", "0A4C809300001");
}

std::string packed_hex(const std::vector<std::uint8_t>& bits) {
  std::string hex;
  for (std::size_t i = 0; i + 4 <= bits.size(); i += 4) {
    hex += "0123456789abcdef"[bits[i] * 8 + bits[i + 1] * 4 + bits[i + 2] * 2 + bits[i + 3]];
  }
  return hex;
}

std::vector<std::uint8_t> random_frame(std::mt19937_64& random) {
  sim::dfm::ConfWord conf{};
  sim::dfm::DatWord dat1{}, dat2{};
  for (auto& n : conf) n = random() & 15U;
  for (auto& n : dat1) n = random() & 15U;
  for (auto& n : dat2) n = random() & 15U;
  return sim::dfm::frame_bits(conf, dat1, dat2);
}

TEST(DfmFrame, EncoderAndDecoderMatchTheSheetsExample) {
  EXPECT_EQ(packed_hex(example_bits()),
            "45cf6205c2f2c98f88030010811006005502200840aa5a018010400617208c05a42560");
  Frame frame;
  FrameDecoder decoder;
  ASSERT_TRUE(decoder.decode(clean_llr(example_bits()), frame));
  std::string hex;
  for (const std::uint8_t n : frame.bytes) hex += "0123456789ABCDEF"[n];
  EXPECT_EQ(hex, "0BA311D000002D9020400A4C809300001");
  EXPECT_EQ(frame.bits_corrected, 0);
  EXPECT_EQ(frame.effort, Effort::kHard);
}

TEST(DfmFrame, CorrectsOneWrongBitInEveryCodewordAndSaysSo) {
  std::vector<float> llr = clean_llr(example_bits());
  for (const BlockLayout& block : kBlocks) {
    for (std::size_t i = 0; i < block.codewords; ++i) {
      float& bit = llr[block.first_bit + block.codewords * (i % 8) + i];
      bit = bit > 0 ? -15.0F : 15.0F;
    }
  }
  Frame frame;
  FrameDecoder decoder;
  ASSERT_TRUE(decoder.decode(llr, frame));
  EXPECT_EQ(frame.bits_corrected, 33);
  EXPECT_EQ(frame.effort, Effort::kHard);
  Frame clean;
  ASSERT_TRUE(FrameDecoder().decode(clean_llr(example_bits()), clean));
  EXPECT_EQ(frame.bytes, clean.bytes);
}

TEST(DfmFrame, MarksAnErasedBlockAsWorthless) {
  std::vector<float> llr = clean_llr(example_bits());
  std::fill(llr.begin() + 176, llr.end(), 0.0F);
  Frame frame;
  FrameDecoder decoder;
  ASSERT_TRUE(decoder.decode(llr, frame));
  for (std::size_t i = 0; i < kFrameNibbles; ++i) {
    EXPECT_EQ(frame.byte_ok[i] != 0, i < 20) << i;
    if (i >= 20) {
      EXPECT_EQ(frame.reliability[i], 0.0F);
    }
  }
}

TEST(DfmFrame, RefusesNoiseOfAnyShape) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> gauss;
  std::exponential_distribution<float> exponential;
  std::uniform_real_distribution<float> uniform(-1, 1);
  FrameDecoder decoder;
  Frame frame;
  for (int shape = 0; shape < 4; ++shape) {
    for (int n = 0; n < 25'000; ++n) {
      std::vector<float> llr(kFrameBits);
      for (std::size_t i = 0; i < llr.size(); ++i) {
        const float u = uniform(random);
        const float sign = u > 0 ? 1.0F : -1.0F;
        const float g = gauss(random);
        llr[i] = shape == 0   ? 3 * g
                 : shape == 1 ? sign
                 : shape == 2 ? u
                              : sign * exponential(random);
        // The receiver has found a sync, by chance or by prediction.
        if (i < kSyncBits.size()) llr[i] = std::fabs(llr[i]) * (kSyncBits[i] == '1' ? 1.0F : -1.0F);
      }
      ASSERT_FALSE(decoder.decode(llr, frame)) << "shape " << shape << " frame " << n;
    }
  }
}

TEST(DfmFrame, RefusesCarriersSilenceAndWhatIsNotANumber) {
  FrameDecoder decoder;
  Frame frame;
  for (const float level : {5.0F, -5.0F, 0.0F, NAN, INFINITY, -INFINITY}) {
    EXPECT_FALSE(decoder.decode(std::vector<float>(kFrameBits, level), frame)) << level;
  }
  EXPECT_FALSE(decoder.decode(std::vector<float>(kFrameBits - 1, 1.0F), frame));
  EXPECT_FALSE(decoder.decode({}, frame));
}

TEST(DfmFrame, AcceptsWeakFramesAtAnyScaleOfTheLlrs) {
  for (const float scale : {0.5F, 1.0F, 2.0F}) {
    std::mt19937_64 random(2);
    FrameDecoder decoder;
    Frame frame;
    int accepted = 0;
    for (int n = 0; n < 500; ++n) {
      auto llr = noisy_llr(random_frame(random), 1.645F, random);  // 5 % wrong bits
      for (float& x : llr) x *= scale;
      accepted += decoder.decode(llr, frame) ? 1 : 0;
    }
    EXPECT_GE(accepted, 495) << scale;
  }
}

TEST(DfmFrame, LearnsTheScaleOfTheLlrs) {
  for (const float scale : {0.5F, 1.0F, 2.0F}) {
    std::mt19937_64 random(3);
    FrameDecoder decoder;
    Frame frame;
    double foretold = 0;
    int wrong = 0;
    for (int n = 0; n < 1500; ++n) {
      const auto bits = random_frame(random);
      auto llr = noisy_llr(bits, 1.75F, random);  // 4 % wrong bits
      for (float& x : llr) x *= scale;
      if (!decoder.decode(llr, frame) || n < 100) continue;
      Frame sent;
      ASSERT_TRUE(FrameDecoder().decode(clean_llr(bits), sent));
      for (std::size_t i = 0; i < kFrameNibbles; ++i) {
        foretold += doubt_of(frame.reliability[i]);
        wrong += frame.bytes[i] != sent.bytes[i] ? 1 : 0;
      }
    }
    EXPECT_NEAR(decoder.llr_scale() * scale, 1.0F, 0.3F) << scale;
    // The foretold number of wrong nibbles is what blocks are judged by.
    EXPECT_GT(foretold, 0.6 * wrong) << scale;
    EXPECT_LT(foretold, 1.6 * wrong) << scale;
  }
}

}  // namespace
}  // namespace omnisonde::dfm
