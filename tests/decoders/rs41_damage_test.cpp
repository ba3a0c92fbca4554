// RS41: what the correction ladder saves, and what it must refuse.
#include <algorithm>
#include <numeric>

#include "tests/decoders/rs41_bench.hpp"

namespace omnisonde {
namespace {

using test::Llrs;
using test::rs41_state;
using test::Rs41Flight;

const sim::SondeIdentity kExtended{"", "SGP", 403e6, "0501036402DC37600077", false};

class Rs41Damage : public testing::TestWithParam<bool> {
 protected:
  Rs41Damage() : flight_(GetParam() ? kExtended : sim::SondeIdentity{}) {}

  /// `count` frame positions of one codeword, in random order.
  std::vector<std::size_t> positions(std::size_t word, std::size_t count) {
    const std::size_t frame_bytes = GetParam() ? rs41::kExtendedBytes : rs41::kNormalBytes;
    std::vector<std::size_t> all(rs41::word_length(frame_bytes));
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = rs41::frame_position(word, k);
    // The type byte decides the length before any correction: its loss has a test of its own.
    std::erase(all, rs41::kTypeAt);
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(count);
    return all;
  }

  Llrs next() { return test::to_llr(flight_.symbols(rs41_state(second_++))); }

  Rs41Flight flight_;
  std::mt19937 random_{41};
  int second_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Frames, Rs41Damage, testing::Bool(), [](const auto& each) {
  return std::string(each.param ? "Extended" : "Normal");
});

TEST_P(Rs41Damage, TwelveBytesPerCodewordAreCorrectedBySignsAlone) {
  for (std::size_t count = 0; count <= 12; ++count) {
    Llrs llr = next();
    for (const std::size_t word : {0, 1}) {
      for (const auto byte : positions(word, count)) test::hit_byte(llr, byte, random_);
    }
    const auto got = flight_.receive(llr, Effort::kHard);
    ASSERT_TRUE(got) << count;
    EXPECT_EQ(got->frame_number, flight_.tx->take_truth().back().frame_number);
    EXPECT_EQ(got->hold_reason, "");
    EXPECT_GE(flight_.frame.bits_corrected, 2 * static_cast<int>(count));
  }
}

TEST_P(Rs41Damage, ThirteenStrongErrorsAreRefused) {
  for (int round = 0; round < 50; ++round) {
    Llrs llr = next();
    for (const std::size_t word : {0, 1}) {
      for (const auto byte : positions(word, 13)) test::hit_byte(llr, byte, random_);
    }
    EXPECT_FALSE(flight_.receive(llr, Effort::kHard));
  }
}

TEST_P(Rs41Damage, TwentyTwoUnknownBytesPerCodewordAreCorrectedByErasures) {
  for (std::size_t count = 14; count <= 22; count += 2) {
    Llrs llr = next();
    for (const std::size_t word : {0, 1}) {
      for (const auto byte : positions(word, count)) test::erase_byte(llr, byte);
    }
    ASSERT_TRUE(flight_.receive(llr, Effort::kErasures)) << count;
    EXPECT_EQ(flight_.frame.effort, Effort::kErasures);
  }
}

// All 24 check bytes are spent: the block checksums alone prove the frame.
TEST_P(Rs41Damage, TwentyFourUnknownBytesNeedTheChecksums) {
  for (int round = 0; round < 10; ++round) {
    Llrs llr = next();
    for (const std::size_t word : {0, 1}) {
      for (const auto byte : positions(word, 24)) test::erase_byte(llr, byte);
    }
    const auto got = flight_.receive(llr, Effort::kErasures);
    ASSERT_TRUE(got) << round;
    EXPECT_EQ(got->hold_reason, "");
  }
}

TEST_P(Rs41Damage, WeakErrorsBeyondTwelveAreFoundByTheirWeakness) {
  for (int round = 0; round < 10; ++round) {
    Llrs llr = next();
    for (const std::size_t word : {0, 1}) {
      for (const auto byte : positions(word, 20)) test::hit_byte(llr, byte, random_, 0.5F);
    }
    EXPECT_FALSE(flight_.receive(llr, Effort::kHard));
    ASSERT_TRUE(flight_.receive(llr, Effort::kErasures)) << round;
  }
}

TEST_P(Rs41Damage, AHigherRungNeitherLosesNorChangesWhatALowerOneHad) {
  ASSERT_TRUE(flight_.receive(next()));
  for (int round = 0; round < 60; ++round) {
    const auto symbols = flight_.symbols(rs41_state(second_++));
    const Llrs llr = test::with_noise(symbols, 2.5 + 0.05 * round, random_);
    std::vector<std::uint8_t> bytes;
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      Llrs work = llr;
      if (effort == Effort::kPriors) flight_.decoder->add_priors(work);
      Frame frame;
      const bool good = flight_.decoder->correct(work, effort, frame);
      ASSERT_TRUE(good || bytes.empty()) << "lost at " << effort_name(effort);
      if (!bytes.empty()) {
        ASSERT_EQ(frame.bytes, bytes);
      }
      if (good) bytes = frame.bytes;
    }
    if (!bytes.empty()) (void)flight_.receive(llr);
  }
}

TEST_P(Rs41Damage, WhatTheFlightTaughtSavesFrames) {
  int by_erasures = 0;
  int by_priors = 0;
  for (int round = 0; round < 60; ++round) (void)flight_.receive(next());  // the whole table
  for (int round = 0; round < 50; ++round) {
    const Llrs llr = test::with_noise(flight_.symbols(rs41_state(second_++)), 4.0, random_);
    const std::uint32_t number = flight_.tx->take_truth().back().frame_number.value();
    if (flight_.receive(llr, Effort::kErasures)) ++by_erasures;
    const auto got = flight_.receive(llr);
    if (!got) continue;
    ++by_priors;
    EXPECT_EQ(got->frame_number, number);
  }
  EXPECT_GT(by_priors, by_erasures + 10) << by_priors << " against " << by_erasures;
}

TEST_P(Rs41Damage, AnotherSondesFramesSurviveOurPriors) {
  for (int round = 0; round < 20; ++round) (void)flight_.receive(next());
  Rs41Flight other({"T7654329", "SG", 403e6, GetParam() ? "0801AABB" : "", false});
  for (int round = 0; round < 5; ++round) {
    Llrs llr = test::to_llr(other.symbols(rs41_state(round)));
    flight_.decoder->add_priors(llr);
    ASSERT_TRUE(flight_.decoder->correct(llr, Effort::kPriors, flight_.frame));
    EXPECT_EQ(flight_.decoder->parse(flight_.frame, {})->serial, "T7654329");
  }
}

TEST_P(Rs41Damage, ALostTypeByteIsMadeUpFor) {
  for (int round = 0; round < 5; ++round) {
    Llrs llr = next();
    if (!GetParam()) llr.resize(8 * rs41::kExtendedBytes, 0.1F);
    for (unsigned bit = 0; bit < 8; ++bit) llr[8 * rs41::kTypeAt + bit] *= -0.5F;
    EXPECT_TRUE(flight_.receive(llr, Effort::kErasures));
    EXPECT_EQ(flight_.frame.bytes.size(), GetParam() ? rs41::kExtendedBytes : rs41::kNormalBytes);
  }
}

TEST_P(Rs41Damage, NoiseIsNeverAFrame) {
  const std::size_t bits = 8 * (GetParam() ? rs41::kExtendedBytes : rs41::kNormalBytes);
  (void)flight_.receive(next());
  for (int round = 0; round < 600; ++round) {
    const Llrs llr = test::noise_only(bits, random_);
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      if (effort != Effort::kHard && round % 4 != 0) break;
      Llrs work = llr;
      if (effort == Effort::kPriors) flight_.decoder->add_priors(work);
      ASSERT_FALSE(flight_.decoder->correct(work, effort, flight_.frame)) << round;
    }
  }
}

