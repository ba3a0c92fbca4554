// iMet-54 and iMet-50: published frames, every field, damage, noise.
#include <cmath>

#include "decoders/geo/clock_date.hpp"
#include "decoders/sondes/imet54_frame.hpp"
#include "tests/decoders/burst_bench.hpp"

namespace omnisonde {
namespace {

using imet54::kFrameBits;
using imet54::word_bit;
using test::burst_state;
using test::BurstFlight;
using test::hex_bytes;
using test::Llrs;
using test::named;

// Own encoder of the format sheet's author.
constexpr const char* kExample =
    "034837BA 07270E00 02DEB5F0 FF531E30 0001D4C0 00000000 00000000 C2620000 41C3A643 C25B3333"
    "D910003E CEEA0FA2 21D6D881 00000000 F7BC1045 B7E7CC4E A83D7D0A 1DEF4213 B5273B04 3B51DD2C"
    "787AF800 00000000 77000000 4E1C40A6 7959AAE9 1C237FB2 400097A6";
// radiosonde_auto_rx, issue 567: an iMet-50 received in 2021.
constexpr const char* kPublished[] = {
    "02D62A320747B56001E06694020CB5D2000001D000000000000000004E6E6B284E6E6B284E6E6B28000D0030"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000F800000000007700"
    "00005AD2051053CC50D1FE9711154000EBE9",
    "02D62A320747B94801E06695020CB5D2000001D100000000000000004E6E6B284E6E6B284E6E6B28000D0030"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000F800000000007700"
    "0000213106100009141F1C71404D4000466D"};

/// A frame's 108 bytes as soft bits, coded by the sheet's parity equations.
Llrs on_air(const std::vector<std::uint8_t>& bytes, unsigned header = 0x42) {
  Llrs llr(kFrameBits, 0);
  const auto put = [&llr](std::size_t at, bool one) { llr[at] = one ? 8.0F : -8.0F; };
  for (std::size_t i = 0; i < imet54::kSyncBits.size(); ++i) put(i, imet54::kSyncBits[i] == '1');
  for (std::size_t at = imet54::kHeaderAt; at < kFrameBits; at += 10) {
    put(at, false);
    put(at + 9, true);
  }
  for (unsigned bit = 0; bit < 8; ++bit) put(imet54::kHeaderAt + 1 + bit, header >> bit & 1U);
  for (std::size_t n = 0; n < imet54::kNibbles; ++n) {
    const std::uint8_t byte = n / 2 < bytes.size() ? bytes[n / 2] : std::uint8_t{0};
    const unsigned m = n % 2 == 0 ? byte >> 4U : byte & 0xFU;
    const bool m0 = m & 1U, m1 = m & 2U, m2 = m & 4U, m3 = m & 8U;
    const bool c[8] = {m0 != (m1 != m3), m0 != (m2 != m3), m0, m1 != (m2 != m3), m1, m2, m3,
                       m0 != (m1 != m2)};
    for (std::size_t bit = 0; bit < 8; ++bit) put(word_bit(n, bit), c[bit]);
  }
  return llr;
}

UtcMillis noon() { return from_civil({2021, 8, 25, 12, 0, 0}); }

TEST(Imet54, DecodesTheWorkedExample) {
  BurstFlight flight("iMet-54");
  const auto bytes = hex_bytes(kExample);
  EXPECT_EQ(imet54::burst_check(bytes), 0x97A61C23U);
  const auto t = flight.receive(on_air(bytes), noon());
  ASSERT_TRUE(t);
  EXPECT_EQ(flight.frame.bytes, bytes);
  EXPECT_EQ(t->type, "iMet-54");
  EXPECT_EQ(t->subtype, "iMet-54");
  EXPECT_EQ(t->serial, "55064506");
  EXPECT_EQ(t->frame_number, 43200U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2021-08-25T12:00:00.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 48.25, 1e-9);
  EXPECT_NEAR(t->position->longitude_deg, -11.55, 1e-9);
  EXPECT_NEAR(t->position->altitude_m, 12'000, 1e-9);
  EXPECT_FLOAT_EQ(*t->temperature_c, -56.5F);
  EXPECT_NEAR(*t->humidity_pct, 30.0F, 0.05F);
  EXPECT_EQ(t->satellites, 16);
  EXPECT_EQ(t->hold_reason, "");
  EXPECT_FALSE(t->pressure_hpa || t->battery_v || t->velocity_h_mps);
}

TEST(Imet54, BlocksAreInterleavedAsTheWorkedExampleSays) {
  const Llrs llr = on_air(hex_bytes(kExample));
  const auto octets = hex_bytes(
      "48 9E 72 1E F2 24 C8 A4 04 00 0A 24 2E 2A 20 0E 72 44 74 6A 5A 6C 5C 42 17 5B 5F 6F 6B 27"
      "23 13");
  for (std::size_t i = 0; i < octets.size(); ++i) {
    unsigned octet = 0;  // as a UART reads it
    for (std::size_t bit = 0; bit < 8; ++bit) {
      octet |= (llr[imet54::kBlocksAt + 10 * i + 1 + bit] > 0 ? 1U : 0U) << bit;
    }
    EXPECT_EQ(octet, octets[i]) << i;
  }
}

TEST(Imet54, DecodesPublishedFramesOfAnImet50) {
  BurstFlight flight("iMet-54");
  auto t = flight.receive(on_air(hex_bytes(kPublished[0])), noon());
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "iMet-50");
  EXPECT_EQ(t->subtype, "iMet-50");
  EXPECT_EQ(t->serial, "47589938");
  EXPECT_EQ(to_iso8601(*t->datetime), "2021-08-25T12:21:40.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 31.805900, 5e-7);
  EXPECT_NEAR(t->position->longitude_deg, 34.645683, 5e-7);
  EXPECT_NEAR(t->position->altitude_m, 46.4, 1e-6);
  EXPECT_EQ(t->satellites, 13);
  EXPECT_FALSE(t->temperature_c || t->humidity_pct || t->pressure_hpa);
  t = flight.receive(on_air(hex_bytes(kPublished[1])), noon());
  ASSERT_TRUE(t);
  EXPECT_EQ(t->frame_number, 44501U);
}

TEST(Imet54, DecodesTheContinuousExample) {
  BurstFlight flight("iMet-54");
  auto bytes = hex_bytes(
      "034837BA 07270E00 02DEB5F0 FF531E30 0001D4C0 00000000 00000000 C2620000 41C3A643 C25B3333"
      "A110003E E6012B8A ECBE568E 00A8BE90 12345678 9ABCDEF0 11223344");
  EXPECT_EQ(imet54::main_check(0x43, bytes), 0x00A8BE90U);
  Llrs llr = on_air(bytes, 0x43);
  llr[word_bit(5, 3)] *= -1;  // so that not mere cleanness lets it pass
  const auto t = flight.receive(llr, noon(), Effort::kHard);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->serial, "55064506");
  EXPECT_EQ(t->subtype, "iMet-54");
  EXPECT_EQ(flight.frame.byte_ok[0x37], 1);
  EXPECT_EQ(flight.frame.byte_ok[0x38], 0);
  EXPECT_EQ(flight.frame.bits_corrected, 1);
}

class Imet54Variant : public testing::TestWithParam<const char*> {};

TEST_P(Imet54Variant, EveryFieldSurvives) {
  BurstFlight flight("iMet-54", named("", GetParam()));
  for (int second = 0; second < 40; ++second) {
    sim::FlightState s = burst_state(second);
    s.position.latitude_deg = -90 + 4.5 * second + (second == 40 ? 4.5 : 0);
    s.position.longitude_deg = 180 - 9.1 * second;
    s.position.altitude_m = -390 + 1450.3 * second;
    s.temperature_c = 40 - 3.1 * second;
    s.humidity_pct = 2.5 * second;
    s.pressure_hpa = 1060 * std::exp(-(s.position.altitude_m + 390) / 7200);
    s.satellites = 3 + second % 20;
    const auto t = flight.pass(s);
    ASSERT_TRUE(t) << second;
    Telemetry want = flight.tx->take_truth().at(0);
    if (want.pressure_hpa && !t->pressure_hpa) {  // too far from the standard atmosphere's
      want.pressure_hpa.reset();
    }
    SCOPED_TRACE(second);
    test::expect_same(*t, want, 0.3);
    EXPECT_EQ(flight.frame.bits_corrected, 0);
    EXPECT_EQ(flight.frame.effort, Effort::kHard);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Imet54Variant,
                         testing::Values("54", "50", "54/continuous", "50/continuous"),
                         [](const auto& each) { return "V" + std::to_string(each.index); });

TEST(Imet54, PressureFitsTheHeightOrIsLeftOut) {
  BurstFlight flight("iMet-54", named("7", "54/continuous"));
  auto s = burst_state(0);
  s.pressure_hpa = 194.3;
  const auto t = flight.pass(s);
  ASSERT_TRUE(t && t->pressure_hpa);
  EXPECT_NEAR(*t->pressure_hpa, 194.3F, 0.01F);
  s = burst_state(1);
  s.pressure_hpa = 700;
  EXPECT_FALSE(flight.pass(s)->pressure_hpa);
}

TEST(Imet54, DateComesFromTheReceiversClock) {
  BurstFlight flight("iMet-54");
  auto s = burst_state(0);
  s.utc = {from_civil({2026, 12, 31, 23, 59, 59}).ms + 500};
  const Llrs llr = test::to_llr(flight.bits(s));
  const auto next_year = from_civil({2027, 1, 1, 0, 0, 1});
  EXPECT_EQ(flight.receive(llr, next_year)->datetime, s.utc);
  EXPECT_EQ(flight.receive(llr, s.utc)->datetime, s.utc);
  EXPECT_EQ(flight.receive(llr, s.utc)->frame_number, 86'400U);
  const auto t = flight.receive(llr, UtcMillis{5000});
  EXPECT_FALSE(t->datetime);
  EXPECT_EQ(t->hold_reason, "date not known: the receiver's clock is not set");
  s.utc = from_civil({2027, 1, 1, 0, 0, 0});
  EXPECT_EQ(flight.receive(test::to_llr(flight.bits(s)), UtcMillis{s.utc.ms - 2000})->datetime,
            s.utc);
}

TEST(Imet54, WhatCannotBeTrueIsHeldBack) {
  BurstFlight flight("iMet-54");
  auto s = burst_state(0);
  s.satellites = 0;
  auto t = flight.pass(s);
  EXPECT_EQ(t->hold_reason, "no fix");
  EXPECT_FALSE(t->position);
  s = burst_state(1);
  s.satellites = 3;
  EXPECT_EQ(flight.pass(s)->hold_reason, "fewer than 4 satellites");
  s = burst_state(2);
  s.position.altitude_m = 60'001;
  EXPECT_EQ(flight.pass(s)->hold_reason, "altitude outside -400..60000 m");
  s = burst_state(3);
  s.position.latitude_deg = 91;
  t = flight.pass(s);
  EXPECT_EQ(t->hold_reason, "impossible position");
  EXPECT_FALSE(t->position);
  s = burst_state(4);
  s.position.latitude_deg = s.position.longitude_deg = 0;
  EXPECT_EQ(flight.pass(s)->hold_reason, "no position");
  EXPECT_EQ(flight.pass(burst_state(5))->hold_reason, "");
}

TEST(Imet54, AnotherSerialIsAnotherFlight) {
  BurstFlight a("iMet-54", named("11"));
  BurstFlight b("iMet-54", named("12"));
  const auto first = a.pass(burst_state(0));
  const auto second = a.receive(test::to_llr(b.bits(burst_state(1))), burst_state(1).utc);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(second->serial, "12");
  EXPECT_NE(first->identity_epoch, second->identity_epoch);
}

// One wrong bit in every codeword, and the start and stop bits of a third of the octets.
TEST(Imet54Damage, OneWrongBitPerCodewordIsCorrected) {
  BurstFlight flight("iMet-54");
  std::mt19937 random(54);
  for (int second = 0; second < 20; ++second) {
    Llrs llr = test::to_llr(flight.bits(burst_state(second)));
    for (std::size_t n = 0; n < imet54::kNibbles; ++n) llr[word_bit(n, random() % 8)] *= -1;
    for (std::size_t at = imet54::kHeaderAt; at < kFrameBits; at += 30) llr[at] *= -1;
    const auto t = flight.receive(llr, burst_state(second).utc, Effort::kHard);
    ASSERT_TRUE(t);
    test::expect_same(*t, flight.tx->take_truth().back());
    EXPECT_EQ(flight.frame.bits_corrected, 216);
  }
}

TEST(Imet54Damage, ThreeUnknownBitsPerCodewordAreCorrected) {
  BurstFlight flight("iMet-54");
  std::mt19937 random(55);
  Llrs llr = test::to_llr(flight.bits(burst_state(0)));
  for (std::size_t n = 0; n < imet54::kNibbles; ++n) {
    for (int i = 0; i < 3; ++i) llr[word_bit(n, random() % 8)] = 0;
  }
  const auto t = flight.receive(llr, burst_state(0).utc, Effort::kHard);
  ASSERT_TRUE(t);
  test::expect_same(*t, flight.tx->take_truth().back());
}

TEST(Imet54Damage, WordsThatCouldBeTwoAreSettledByTheChecksum) {
  for (const char* variant : {"54", "54/continuous"}) {
    BurstFlight flight("iMet-54", named("", variant));
    const auto bits = flight.bits(burst_state(0));
    Llrs llr = test::to_llr(bits);
    for (const std::size_t n : {3, 90}) {  // two wrong bits, a little less certain
      for (const std::size_t bit : {1, 6}) llr[word_bit(n, bit)] *= -1.1F;
    }
    EXPECT_FALSE(flight.receive(llr, burst_state(0).utc, Effort::kHard));
    const auto t = flight.receive(llr, burst_state(0).utc, Effort::kErasures);
    ASSERT_TRUE(t) << variant;
    test::expect_same(*t, flight.tx->take_truth().back());
  }
}

TEST(Imet54Damage, TwoStrongErrorsInManyWordsAreRefused) {
  BurstFlight flight("iMet-54");
  std::mt19937 random(56);
  ASSERT_TRUE(flight.pass(burst_state(0)));
  for (int second = 1; second < 100; ++second) {
    Llrs llr = test::to_llr(flight.bits(burst_state(second)));
    for (std::size_t n = 0; n < imet54::kNibbles; n += 8) {
      for (std::size_t bit = 0; bit < 3; ++bit) llr[word_bit(n + random() % 8, bit)] *= -2;
    }
    EXPECT_FALSE(flight.receive(llr, burst_state(second).utc, Effort::kErasures));
  }
}

TEST(Imet54Damage, WhatStandsStillHelps) {
  BurstFlight known("iMet-54"), stranger("iMet-54");
  std::mt19937 random(57);
  int with = 0, without = 0;
  for (int second = 0; second < 30; ++second) ASSERT_TRUE(known.pass(burst_state(second)));
  for (int second = 30; second < 90; ++second) {
    const auto bits = known.bits(burst_state(second));
    const Llrs llr = test::with_noise(bits, 0.6, random);
    with += known.receive(llr, burst_state(second).utc) ? 1 : 0;
    stranger.decoder = find_sonde_type("iMet-54")->make();
    without += stranger.receive(llr, burst_state(second).utc) ? 1 : 0;
  }
  EXPECT_GT(with, without + 5);
}

TEST(Imet54Damage, HigherEffortLosesNothing) {
  BurstFlight flight("iMet-54");
  std::mt19937 random(58);
  for (int second = 0; second < 60; ++second) {
    const Llrs llr = test::with_noise(flight.bits(burst_state(second)), 3, random);
    Frame hard, soft;
    Llrs work = llr;
    if (!flight.decoder->correct(work, Effort::kHard, hard)) continue;
    work = llr;
    ASSERT_TRUE(flight.decoder->correct(work, Effort::kErasures, soft));
    EXPECT_EQ(hard.bytes, soft.bytes);
  }
}

// Start and stop bits refuse noise before the checksum is looked at: of 434 of them at least 68 %
// must be right by weight, which noise reaches once in 1e9 or less.
TEST(Imet54Damage, NoiseIsRefused) {
  const auto decoder = find_sonde_type("iMet-54")->make();
  std::mt19937 random(59);
  Frame frame;
  for (int i = 0; i < 3000; ++i) {
    Llrs llr = test::noise_only(kFrameBits, random);
    EXPECT_FALSE(decoder->correct(llr, Effort::kErasures, frame));
  }
  for (const float value : {0.0F, 8.0F, -8.0F, INFINITY, -INFINITY, NAN}) {
    Llrs llr(kFrameBits, value);
    EXPECT_FALSE(decoder->correct(llr, Effort::kErasures, frame)) << value;
  }
}

// With the framing right and random codewords: only the 20 and 32 bits of the checksums protect.
TEST(Imet54Damage, RandomWordsAreRefused) {
  const auto decoder = find_sonde_type("iMet-54")->make();
  std::mt19937 random(60);
  Frame frame;
  for (int i = 0; i < 1500; ++i) {
    std::vector<std::uint8_t> bytes(108);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    Llrs llr = on_air(bytes);
    for (float& x : llr) x *= 0.5F + static_cast<float>(random() % 100) * 0.01F;
    EXPECT_FALSE(decoder->correct(llr, Effort::kErasures, frame));
  }
}

TEST(Imet54Damage, ACleanFrameWithAnotherChecksumNeedsAFix) {
  BurstFlight flight("iMet-54");
  auto bytes = hex_bytes(kExample);
  bytes[107] ^= 0x55;
  Llrs llr = on_air(bytes);
  const auto t = flight.receive(llr, noon());
  ASSERT_TRUE(t);
  EXPECT_EQ(t->serial, "55064506");
  llr[word_bit(20, 2)] *= -1;
  EXPECT_FALSE(flight.receive(llr, noon(), Effort::kHard)) << "a wrong bit in the main part";
  EXPECT_FALSE(flight.receive(on_air(std::vector<std::uint8_t>(108, 0)), noon())) << "idle line";
}

}  // namespace
}  // namespace omnisonde
