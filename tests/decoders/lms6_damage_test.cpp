// LMS6 and LMSX: what the correction saves, what it must refuse, and what lost blocks cost.
#include "tests/decoders/lms6_bench.hpp"

namespace omnisonde {
namespace {

using test::Bytes;
using test::expect_equal;
using test::Llrs;
using test::Lms6Flight;

class Lms6Damage : public testing::TestWithParam<std::string> {
 protected:
  Lms6Damage() : flight_(GetParam()) { (void)flight_.fly(3); }
  Lms6Flight flight_;
  std::mt19937 random_{6};
};
INSTANTIATE_TEST_SUITE_P(Types, Lms6Damage, testing::Values("LMS6-403", "LMSX-403"),
                         [](const auto& each) { return each.param.substr(0, 4); });

// Turns the symbols of `count` bytes of the word around, so strongly that the inner code believes
// it (one of its own paths would be needed for exactly one wrong byte: neighbours go as well).
void break_run(Llrs& llr, std::size_t first_byte, std::size_t count, std::mt19937& random) {
  for (std::size_t i = 64 + first_byte * 16; i < 64 + (first_byte + count) * 16; ++i) {
    llr[i] = (random() & 1U) != 0 ? 8.0F : -8.0F;
  }
}

TEST_P(Lms6Damage, ABurstOfFourteenBytesIsCorrectedBySoftDecisionsAlone) {
  for (int round = 0; round < 10; ++round) {
    Llrs llr = flight_.next();
    break_run(llr, 45 + random_() % 190, 14, random_);
    (void)flight_.receive(llr, Effort::kHard);
    EXPECT_TRUE(flight_.good()) << round;
    EXPECT_GT(flight_.frame().bits_corrected, 50);
  }
}

TEST_P(Lms6Damage, ASilenceOfTwentyFiveBytesIsCorrectedByErasures) {
  for (int round = 0; round < 10; ++round) {
    Llrs llr = flight_.next();
    const std::size_t from = 64 + (42 + random_() % 180) * 16;
    std::fill_n(llr.begin() + static_cast<std::ptrdiff_t>(from), 25 * 16, 0.0F);
    (void)flight_.receive(llr, Effort::kHard);
    EXPECT_FALSE(flight_.good());
    (void)flight_.receive(llr, Effort::kErasures);
    EXPECT_TRUE(flight_.good()) << round;
    EXPECT_EQ(flight_.frame().effort, Effort::kErasures);
  }
}

TEST_P(Lms6Damage, SixtyWrongBytesAreRefused) {
  for (int round = 0; round < 10; ++round) {
    Llrs llr = flight_.next();
    break_run(llr, 60, 60, random_);
    (void)flight_.receive(llr, Effort::kErasures);
    EXPECT_FALSE(flight_.good());
  }
}

// Each of the up to 50 decodes of a block passes noise at 2^-24 at most: 3e-6 per block, and no
// data frame without another 48 bits.
TEST_P(Lms6Damage, NoiseIsNoBlock) {
  for (int round = 0; round < 60; ++round) {
    (void)flight_.receive(test::noise_only(flight_.next().size(), random_));
    EXPECT_FALSE(flight_.good());
  }
}

TEST_P(Lms6Damage, AHigherRungNeitherLosesNorChangesWhatALowerOneHad) {
  for (int round = 0; round < 30; ++round) {
    const Llrs llr = test::with_noise(flight_.next_symbols(), -2.2 + 0.02 * round, random_);
    Bytes first;
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      Llrs work = llr;
      Frame frame;
      const bool good = flight_.correct(work, effort, frame);
      if (!first.empty()) {
        ASSERT_TRUE(good);
        ASSERT_EQ(frame.bytes, first);
      } else if (good) {
        first = frame.bytes;
      }
    }
    (void)flight_.receive(llr);
  }
}

TEST(Lms6, WorksAtTheCodesThreshold) {
  // Coherent Es/N0 -0.2 dB is Eb/N0 = 3.4 dB of the message: above the threshold of 2.5 dB (CCSDS
  // 130.1-G; interleaving depth 1 costs some tenths).
  std::mt19937 random(9);
  Lms6Flight flight("LMS6-403");
  int good = 0;
  for (int i = 0; i < 40; ++i) {
    (void)flight.receive(test::with_noise(flight.next_symbols(), -0.2, random));
    good += flight.good() ? 1 : 0;
  }
  EXPECT_GE(good, 39);
}

TEST(Lms6, KnownContentSavesBlocks) {
  std::mt19937 random(10);
  int without = 0, with = 0;
  Lms6Flight flight("LMS6-403");
  (void)flight.fly(20);
  for (int i = 0; i < 60; ++i) {
    const Llrs llr = test::with_noise(flight.next_symbols(), -1.75, random);
    (void)flight.receive(llr, Effort::kErasures);
    without += flight.good() ? 1 : 0;
    if (!flight.good()) (void)flight.receive(llr, Effort::kPriors);
    with += flight.good() ? 1 : 0;
  }
  EXPECT_GT(with, without + 5);
}

TEST(Lms6, ALostBlockCostsOnlyItsOwnFrames) {
  for (int lost = 20; lost < 35; ++lost) {
    Lms6Flight flight("LMS6-403");
    std::map<std::uint32_t, Telemetry> got;
    for (int i = 0; i < 50; ++i) {
      const Llrs llr = flight.next();
      if (i == lost) continue;  // not even its sync was seen
      if (auto t = flight.receive(llr)) got[*t->frame_number] = *t;
    }
    std::size_t missing = 0;
    for (std::size_t k = 0; k + 2 < flight.truth().size(); ++k) {
      const Telemetry& sent = flight.truth()[k];
      if (!got.contains(*sent.frame_number)) {
        ++missing;
      } else {
        expect_equal(got.at(*sent.frame_number), sent);
      }
    }
    EXPECT_LE(missing, 2U);
    EXPECT_GE(missing, 1U);
  }
}

// The middle of a block is beyond repair; frames that end before or begin behind it are whole.
TEST(Lms6, AFrameSurvivesAnUnrepairableNeighbour) {
  std::size_t missing_without = 0, missing = 0;
  for (int lost = 20; lost < 35; ++lost) {
    std::mt19937 random(3);
    Lms6Flight flight("LMS6-403");
    std::map<std::uint32_t, Telemetry> got;
    for (int i = 0; i < 50; ++i) {
      Llrs llr = flight.next();
      if (i == lost) break_run(llr, 180, 45, random);
      if (auto t = flight.receive(llr)) got[*t->frame_number] = *t;
    }
    for (std::size_t k = 0; k + 2 < flight.truth().size(); ++k) {
      missing += got.contains(*flight.truth()[k].frame_number) ? 0 : 1;
    }
    missing_without += 2;
  }
  EXPECT_LT(missing, missing_without - 7);
}

}  // namespace
}  // namespace omnisonde