// Half a frame: the other half never arrived. What comes of it must be what was sent (an extended
// frame is mostly zeros there, which the flight has taught); nothing may be made up.
TEST_P(Rs41Damage, HalfAFrameNeverLies) {
  for (int round = 0; round < 55; ++round) (void)flight_.receive(next());
  for (int round = 0; round < 10; ++round) {
    Llrs llr = next();
    const Llrs sent = llr;
    std::fill(llr.begin() + static_cast<std::ptrdiff_t>(llr.size() / 2), llr.end(), 0.0F);
    if (!flight_.receive(llr)) continue;
    EXPECT_TRUE(GetParam()) << "a normal frame has lost more than its code can give back";
    for (std::size_t i = 0; i < flight_.frame.bytes.size(); ++i) {
      const unsigned on_air = flight_.frame.bytes[i] ^ rs41::kMask[i % rs41::kMask.size()];
      for (unsigned bit = 0; bit < 8 && flight_.frame.byte_ok[i] != 0; ++bit) {
        ASSERT_EQ(on_air >> bit & 1U, sent[8 * i + bit] > 0 ? 1U : 0U) << "byte " << i;
      }
    }
  }
}

TEST_P(Rs41Damage, EmptyAndConstantSignalsAreRefused) {
  const std::size_t bits = 8 * (GetParam() ? rs41::kExtendedBytes : rs41::kNormalBytes);
  for (const float value : {0.0F, 8.0F, -8.0F, INFINITY, -INFINITY, NAN}) {
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      Llrs llr(bits, value);
      flight_.decoder->add_priors(llr);
      EXPECT_FALSE(flight_.decoder->correct(llr, effort, flight_.frame)) << value;
    }
  }
}

