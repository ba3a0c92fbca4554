// LMS6-1680 (MK2A): what the correction saves and what it must refuse.
#include "tests/decoders/mk2a_bench.hpp"

namespace omnisonde {
namespace {

using namespace mk2a_test;  // NOLINT: the bench of these tests

// One packet of each kind and copy.
struct Four {
  Air air;
  Receiver receiver;
  std::vector<Bytes> packets;
  explicit Four(int seconds = 1) {
    for (int s = 0; s <= seconds; ++s) packets = air.next(state_at(s));
  }
};

TEST(Mk2aDamage, TwoWeakBitsAreRepaired) {
  Four four;
  std::mt19937 random(1);
  for (int round = 0; round < 40; ++round) {
    Llrs llr = test::to_llr(four.packets[1]);
    llr.resize(four.receiver.decoder().frame_bits(llr));
    const std::size_t at = kHeadBits + 10 * (random() % 150) + 1 + random() % 8;
    llr[at] = llr[at] > 0 ? -0.5F : 0.5F;
    EXPECT_FALSE(four.receiver.receive(llr, kStart, Effort::kHard) || four.receiver.good());
    (void)four.receiver.receive(llr, kStart, Effort::kErasures);
    EXPECT_TRUE(four.receiver.good()) << at;
  }
}

TEST(Mk2aDamage, TwoDamagedCopiesMakeAGoodOne) {
  std::mt19937 random(2);
  int alone = 0, together = 0;
  for (int round = 0; round < 40; ++round) {
    Four four;
    for (const std::size_t copy : {1U, 3U}) {
      Llrs llr = test::with_noise(four.packets[copy], 5.5, random);
      llr.resize(bits_of(162));
      (void)four.receiver.receive(llr);
      (copy == 1 ? alone : together) += four.receiver.good() ? 1 : 0;
    }
  }
  EXPECT_LT(alone, 10);
  EXPECT_GT(together, 30);
}

TEST(Mk2aDamage, AHigherRungNeitherLosesNorChangesWhatALowerOneHad) {
  std::mt19937 random(3);
  Four four(5);
  for (int round = 0; round < 60; ++round) {
    Llrs llr = test::with_noise(four.packets[1], 6.5 + 0.05 * round, random);
    llr.resize(bits_of(162));
    Bytes first;
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      (void)four.receiver.receive(llr, kStart, effort);
      if (!first.empty()) {
        ASSERT_TRUE(four.receiver.good());
        ASSERT_EQ(four.receiver.frame().bytes, first);
      } else if (four.receiver.good()) {
        first = four.receiver.frame().bytes;
      }
    }
  }
}

TEST(Mk2aDamage, TheLengthSurvivesWrongBits) {
  Four four;
  std::mt19937 random(4);
  for (int round = 0; round < 200; ++round) {
    Llrs llr = test::to_llr(four.packets[round % 2 == 0 ? 0 : 1]);
    llr.resize(kHeadBits);
    for (const std::size_t byte : {2U, 8U, 9U}) {  // type and length, one bit each
      float& value = llr[10 * (kFillBytes + byte) + 1 + random() % 8];
      if (random() % 2 == 0) value = -value / 4;
    }
    EXPECT_EQ(payload_length(llr), round % 2 == 0 ? 56U : 162U);
  }
  EXPECT_EQ(payload_length({}), 56U);
}

TEST(Mk2aDamage, IdleCharactersAreNoPacket) {
  const auto decoder = find_sonde_type("LMS6-1680")->make();
  const Llrs llr = test::to_llr(to_symbols(Bytes(30, 0xCA)));
  EXPECT_EQ(decoder->frame_bits(llr), kHeadBits);
}

// Strong errors: what passes is what a 16-bit checksum and six trials allow, 1e-4.
TEST(Mk2aDamage, StrongErrorsAreRefused) {
  Four four;
  std::mt19937 random(5);
  int passed = 0;
  for (int round = 0; round < 3000; ++round) {
    Llrs llr = test::to_llr(four.packets[0]);
    llr.resize(bits_of(56));
    for (int i = 0; i < 12; ++i) {
      float& value = llr[kHeadBits + 10 * (random() % 56) + 1 + random() % 8];
      value = -value;
    }
    (void)four.receiver.receive(llr, kStart, Effort::kErasures);
    passed += four.receiver.good() ? 1 : 0;
  }
  EXPECT_LE(passed, 3);
}

TEST(Mk2aDamage, NoiseIsNoPacket) {
  std::mt19937 random(6);
  Receiver receiver;
  for (int round = 0; round < 3000; ++round) {
    (void)receiver.receive(test::noise_only(bits_of(round % 2 == 0 ? 56 : 162), random));
    EXPECT_FALSE(receiver.good());
  }
}

}  // namespace
}  // namespace omnisonde
