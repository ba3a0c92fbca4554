// M10 and M20: what the ladder saves, and what it must refuse. The checksum has 16 bits, and at
// most six words are tried for a damaged frame: 6 / 65536 of them may pass wrongly (1e-4).
#include "tests/decoders/m10_air.hpp"

namespace omnisonde {
namespace {

using m10_test::Bytes;
using m10_test::checked;
using m10_test::chips_of;
using m10_test::Station;
using test::hex_bytes;
using test::Llrs;

/// The line level after edge `bit` comes out wrong: the chips on both its sides.
void spoil_level(Llrs& llr, std::size_t bit, float strength) {
  for (const std::size_t chip : {m10::kDataAt + 2 * bit, m10::kDataAt + 2 * bit - 1}) {
    if (chip < llr.size()) llr[chip] = llr[chip] > 0 ? -strength : strength;
  }
}

TEST(M10Damage, AnyOneChipIsTheOtherSideOfItsEdge) {
  const Bytes frame = hex_bytes(m10_test::kM20);
  for (std::size_t chip = m10::kDataAt; chip + 1 < m10::frame_chips(frame.size()); ++chip) {
    Llrs llr = test::to_llr(chips_of(frame));
    llr[chip] *= -0.9F;
    Station station;
    ASSERT_TRUE(station.receive(llr, Effort::kHard)) << chip;
    EXPECT_EQ(station.frame.bytes, frame);
    EXPECT_EQ(station.frame.bits_corrected, 1);
  }
}

TEST(M10Damage, AWeakWrongLevelIsTurnedRound) {
  const Bytes frame = hex_bytes(m10_test::kTrimble);
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    Llrs llr = test::to_llr(chips_of(frame));
    spoil_level(llr, 1 + random() % (8 * frame.size()), 0.5F);
    Station station;
    ASSERT_FALSE(station.receive(llr, Effort::kHard));
    ASSERT_TRUE(station.receive(llr, Effort::kErasures)) << round;
    EXPECT_EQ(station.frame.bytes, frame);
    EXPECT_EQ(station.frame.effort, Effort::kErasures);
  }
}

TEST(M10Damage, StrongErrorsAreRefused) {
  const Bytes frame = hex_bytes(m10_test::kTrimble);
  std::mt19937 random(2);
  int wrong = 0, good = 0;
  for (int round = 0; round < 4000; ++round) {
    Llrs llr = test::with_noise(chips_of(frame), 12, random);
    for (int i = 0; i < 3 + round % 8; ++i) spoil_level(llr, 17 + random() % 780, 40);
    Station station;
    if (!station.receive(llr)) continue;
    (station.frame.bytes == frame ? good : wrong) += 1;
  }
  EXPECT_LE(wrong, 3);  // 0.4 expected at worst
  EXPECT_LE(good, 1);   // two random errors at the same place
}

// What was tried for one frame must not be charged to the next, however alike they are.
TEST(M10Damage, ACleanFramePassesRightAfterAHopelessOne) {
  const Bytes frame = hex_bytes(m10_test::kM20);
  Station station;
  for (int i = 0; i < 5; ++i) {
    Llrs llr = test::to_llr(chips_of(frame));
    for (const std::size_t bit : {250U, 260U, 270U, 280U, 290U}) {
      spoil_level(llr, bit + static_cast<std::size_t>(i), 2);
    }
    EXPECT_FALSE(station.receive(llr));
    EXPECT_TRUE(station.receive(test::to_llr(chips_of(frame)), Effort::kHard));
  }
}

TEST(M10Damage, NoiseIsNoFrame) {
  std::mt19937 random(3);
  const auto decoder = find_sonde_type("M10")->make();
  int heads = 0;
  for (int round = 0; round < 20'000; ++round) {
    Llrs llr = test::noise_only(m10::kHeadChips, random);
    heads += decoder->frame_bits(llr) > m10::kHeadChips ? 1 : 0;
  }
  EXPECT_LE(heads, 60);
  for (int round = 0; round < 1500; ++round) {
    Llrs llr = test::noise_only(m10::frame_chips(round % 2 == 0 ? 101 : 70), random);
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      Llrs work = llr;
      Frame frame;
      ASSERT_FALSE(decoder->correct(work, effort, frame)) << round;
    }
  }
}

// Preamble, the satellites' burst, other types' bytes: no more than their head is demodulated.
TEST(M10Damage, WhatIsNoReportIsAsShortAsItsHead) {
  const auto decoder = find_sonde_type("M10")->make();
  Bytes preamble;
  for (std::size_t i = 0; i < m10::kHeadChips; ++i) preamble.push_back(i % 4 < 2 ? 1 : 0);
  EXPECT_EQ(decoder->frame_bits(test::to_llr(preamble)), m10::kHeadChips);
  for (const Bytes& other : {sim::m10::levels_frame(test::burst_state(0)), Bytes{0x12, 0x34, 0}}) {
    EXPECT_EQ(decoder->frame_bits(test::to_llr(chips_of(other))), m10::kHeadChips);
  }
  for (const auto& text : {m10_test::kTrimble, m10_test::kGtop, m10_test::kM20}) {
    const Bytes frame = hex_bytes(text);
    EXPECT_EQ(decoder->frame_bits(test::to_llr(chips_of(frame))), m10::frame_chips(frame.size()));
  }
}