// One codeword is beyond help. Blocks whose checksum holds are still good, once the serial is
// known; here only the measurement block and padding are hurt.
TEST(Rs41Partial, WholeBlocksOfABrokenFrameAreUsedFromAKnownSonde) {
  Rs41Flight flight;
  Rs41Flight stranger;
  std::mt19937 random(4);
  for (int second = 0; second < 55; ++second) ASSERT_TRUE(flight.pass(rs41_state(second)));
  Llrs llr = test::to_llr(flight.symbols(rs41_state(55)));
  for (std::size_t byte = 103; byte < 145; ++byte) test::hit_byte(llr, byte, random);
  EXPECT_FALSE(stranger.receive(llr)) << "an unknown serial needs the whole frame";
  const auto got = flight.receive(llr);
  ASSERT_TRUE(got);
  EXPECT_EQ(flight.frame.effort, Effort::kPriors);
  EXPECT_EQ(got->hold_reason, "");
  EXPECT_TRUE(got->position && got->datetime);
  EXPECT_FALSE(got->temperature_c) << "that block was destroyed";
  EXPECT_EQ(flight.frame.byte_ok[110], 0);
  EXPECT_EQ(flight.frame.byte_ok[60], 1);
}

TEST(Rs41Partial, AllThreeEssentialBlocksAreNeeded) {
  std::mt19937 random(4);
  for (const std::size_t first : {61, 149, 276}) {  // status, time, position
    Rs41Flight flight;
    for (int second = 0; second < 3; ++second) ASSERT_TRUE(flight.pass(rs41_state(second)));
    Llrs llr = test::to_llr(flight.symbols(rs41_state(3)));
    for (std::size_t byte = first + 1; byte < first + 14; ++byte) {
      test::hit_byte(llr, byte, random);
    }
    for (std::size_t byte = 103; byte < 145; ++byte) test::hit_byte(llr, byte, random);
    EXPECT_FALSE(flight.receive(llr)) << first;
  }
}

}  // namespace
}  // namespace omnisonde
