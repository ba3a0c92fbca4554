// CF-06AH, GTH3/GTH6 and CF-06 at 600 baud: worked examples, every field, damage, noise.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "decoders/sondes/cf06_frame.hpp"
#include "tests/decoders/burst_bench.hpp"

namespace omnisonde {
namespace {

using test::burst_state;
using test::BurstFlight;
using test::hex_bytes;
using test::Llrs;
using test::named;

// Own encoder of the format sheet's author; repeated bytes as a count.
std::string repeated(const char* byte, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += byte;
  return out;
}
std::string cf06_example() {
  return "2D D4 63 7F FF AA AA 16 08 00 00 50 2C E0 0C E0 63 E2 06 A0 5D C2 1C 00 1B B7 00 E1 06 "
         "76 "
         "01 F8 FD" +
         repeated("00", 12) + "08 00 8B 79 8E 58 55 6E 14 CF" + repeated("AA", 10) +
         "D9 A3 82 45 4E 0A 13 04 2C D0 A6 E9 80 9B F8 BA A1 8B 8F EF 47 D0 AB 00 64 DB 8D 08 C3 "
         "78 87 44 0F A3 DB 7D 5E";
}
std::string gth6_example() {
  return "2D D4 63 7F FF FF EE 26 31 00 00 00 0C 00 00 00 70 6C 4E 3E 44 95 57 3F C0 D4 01 00 76 "
         "01 "
         "E1 06 08 02" +
         repeated("00", 50) + "EE E9 00 00 B8 0B 48 47 00 00 00 00 00 07 08 00 C8 5F";
}
std::string slow_example() {
  return "0C 00 00 00 70 6C 4E 3E 44 95 57 3F C0 D4 01 00 76 01 E1 06 08 02" + repeated("00", 16) +
         "08 07 00 03 18 F8 A0 89";
}

/// Bytes behind the sync's preamble as soft bits, least significant bit first.
Llrs fast_air(const std::string& hex) {
  Llrs llr;
  for (std::size_t i = 0; i < cf06::kPreambleBits; ++i) {
    llr.push_back(cf06::kFastSync[i] == '1' ? 8.0F : -8.0F);
  }
  const Llrs body = test::bytes_to_llr(hex_bytes(hex));
  llr.insert(llr.end(), body.begin(), body.end());
  return llr;
}
Llrs slow_air(const std::string& hex) {
  Llrs llr;
  for (const char c : cf06::kSlowSync) llr.push_back(c == '1' ? 8.0F : -8.0F);
  for (const std::uint8_t byte : hex_bytes(hex)) {
    for (int bit = 7; bit >= 0; --bit) llr.push_back((byte >> bit & 1) != 0 ? 8.0F : -8.0F);
  }
  return llr;
}

void expect_example_fix(const Telemetry& t, double by_deg) {
  EXPECT_NEAR(t.position->latitude_deg, 48.25, by_deg);
  EXPECT_NEAR(t.position->longitude_deg, 11.55, by_deg);
  EXPECT_NEAR(t.position->altitude_m, 12'000, 1e-6);
  EXPECT_NEAR(*t.velocity_h_mps, 18.003F, 0.001F);
  EXPECT_NEAR(*t.heading_deg, 78.01F, 0.01F);
  EXPECT_NEAR(*t.velocity_v_mps, 5.20F, 1e-4F);
  EXPECT_EQ(t.height_reference, HeightReference::kMeanSeaLevel);
  EXPECT_EQ(t.hold_reason, "");
}

TEST(Cf06, DecodesTheWorkedExample) {
  BurstFlight flight("CF-06");
  const auto t = flight.receive(fast_air(cf06_example()), from_civil({2026, 10, 20, 12, 0, 0}));
  ASSERT_TRUE(t);
  EXPECT_EQ(flight.frame.bytes, hex_bytes(cf06_example()));
  EXPECT_EQ(flight.frame.bits_corrected, 0);
  EXPECT_EQ(flight.frame.byte_ok[60], 1) << "the second word holds too";
  EXPECT_EQ(t->type, "CF-06");
  EXPECT_EQ(t->serial, "22080000");
  EXPECT_EQ(t->frame_number, 216'018U);
  EXPECT_EQ(t->time_reference, TimeReference::kGps);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:18.000Z");
  EXPECT_FALSE(t->satellites || t->temperature_c);
  expect_example_fix(*t, 1e-9);
}

TEST(Gth6, DecodesTheWorkedExample) {
  BurstFlight flight("GTH6");
  const auto t = flight.receive(fast_air(gth6_example()), from_civil({2026, 10, 20, 12, 0, 0}));
  ASSERT_TRUE(t);
  EXPECT_EQ(flight.frame.bytes, hex_bytes(gth6_example()));
  EXPECT_EQ(t->type, "GTH6");
  EXPECT_EQ(t->serial, "26310000");
  EXPECT_EQ(t->frame_number, 1800U);
  EXPECT_EQ(t->time_reference, TimeReference::kUtc);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:00.000Z");
  EXPECT_NEAR(*t->temperature_c, -56.5F, 1e-4F);
  EXPECT_NEAR(*t->humidity_pct, 30.0F, 1e-4F);
  EXPECT_NEAR(*t->pressure_hpa, 182.48F, 1e-3F);
  EXPECT_NEAR(t->position->latitude_deg, 48.2499999, 5e-8);
  EXPECT_NEAR(t->position->longitude_deg, 11.5500002, 5e-8);
  expect_example_fix(*t, 1e-6);
}

TEST(Cf06Slow, DecodesTheWorkedExample) {
  BurstFlight flight("CF-06-600");
  const auto t = flight.receive(slow_air(slow_example()), from_civil({2026, 10, 20, 12, 0, 0}));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "CF-06");
  EXPECT_EQ(t->serial, "203000");
  EXPECT_EQ(t->frame_number, 1800U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:00.000Z");
  expect_example_fix(*t, 1e-6);
}

// Nobody has published its deviation, and one receiver bears a difference of 300 Hz.
TEST(Cf06Slow, ThreeDeviationsAreTriedUnderOneName) {
  std::vector<double> deviations_hz;
  for (const SondeType* type : receivers_of(*find_sonde_type("CF-06-600"))) {
    deviations_hz.push_back(type->spec->modem.deviation_hz);
  }
  EXPECT_EQ(deviations_hz, (std::vector<double>{2300, 1100, 540}));
  EXPECT_EQ(std::ranges::count(sonde_type_names(), "CF-06-600"), 1);
}

TEST(Cf06, TheTwoKindsDoNotTakeEachOther) {
  BurstFlight cf06("CF-06"), gth6("GTH6");
  EXPECT_FALSE(cf06.receive(fast_air(gth6_example()), burst_state(0).utc));
  EXPECT_FALSE(gth6.receive(fast_air(cf06_example()), burst_state(0).utc));
}

class Cf06Family : public testing::TestWithParam<const char*> {};

TEST_P(Cf06Family, EveryFieldSurvives) {
  BurstFlight flight(GetParam(), named("123456"));
  for (int i = 0; i < 60; ++i) {
    sim::FlightState s = burst_state(i * 9001 + i * 100);  // through all hours
    s.utc.ms += i % 10 * 100;
    s.position.latitude_deg = -90 + 3.05 * i;
    s.position.longitude_deg = 180 - 6.1 * i;
    s.position.altitude_m = -400 + 1000.7 * i;
    s.velocity_north_mps = 90 - 3.3 * i;
    s.velocity_east_mps = -100 + 3.3 * i;
    s.velocity_up_mps = i % 2 == 0 ? 5.5 : -80.1;
    s.temperature_c = 40 - 2.3 * i;
    s.humidity_pct = i * 100.0 / 59;
    s.pressure_hpa = 1060.3 - 17.9 * i;
    s.satellites = i % 20;
    const auto t = flight.pass(s);
    ASSERT_TRUE(t) << i;
    SCOPED_TRACE(i);
    test::expect_same(*t, flight.tx->take_truth().at(0), 1.0);
    EXPECT_EQ(flight.frame.bits_corrected, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Cf06Family, testing::Values("CF-06", "GTH6", "CF-06-600"),
                         [](const auto& each) { return "V" + std::to_string(each.index); });

TEST(Cf06, WeekEndsAtSaturdayMidnightOfGpsTime) {
  BurstFlight flight("CF-06");
  sim::FlightState s = burst_state(0);
  s.utc = {from_civil({2026, 10, 24, 23, 59, 42}).ms};  // Sunday 00:00:00 in GPS time
  const Llrs llr = test::to_llr(flight.bits(s));
  for (const int off_s : {-3600, -10, 0, 10, 3600}) {
    const auto t = flight.receive(llr, UtcMillis{s.utc.ms + off_s * 1000});
    EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-25T00:00:00.000Z") << off_s;
    EXPECT_EQ(t->frame_number, 0U);
  }
  EXPECT_EQ(flight.receive(llr, UtcMillis{3000})->hold_reason,
            "date not known: the receiver's clock is not set");
}

TEST(Gth6, DateComesFromTheReceiversClock) {
  BurstFlight flight("GTH6");
  sim::FlightState s = burst_state(0);
  s.utc = {from_civil({2026, 12, 31, 23, 59, 59}).ms + 900};
  const Llrs llr = test::to_llr(flight.bits(s));
  EXPECT_EQ(flight.receive(llr, UtcMillis{s.utc.ms + 5000})->datetime, s.utc);
}

TEST(Gth6, AFlightWithoutSensorsReportsNone) {
  BurstFlight flight("GTH6");
  sim::FlightState s = burst_state(0);
  s.temperature_c = s.humidity_pct = s.pressure_hpa = 0;
  const auto t = flight.pass(s);
  ASSERT_TRUE(t);
  EXPECT_FALSE(t->temperature_c || t->humidity_pct || t->pressure_hpa);
}

TEST_P(Cf06Family, WhatCannotBeTrueIsHeldBack) {
  BurstFlight flight(GetParam());
  sim::FlightState s = burst_state(0);
  s.position.latitude_deg = s.position.longitude_deg = 0;
  const auto t = flight.pass(s);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->hold_reason, "no position");
  EXPECT_FALSE(t->position);
  s = burst_state(1);
  s.position.altitude_m = 70'000;
  EXPECT_EQ(flight.pass(s)->hold_reason, "altitude outside -500..60000 m");
}

TEST_P(Cf06Family, EmptyFramesAreRefused) {
  BurstFlight flight(GetParam());
  for (const float value : {0.0F, 8.0F, -8.0F, INFINITY, -INFINITY, NAN}) {
    EXPECT_FALSE(flight.receive(Llrs(flight.spec().max_frame_bits, value), burst_state(0).utc))
        << value;
  }
}

TEST_P(Cf06Family, NoiseIsRefused) {
  BurstFlight flight(GetParam());
  std::mt19937 random(6);
  for (int i = 0; i < 3000; ++i) {
    EXPECT_FALSE(
        flight.receive(test::noise_only(flight.spec().max_frame_bits, random), burst_state(0).utc));
  }
}

/// Positions of the first Reed-Solomon word, in random order.
std::vector<std::size_t> shuffled(std::mt19937& random) {
  std::vector<std::size_t> at;
  for (std::size_t i = 7; i < 55; ++i) at.push_back(i);
  std::shuffle(at.begin(), at.end(), random);
  return at;
}

TEST(Cf06Damage, ThreeBytesPerWordAreCorrectedBySignsAlone) {
  BurstFlight flight("CF-06");
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    Llrs llr = test::to_llr(flight.bits(burst_state(round)));
    const auto at = shuffled(random);
    for (std::size_t i = 0; i < 3; ++i) test::hit_byte(llr, 2 + at[i], random);
    for (const std::size_t byte : {70, 80, 90}) test::hit_byte(llr, 2 + byte, random);
    const auto t = flight.receive(llr, burst_state(round).utc, Effort::kHard);
    ASSERT_TRUE(t);
    test::expect_same(*t, flight.tx->take_truth().back());
    EXPECT_EQ(flight.frame.byte_ok[75], 1);
    EXPECT_GE(flight.frame.bits_corrected, 6);
  }
}

TEST(Cf06Damage, FourToSixUnsureBytesAreCorrectedByErasures) {
  BurstFlight flight("CF-06");
  std::mt19937 random(8);
  for (int round = 0; round < 60; ++round) {
    Llrs llr = test::to_llr(flight.bits(burst_state(round)));
    const auto at = shuffled(random);
    const std::size_t count = 4 + static_cast<std::size_t>(round % 3);
    for (std::size_t i = 0; i < count; ++i) test::hit_byte(llr, 2 + at[i], random, 1.0F);
    EXPECT_FALSE(flight.receive(llr, burst_state(round).utc, Effort::kHard));
    const auto t = flight.receive(llr, burst_state(round).utc, Effort::kErasures);
    ASSERT_TRUE(t) << count;
    test::expect_same(*t, flight.tx->take_truth().back());
  }
}

TEST(Cf06Damage, MoreIsRefused) {
  BurstFlight flight("CF-06");
  std::mt19937 random(9);
  for (int round = 0; round < 400; ++round) {
    Llrs llr = test::to_llr(flight.bits(burst_state(round)));
    const auto at = shuffled(random);
    for (std::size_t i = 0; i < 9; ++i) test::hit_byte(llr, 2 + at[i], random);
    EXPECT_FALSE(flight.receive(llr, burst_state(round).utc));
  }
}

TEST(Cf06Damage, ALostSecondWordCostsNothing) {
  BurstFlight flight("CF-06");
  std::mt19937 random(10);
  Llrs llr = test::to_llr(flight.bits(burst_state(0)));
  for (std::size_t byte = 66; byte < 80; ++byte) test::hit_byte(llr, 2 + byte, random);
  const auto t = flight.receive(llr, burst_state(0).utc, Effort::kHard);
  ASSERT_TRUE(t);
  EXPECT_EQ(flight.frame.byte_ok[70], 0);
  EXPECT_EQ(flight.frame.byte_ok[20], 1);
}

TEST(Cf06Damage, WhatStandsStillHelps) {
  for (const char* type : {"CF-06", "GTH6", "CF-06-600"}) {
    BurstFlight known(type), stranger(type);
    std::mt19937 random(11);
    int with = 0, without = 0;
    for (int second = 0; second < 60; ++second) ASSERT_TRUE(known.pass(burst_state(second)));
    for (int second = 60; second < 260; ++second) {
      const double es_n0_db = std::string_view(type) == "CF-06" ? 2.5 : 4.5;
      const Llrs llr = test::with_noise(known.bits(burst_state(second)), es_n0_db, random);
      const auto t = known.receive(llr, burst_state(second).utc);
      with += t ? 1 : 0;
      stranger.decoder = find_sonde_type(type)->make();
      without += stranger.receive(llr, burst_state(second).utc) ? 1 : 0;
      if (t) {
        test::expect_same(*t, known.tx->take_truth().back(), 1.0);
      }
    }
    EXPECT_GT(with, without) << type;
  }
}

// The two least certain bits are the only ones a lone CRC-16 lets us doubt.
TEST(Gth6Damage, OneWeakBitIsRepairedAndNoMore) {
  for (const char* type : {"GTH6", "CF-06-600"}) {
    BurstFlight flight(type);
    std::mt19937 random(12);
    const std::size_t bits = flight.spec().max_frame_bits;
    for (int round = 0; round < 50; ++round) {
      Llrs llr = test::to_llr(flight.bits(burst_state(round)));
      const std::size_t wrong = 64 + random() % (bits - 64), other = 64 + random() % (bits - 64);
      llr[wrong] = llr[wrong] > 0 ? -1.0F : 1.0F;
      llr[other] = llr[other] > 0 ? std::min(llr[other], 0.5F) : std::max(llr[other], -0.5F);
      EXPECT_FALSE(flight.receive(llr, burst_state(round).utc, Effort::kHard));
      const auto t = flight.receive(llr, burst_state(round).utc, Effort::kErasures);
      if (wrong == other) continue;
      ASSERT_TRUE(t) << type;
      test::expect_same(*t, flight.tx->take_truth().back(), 1.0);
      llr[64 + (wrong + 100) % (bits - 64)] *= -1;
      EXPECT_FALSE(flight.receive(llr, burst_state(round).utc, Effort::kErasures));
    }
  }
}

}  // namespace
}  // namespace omnisonde