TEST(M10Damage, ADamagedHeadKeepsItsLength) {
  const Bytes frame = hex_bytes(m10_test::kM20);
  const auto decoder = find_sonde_type("M10")->make();
  for (std::size_t level = 1; level < 16; ++level) {
    Llrs llr = test::to_llr(chips_of(frame));
    spoil_level(llr, level, 1);
    EXPECT_EQ(decoder->frame_bits(llr), m10::frame_chips(frame.size())) << level;
  }
}

/// A flight's frames, one a second.
class M10Priors : public testing::TestWithParam<const char*> {
 protected:
  Bytes next() {
    const auto state = test::burst_state(second_++);
    const sim::m10::Variant variant = sim::m10::variant_of(GetParam());
    return variant.board == sim::m10::Board::kM20
               ? sim::m10::m20_frame(variant, "911-2-00059", counter_++, {}, state)
               : sim::m10::m10_frame(variant, serial_, counter_++, state);
  }
  std::size_t serial_at() const {
    return std::string_view(GetParam()).starts_with("M20") ? 0x12 : 0x5D;
  }

  std::size_t position_at() const {
    return serial_at() == 0x12                                ? 0x1E
           : std::string_view(GetParam()).starts_with("Gtop") ? 0x06
                                                              : 0x10;
  }

  int second_ = 0;
  std::uint8_t counter_ = 0;
  std::string serial_ = "310-2-11329";
};

INSTANTIATE_TEST_SUITE_P(Boards, M10Priors,
                         testing::Values("Trimble", "Gtop/76", "M20/5", "M20/7"));

TEST_P(M10Priors, KnownContentStandsInForLostBytes) {
  Station station;
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(station.receive(test::to_llr(chips_of(next()))));
  for (int i = 0; i < 5; ++i) {
    const Bytes frame = next();
    Llrs llr = test::to_llr(chips_of(frame));
    // The serial's levels are lost or wrong, but for the last byte.
    for (std::size_t bit = 8 * serial_at() + 1; bit < 8 * serial_at() + 14; ++bit) {
      spoil_level(llr, bit, bit % 3 == 0 ? 1.0F : 0.0F);
    }
    EXPECT_FALSE(station.receive(llr, Effort::kErasures));
    const auto t = station.receive(llr);
    ASSERT_TRUE(t) << i;
    EXPECT_EQ(station.frame.bytes, frame);
    EXPECT_EQ(station.frame.effort, Effort::kPriors);
  }
}

TEST_P(M10Priors, PositionTimeAndChecksumAreNeverKnown) {
  Station station;
  const Bytes frame = next();  // the same frame again and again: everything is constant
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(station.receive(test::to_llr(chips_of(frame))));
  const bool m20 = serial_at() == 0x12;
  const bool gtop = std::string_view(GetParam()).starts_with("Gtop");
  const std::size_t time = m20 ? 0x10 : gtop ? 0x16 : 0x0C;
  for (const std::size_t byte : {position_at(), time, frame.size() - 2}) {
    Llrs llr = test::to_llr(chips_of(frame));
    for (std::size_t bit = 8 * byte + 1; bit < 8 * byte + 8; ++bit) spoil_level(llr, bit, 0);
    for (std::size_t bit : {8 * byte + 2, 8 * byte + 3, 8 * byte + 5}) spoil_level(llr, bit, 8);
    EXPECT_FALSE(station.receive(llr)) << byte;
  }
}

TEST_P(M10Priors, AnotherSondeIsNotMadeIntoTheKnownOne) {
  Station station;
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(station.receive(test::to_llr(chips_of(next()))));
  Bytes other = next();
  other[serial_at()] ^= 0x05;
  other[serial_at() + 2] ^= 0x11;
  other = checked(other);
  Llrs llr = test::to_llr(chips_of(other));
  ASSERT_TRUE(station.receive(llr));
  EXPECT_EQ(station.frame.bytes, other);
  for (int i = 0; i < 2; ++i) {
    llr = test::to_llr(chips_of(other));
    for (const std::size_t byte : {0, 2}) spoil_level(llr, 8 * (position_at() + byte) + 4, 8);
    EXPECT_FALSE(station.receive(llr));
  }
}

TEST(M10Damage, AHigherRungNeitherLosesNorChangesWhatALowerOneHad) {
  std::mt19937 random(5);
  Station station;
  int saved = 0;
  for (int second = 0; second < 300; ++second) {
    const Bytes frame =
        sim::m10::m20_frame(sim::m10::variant_of("M20/7"), "911-2-00059",
                            static_cast<std::uint8_t>(second), {}, test::burst_state(second));
    const Llrs llr = test::with_noise(chips_of(frame), 3.0 + second % 6 * 0.5, random);
    Bytes bytes;
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      Llrs work = llr;
      Frame out;
      const bool good = station.decoder->correct(work, effort, out);
      ASSERT_TRUE(good || bytes.empty()) << "lost at " << effort_name(effort);
      if (!good) continue;
      if (!bytes.empty()) {
        ASSERT_EQ(out.bytes, bytes);
      }
      saved += bytes.empty() && effort != Effort::kHard ? 1 : 0;
      bytes = out.bytes;
    }
    if (!bytes.empty()) {
      ASSERT_EQ(bytes, frame);
      Frame good;
      good.bytes = bytes;
      (void)station.decoder->parse(good, {.received = m10_test::kNow});
    }
  }
  EXPECT_GT(saved, 20);
}

}  // namespace
}  // namespace omnisonde
