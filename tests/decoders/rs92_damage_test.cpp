// RS92: what the correction ladder saves, and what it must refuse.
#include <algorithm>
#include <numeric>

#include "tests/decoders/rs92_bench.hpp"

namespace omnisonde {
namespace {

using test::Llrs;
using test::rs92_state;
using test::Rs92Flight;

class Rs92Damage : public testing::Test {
 protected:
  /// `count` protected positions in random order.
  std::vector<std::size_t> positions(std::size_t count) {
    std::vector<std::size_t> all(rs92::kWordLength);
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = rs92::frame_position(k);
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(count);
    return all;
  }

  std::vector<std::uint8_t> next_bits() { return flight_.bits(rs92_state(second_++)); }
  Llrs next() { return test::to_llr(next_bits()); }

  Rs92Flight flight_;
  std::mt19937 random_{92};
  int second_ = 0;
};

TEST_F(Rs92Damage, TwelveBytesAreCorrectedBySignsAlone) {
  for (std::size_t count = 0; count <= 12; ++count) {
    Llrs llr = next();
    for (const auto byte : positions(count)) test::hit_char(llr, byte, random_);
    const auto got = flight_.receive(llr, Effort::kHard);
    ASSERT_TRUE(got) << count;
    EXPECT_EQ(got->frame_number, flight_.tx->take_truth().back().frame_number);
    EXPECT_EQ(got->hold_reason, "");
    EXPECT_GE(flight_.frame.bits_corrected, static_cast<int>(count));
  }
}

TEST_F(Rs92Damage, ThirteenStrongErrorsAreRefused) {
  for (int round = 0; round < 200; ++round) {
    Llrs llr = next();
    for (const auto byte : positions(13)) test::hit_char(llr, byte, random_);
    EXPECT_FALSE(flight_.receive(llr, Effort::kHard));
  }
}

TEST_F(Rs92Damage, TwentyFourUnknownBytesAreCorrectedByErasures) {
  for (std::size_t count = 13; count <= 24; ++count) {
    Llrs llr = next();
    for (const auto byte : positions(count)) test::erase_char(llr, byte);
    const auto got = flight_.receive(llr, Effort::kErasures);
    ASSERT_TRUE(got) << count;
    EXPECT_EQ(got->hold_reason, "");
  }
}

TEST_F(Rs92Damage, WeakErrorsBeyondTwelveAreFoundByTheirWeakness) {
  for (int round = 0; round < 10; ++round) {
    Llrs llr = next();
    for (const auto byte : positions(20)) test::hit_char(llr, byte, random_, 0.5F);
    EXPECT_FALSE(flight_.receive(llr, Effort::kHard));
    ASSERT_TRUE(flight_.receive(llr, Effort::kErasures)) << round;
  }
}

TEST_F(Rs92Damage, StartAndStopBitsShowWhereErrorsAre) {
  // Strong errors, told by nothing but the framing around them.
  int saved = 0;
  for (int round = 0; round < 20; ++round) {
    Llrs llr = next();
    for (const auto byte : positions(18)) {
      test::hit_char(llr, byte, random_);
      llr[10 * byte] = 8;
      llr[10 * byte + 9] = -8;
    }
    saved += flight_.receive(llr, Effort::kErasures) ? 1 : 0;
  }
  EXPECT_EQ(saved, 20);
}

TEST_F(Rs92Damage, MoreThanTheCodeAndTheKnownBytesIsRefused) {
  for (int round = 0; round < 100; ++round) {
    Llrs llr = next();
    for (const auto byte : positions(60)) test::hit_char(llr, byte, random_);
    EXPECT_FALSE(flight_.receive(llr, Effort::kPriors));
  }
}

TEST_F(Rs92Damage, OfAKnownSondeTheBlocksThatCameWholeAreUsed) {
  Llrs llr = next();
  const auto fade = [&](Llrs& some) {
    for (std::size_t byte = 42; byte < 70; ++byte) test::erase_char(some, byte);
    for (std::size_t byte = 196; byte < 240; ++byte) test::erase_char(some, byte);
  };
  fade(llr);
  EXPECT_FALSE(flight_.receive(llr)) << "of a stranger it takes more";
  ASSERT_TRUE(flight_.receive(next()));
  llr = next();
  fade(llr);
  const auto got = flight_.receive(llr, Effort::kErasures);
  ASSERT_TRUE(got && got->position);
  EXPECT_EQ(got->hold_reason, "");
  EXPECT_EQ(got->frame_number, flight_.tx->take_truth().back().frame_number);
  EXPECT_EQ(flight_.frame.byte_ok[45], 0);
  EXPECT_EQ(flight_.frame.byte_ok[75], 1);
}

TEST_F(Rs92Damage, AHigherRungNeitherLosesNorChangesWhatALowerOneHad) {
  ASSERT_TRUE(flight_.receive(next()));
  for (int round = 0; round < 120; ++round) {
    const Llrs llr = test::with_noise(next_bits(), 2.0 + 0.03 * round, random_);
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

TEST_F(Rs92Damage, WhatTheFlightTaughtSavesFrames) {
  int by_erasures = 0, by_priors = 0;
  for (int round = 0; round < 40; ++round) (void)flight_.receive(next());  // the whole table
  for (int round = 0; round < 60; ++round) {
    const Llrs llr = test::with_noise(next_bits(), 3.2, random_);
    const Telemetry sent = flight_.tx->take_truth().back();
    if (flight_.receive(llr, Effort::kErasures)) ++by_erasures;
    const auto got = flight_.receive(llr);
    if (!got) continue;
    ++by_priors;
    EXPECT_EQ(got->frame_number, sent.frame_number);
    ASSERT_TRUE(got->position);
    EXPECT_NEAR(got->position->altitude_m, sent.position->altitude_m, 2);
  }
  EXPECT_GT(by_priors, by_erasures + 10) << by_priors << " against " << by_erasures;
}

TEST_F(Rs92Damage, TheNgpsChipsCarryPriorsTheSameWay) {
  Rs92Flight ngp("RS92-NGP");
  int by_erasures = 0, by_priors = 0;
  for (int second = 0; second < 40; ++second) (void)ngp.pass(rs92_state(second));
  for (int second = 40; second < 90; ++second) {
    const Llrs llr = test::with_noise(ngp.bits(rs92_state(second)), 3.2, random_);
    if (ngp.receive(llr, Effort::kErasures)) ++by_erasures;
    if (ngp.receive(llr)) ++by_priors;
  }
  EXPECT_GT(by_priors, by_erasures + 5) << by_priors << " against " << by_erasures;
}

// Frames too broken to correct give their rows all the same: the next time round they are known.
TEST_F(Rs92Damage, RowsAreSummedOverBrokenFrames) {
  ASSERT_TRUE(flight_.receive(next()));
  const auto broken = [&](std::size_t parity) {
    Llrs llr = test::with_noise(next_bits(), 4.5, random_);
    for (std::size_t byte = 46; byte < 46 + parity; ++byte) test::erase_char(llr, byte);
    return llr;
  };
  for (int i = 0; i < 64; ++i) EXPECT_FALSE(flight_.receive(broken(100)));
  Llrs llr = test::to_llr(next_bits());
  Llrs primed(llr.size(), 0.0F);
  for (std::size_t i = 0; i < llr.size(); ++i) {
    const std::size_t byte = i / rs92::kCharBits;
    const bool row = byte >= 24 && byte < 40;
    primed[i] = row ? 0 : llr[i];
  }
  flight_.decoder->add_priors(primed);
  int agree = 0;
  for (std::size_t byte = 24; byte < 40; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::size_t at = rs92::bit_index(byte, bit);
      agree += (primed[at] > 0) == (llr[at] > 0) && primed[at] != 0 ? 1 : 0;
    }
  }
  EXPECT_EQ(agree, 128);
}

TEST_F(Rs92Damage, AnotherSondesFramesSurviveOurPriors) {
  for (int round = 0; round < 40; ++round) (void)flight_.receive(next());
  Rs92Flight other("RS92", {"N7654321", "", 404e6, "", false});
  for (int round = 0; round < 30; ++round) {
    sim::FlightState s = rs92_state(second_++);
    s.position = {47, 8, 20'000};
    Llrs llr = test::to_llr(other.bits(s));
    for (const auto byte : positions(6)) test::hit_char(llr, byte, random_);
    flight_.decoder->add_priors(llr);
    Frame frame;
    ASSERT_TRUE(flight_.decoder->correct(llr, Effort::kPriors, frame)) << round;
    const auto serial = std::span(frame.bytes).subspan(12, 8);
    EXPECT_EQ(std::string(serial.begin(), serial.end()), "N7654321");
  }
}

// Code and checksums must show 40 bits of evidence (30 with a flight's knowledge put in first) and
// a hundred or so decodes are tried per frame: noise passes less than once in 2^23 frames.
TEST_F(Rs92Damage, TenMinutesOfNoiseGiveNothing) {
  (void)flight_.receive(next());
  for (int round = 0; round < 600; ++round) {
    EXPECT_FALSE(flight_.receive(test::noise_only(rs92::kFrameBits, random_)));
  }
}

TEST_F(Rs92Damage, AnSgpOnOneToneOfAnNgpIsRefused) {
  Rs92Flight ngp("RS92-NGP");
  for (int round = 0; round < 20; ++round) EXPECT_FALSE(ngp.receive(next()));
  for (int second = 0; second < 200; ++second) EXPECT_TRUE(ngp.pass(rs92_state(second)));
}

TEST_F(Rs92Damage, WrongLengthsAreRefused) {
  Frame frame;
  for (const std::size_t bits : {0U, 1U, 2399U, 2401U, 5000U}) {
    Llrs llr(bits, 1.0F);
    flight_.decoder->add_priors(llr);
    EXPECT_FALSE(flight_.decoder->correct(llr, Effort::kErasures, frame));
  }
  EXPECT_EQ(flight_.decoder->frame_bits({}), rs92::kFrameBits);
}

}  // namespace
}  // namespace omnisonde
