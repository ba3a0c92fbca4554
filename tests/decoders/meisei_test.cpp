#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>

#include "decoders/sonde.hpp"
#include "decoders/sondes/meisei_config.hpp"
#include "decoders/sondes/meisei_frame.hpp"
#include "simulator/transmitter.hpp"
#include "tests/decoders/line_air.hpp"
#include "tests/decoders/meisei_air.hpp"

namespace omnisonde {
namespace {

using line_air::clean_llr;
using line_air::noisy_llr;
using meisei::kB;
using meisei::Words;
using meisei_air::chips_of;
using meisei_air::kNoonMs;
using meisei_air::Station;
using meisei_air::words_of;

TEST(Meisei, SheetExampleOfTheIms100) {
  Station station;
  EXPECT_FALSE(
      station.receive("049DCE 3E6C 90D1 EF5A 43FF 0000 26B7 68B0 30C1 0000 0000 7530 0C00"
                      "FB6230 4E8A 02DE B7D7 00AC F2A4 128C 702B 2436 C4C0 2057 0DAB 176E"));
  const auto t = station.receive(
      "049DCE 3E6D 0000 0000 0000 0000 26B7 68B1 31C1 0000 0000 00D8 0000"
      "FB6230 0000 0060 0300 2423 2224 2220 2014 211B 1322 0000 0000 C0F0");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "iMS-100");
  EXPECT_EQ(t->manufacturer, "Meisei");
  EXPECT_EQ(t->frame_number, 15980U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:30.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 48.2508117, 5e-8);
  EXPECT_NEAR(t->position->longitude_deg, 11.5571800, 5e-8);
  EXPECT_NEAR(t->position->altitude_m, 12156.00, 1e-6);
  EXPECT_EQ(t->height_reference, HeightReference::kMeanSeaLevel);
  EXPECT_NEAR(*t->velocity_h_mps, 18.0005F, 1e-4F);
  EXPECT_NEAR(*t->heading_deg, 82.79F, 1e-4F);
  EXPECT_NEAR(*t->velocity_v_mps, 4.9387F, 1e-4F);
  EXPECT_EQ(t->hold_reason, kSerialUnknown);
  EXPECT_FLOAT_EQ(meisei::ims100_float(0xEF5A, 0x43FF), 511.86993F);
}

TEST(Meisei, SheetExampleOfTheRs11g) {
  Station station;
  EXPECT_FALSE(
      station.receive("049DCE 1CB0 B2A5 0A38 5897 00FC 2FC2 8128 30A2 0000 0000 6004 0610"
                      "FB6230 8080 1CC2 7EE3 06E3 8F2D 0012 9080 0708 2074 01EA 14EA 0A14"));
  const auto t = station.receive(
      "049DCE 1CB1 6077 0000 028A 0774 2FC2 8128 31A2 FFFF 00E6 007D 0C00"
      "FB6230 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 BCE4");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "RS-11G");
  EXPECT_EQ(t->frame_number, 7344U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:32.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 48.2508515, 5e-8);
  EXPECT_NEAR(t->position->longitude_deg, 11.5576621, 5e-8);
  EXPECT_NEAR(t->position->altitude_m, 12166.40, 1e-6);
  EXPECT_FLOAT_EQ(*t->velocity_h_mps, 18.00F);
  EXPECT_FLOAT_EQ(*t->heading_deg, 83.08F);
  EXPECT_FLOAT_EQ(*t->velocity_v_mps, 4.90F);
  EXPECT_FLOAT_EQ(meisei::rs11g_float(0x0A38, 0x5897), 7085061);
}

TEST(Meisei, CapturedWordsOfTheIms100) {
  Station station;
  const std::int64_t then = from_civil({2014, 10, 9, 12, 0, 0, 0}).ms;
  station.receive(
      "049DCE 3E22 8023 DBF5 3FA7 0000 3C74 6284 30C1 0000 0000 ABE0 0B3B"
      "FB6230 2390 031E ECCC 00E6 56E4 2327 562B 2436 C4C0 1CDB 0F18 B09A",
      then);
  const auto t = station.receive(
      "049DCE 3E23 516A F62B 3FC7 0000 3C73 90D1 31C1 0000 0000 AB09 0000"
      "FB6230 0000 0000 0003 2423 2224 2220 2014 211B 1322 0000 0000 67C4",
      then);
  ASSERT_TRUE(t);
  EXPECT_EQ(to_iso8601(*t->datetime), "2014-10-09T11:59:44.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 52.5972467, 5e-8);
  EXPECT_NEAR(t->position->longitude_deg, 15.1592067, 5e-8);
  EXPECT_NEAR(t->position->altitude_m, 23038.30, 1e-6);
  EXPECT_FLOAT_EQ(*t->heading_deg, 73.87F);
  EXPECT_NEAR(*t->velocity_h_mps, 19.878F, 5e-4F);
  EXPECT_FALSE(t->velocity_v_mps);
}

TEST(Meisei, CapturedWordsOfAnRs11gWithoutSerial) {
  Station station;
  station.receive(
      "049DCE 2624 B2A6 FFFF FFFF 00FD 5572 75F8 30A2 0000 0000 4804 0610"
      "FB6230 8080 15A2 B586 5360 C435 000E E969 0F5F 2939 00FD 14E7 0310");
  const auto t = station.receive(
      "049DCE 2625 6077 FFFF FFFF 0774 5545 75F9 31A2 FFFF 00E6 4871 040D"
      "FB6230 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000 9B16");
  ASSERT_TRUE(t);
  EXPECT_EQ(to_iso8601(*t->datetime), "2023-03-16T04:13:29.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 36.2984838, 5e-8);
  EXPECT_NEAR(t->position->longitude_deg, 139.8850613, 5e-8);
  EXPECT_NEAR(t->position->altitude_m, 9772.57, 1e-6);
  EXPECT_FLOAT_EQ(*t->velocity_h_mps, 39.35F);
  EXPECT_FLOAT_EQ(*t->heading_deg, 105.53F);
  EXPECT_FLOAT_EQ(*t->velocity_v_mps, 2.53F);
  EXPECT_EQ(t->hold_reason, kSerialUnknown);
}

TEST(Meisei, DocumentedFramesDecode) {
  const std::filesystem::path file =
      std::filesystem::path(OMNISONDE_SHARED_DIR) / "recordings/frames/meisei_rs1729_doc.hex";
  std::ifstream in(file);
  if (!in) GTEST_SKIP() << file << " is not here";
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 4U);
  Station rs, ims;
  rs.receive(lines[0]);
  const auto a = rs.receive(lines[1]);
  ASSERT_TRUE(a);
  EXPECT_EQ(a->type, "RS-11G");
  EXPECT_EQ(a->frame_number, 7270U);
  EXPECT_NEAR(a->position->latitude_deg, 52.3853822, 5e-8);
  EXPECT_NEAR(a->position->longitude_deg, 14.5188160, 5e-8);
  EXPECT_NEAR(a->position->altitude_m, 10404.13, 1e-6);
  EXPECT_FLOAT_EQ(*a->velocity_h_mps, 31.16F);
  EXPECT_FLOAT_EQ(*a->heading_deg, 77.97F);
  EXPECT_FLOAT_EQ(*a->velocity_v_mps, 5.92F);
  EXPECT_EQ(a->datetime->ms % 86'400'000, ((11 * 60 + 20) * 60 + 10) * 1000);
  ims.receive(lines[2], from_civil({2014, 10, 9, 12, 0, 0, 0}).ms);
  const auto b = ims.receive(lines[3], from_civil({2014, 10, 9, 12, 0, 0, 0}).ms);
  ASSERT_TRUE(b);
  EXPECT_EQ(b->type, "iMS-100");
  EXPECT_EQ(b->frame_number, 15906U);
  EXPECT_NEAR(b->position->latitude_deg, 52 + 35.8348 / 60, 5e-8);
  EXPECT_NEAR(b->position->longitude_deg, 15 + 9.5524 / 60, 5e-8);
}

struct Flight {
  std::vector<Telemetry> got;
  std::map<std::uint32_t, Telemetry> sent;
  int good_frames = 0;
};

sim::FlightState state_at(std::int64_t ms) {
  sim::FlightState s;
  s.utc = {ms};
  s.position = {48.2508117, 11.55718, 12156};
  s.velocity_north_mps = 8.5;
  s.velocity_east_mps = -12.25;
  s.velocity_up_mps = 5.2;
  s.temperature_c = -56.5;
  s.humidity_pct = 29.6;
  return s;
}

Flight fly(const std::string& type, sim::FlightState state, int frames, float noise_x = 0,
           const std::string& serial = "7085061") {
  auto tx = sim::make_transmitter(type, {.serial = serial, .variant = {}, .xdata = {}});
  Station station;
  std::mt19937_64 random(6);
  Flight flight;
  for (int i = 0; i < frames; ++i, state.utc.ms += 500) {
    const auto chips = tx->next_frame(state);
    const auto llr = noise_x > 0 ? noisy_llr(chips, noise_x, random) : clean_llr(chips);
    if (!station.climb(llr)) continue;
    ++flight.good_frames;
    if (const auto record = station.parse(state.utc.ms)) flight.got.push_back(*record);
  }
  for (const Telemetry& t : tx->take_truth()) flight.sent[*t.frame_number] = t;
  return flight;
}

void expect_same(const Telemetry& sent, const Telemetry& got) {
  EXPECT_EQ(got.type, sent.type);
  EXPECT_EQ(*got.datetime, *sent.datetime);
  EXPECT_NEAR(got.position->latitude_deg, sent.position->latitude_deg, 1e-9);
  EXPECT_NEAR(got.position->longitude_deg, sent.position->longitude_deg, 1e-9);
  EXPECT_NEAR(got.position->altitude_m, sent.position->altitude_m, 1e-6);
  EXPECT_NEAR(*got.velocity_h_mps, *sent.velocity_h_mps, 1e-4F);
  EXPECT_FLOAT_EQ(*got.heading_deg, *sent.heading_deg);
  EXPECT_EQ(got.velocity_v_mps.has_value(), sent.velocity_v_mps.has_value());
  if (got.velocity_v_mps && sent.velocity_v_mps) {
    EXPECT_NEAR(*got.velocity_v_mps, *sent.velocity_v_mps, 1e-4F);
  }
  if (got.temperature_c) {
    EXPECT_NEAR(*got.temperature_c, *sent.temperature_c, 0.35F);
  }
  if (got.humidity_pct) {
    EXPECT_NEAR(*got.humidity_pct, *sent.humidity_pct, 0.02F);
  }
  if (!got.serial.empty()) {
    EXPECT_EQ(got.serial, sent.serial);
  }
}

TEST(Meisei, EveryFieldOfBothTypesRounds) {
  for (const std::string type : {"iMS-100", "RS-11G"}) {
    const Flight flight = fly(type, state_at(kNoonMs), 140);
    ASSERT_EQ(flight.got.size(), flight.sent.size()) << type;
    for (const Telemetry& got : flight.got) expect_same(flight.sent.at(*got.frame_number), got);
    const Telemetry& last = flight.got.back();
    EXPECT_EQ(last.serial, "7085061");
    EXPECT_EQ(last.hold_reason, "");
    EXPECT_TRUE(last.temperature_c);
    EXPECT_TRUE(last.humidity_pct);
    ASSERT_TRUE(last.tx_frequency_mhz);
    EXPECT_NEAR(*last.tx_frequency_mhz, 403.0, 1e-6);
    EXPECT_EQ(last.identity_epoch, flight.got.front().identity_epoch);
  }
}

TEST(Meisei, ExtremesOfEveryField) {
  for (const std::string type : {"iMS-100", "RS-11G"}) {
    for (const GeoPosition place :
         {GeoPosition{-89.9, -179.99, 35'000}, GeoPosition{71.3, 179.9999, -12},
          GeoPosition{-0.5, 0.25, 49'000}}) {
      sim::FlightState state = state_at(kNoonMs);
      state.position = place;
      state.velocity_up_mps = -95;
      state.velocity_north_mps = -120;
      state.temperature_c = place.latitude_deg < -80 ? -80 : 35;
      state.humidity_pct = 99;
      const Flight flight = fly(type, state, 140);
      ASSERT_EQ(flight.got.size(), flight.sent.size());
      for (const Telemetry& got : flight.got) expect_same(flight.sent.at(*got.frame_number), got);
      EXPECT_EQ(flight.got.back().hold_reason, "");
    }
  }
}

TEST(Meisei, MidnightAndYearRollOver) {
  for (const std::string type : {"iMS-100", "RS-11G"}) {
    const Flight flight = fly(type, state_at(from_civil({2029, 12, 31, 23, 59, 55, 750}).ms), 40);
    ASSERT_EQ(flight.got.size(), flight.sent.size());
    for (const Telemetry& got : flight.got) expect_same(flight.sent.at(*got.frame_number), got);
    EXPECT_EQ(to_civil(*flight.got.back().datetime).year, 2030);
  }
}

TEST(Meisei, HoldsWhatMustNotBeUploaded) {
  sim::FlightState state = state_at(kNoonMs);
  state.position = {0, 0, 100};
  for (const std::string type : {"iMS-100", "RS-11G"}) {
    const Telemetry last = fly(type, state, 100).got.back();
    EXPECT_EQ(last.hold_reason, "no position");
    EXPECT_FALSE(last.position);
  }
}

TEST(Meisei, ALostOddFrameCostsAnIms100ItsClimbOnly) {
  auto tx = sim::make_transmitter("iMS-100", {.serial = {}, .variant = {}, .xdata = {}});
  Station station;
  std::vector<Telemetry> got;
  for (int i = 0; i < 6; ++i) {
    const auto chips = tx->next_frame(state_at(kNoonMs + 500 * i));
    if (i == 1) continue;
    ASSERT_TRUE(station.correct(clean_llr(chips)));
    if (const auto t = station.parse()) got.push_back(*t);
  }
  ASSERT_EQ(got.size(), 3U);
  EXPECT_FALSE(got[0].velocity_v_mps);
  EXPECT_TRUE(got[1].velocity_v_mps);
}

TEST(Meisei, AnotherSerialIsAnotherSonde) {
  auto first = sim::make_transmitter("iMS-100", {.serial = "11111", .variant = {}, .xdata = {}});
  auto second = sim::make_transmitter("iMS-100", {.serial = "22222", .variant = {}, .xdata = {}});
  Station station;
  std::optional<Telemetry> before, after;
  for (int i = 0; i < 160; ++i) {
    auto& tx = i < 80 ? first : second;
    ASSERT_TRUE(station.correct(clean_llr(tx->next_frame(state_at(kNoonMs + 500 * i)))));
    if (const auto t = station.parse(kNoonMs + 500 * i)) (i < 80 ? before : after) = t;
  }
  EXPECT_EQ(before->serial, "11111");
  EXPECT_EQ(after->serial, "22222");
  EXPECT_NE(before->identity_epoch, after->identity_epoch);
}

TEST(Meisei, TwoWrongBitsInEveryBlockAreCorrected) {
  std::mt19937_64 random(2);
  auto tx = sim::make_transmitter("RS-11G", {.serial = {}, .variant = {}, .xdata = {}});
  const auto chips = tx->next_frame(state_at(kNoonMs));
  for (int round = 0; round < 50; ++round) {
    auto llr = clean_llr(chips);
    for (std::size_t block = 0; block < 12; ++block) {
      for (int k = 0; k < 2; ++k) {
        // The second chip of a bit turned certainly, the first of the next one unsure: a wrong bit.
        const std::size_t bit = block / 6 * 300 + 24 + block % 6 * 46 + random() % 46;
        llr[2 * bit] = llr[2 * bit + 1] = 0;
      }
    }
    Station station;
    ASSERT_TRUE(station.climb(llr));
    std::vector<float> clean = clean_llr(chips);
    Station reference;
    ASSERT_TRUE(reference.correct(clean));
    EXPECT_EQ(station.frame().bytes, reference.frame().bytes);
  }
}

TEST(Meisei, EitherPolarityDecodes) {
  auto tx = sim::make_transmitter("iMS-100", {.serial = {}, .variant = {}, .xdata = {}});
  auto llr = clean_llr(tx->next_frame(state_at(kNoonMs)));
  Station a, b;
  ASSERT_TRUE(a.correct(llr));
  for (float& x : llr) x = -x;
  ASSERT_TRUE(b.correct(llr));
  EXPECT_EQ(a.frame().bytes, b.frame().bytes);
}

TEST(Meisei, WeakFramesAreRightOrRefused) {
  // One chip in 15 wrong.
  for (const std::string type : {"iMS-100", "RS-11G"}) {
    const Flight flight = fly(type, state_at(kNoonMs), 160, 1.5F);
    EXPECT_GT(flight.good_frames, 60) << type;
    for (const Telemetry& got : flight.got) {
      ASSERT_TRUE(flight.sent.contains(*got.frame_number));
      Telemetry sent = flight.sent.at(*got.frame_number);
      if (got.hold_reason == "position or time jump") continue;
      if (!got.velocity_v_mps) sent.velocity_v_mps.reset();
      expect_same(sent, got);
    }
  }
}

TEST(Meisei, NoiseGivesNoFrame) {
  // Twelve blocks of twelve check bits and two parities: far below 1e-9 of noise passes.
  std::mt19937_64 random(11);
  Station station;
  for (int i = 0; i < 1500; ++i) {
    ASSERT_FALSE(station.climb(line_air::noise_llr(meisei::kFrameChips, random)));
  }
}

TEST(Meisei, ARecordThatJumpsIsHeld) {
  auto tx = sim::make_transmitter("RS-11G", {.serial = {}, .variant = {}, .xdata = {}});
  Station station;
  std::vector<std::string> holds;
  for (int i = 0; i < 100; ++i) {
    sim::FlightState state = state_at(kNoonMs + 500 * i);
    if (i == 80) state.position.latitude_deg += 0.1;
    ASSERT_TRUE(station.correct(clean_llr(tx->next_frame(state))));
    if (const auto t = station.parse(state.utc.ms)) holds.push_back(t->hold_reason);
  }
  EXPECT_EQ(holds.at(39), "");
  EXPECT_EQ(holds.at(40), "position or time jump");
  EXPECT_EQ(holds.at(42), "");
}

TEST(Meisei, AWrongChecksumIsRefused) {
  Words words = words_of(
      "049DCE 3E6C 90D1 EF5A 43FF 0000 26B7 68B0 30C1 0000 0000 7530 0C00"
      "FB6230 4E8A 02DE B7D7 00AC F2A4 128C 702B 2436 C4C0 2057 0DAB 176E");
  words[kB + 2] ^= 1U;
  Station station;
  EXPECT_FALSE(station.climb(clean_llr(chips_of(words))));
}

TEST(MeiseiConfig, Rs11gNumbersRound) {
  for (const float value : {0.0F, 1.0F, -1.0F, 0.02F, -230.5F, 7085061.0F, 868.25F}) {
    const std::uint32_t words = meisei::rs11g_words(value);
    EXPECT_FLOAT_EQ(meisei::rs11g_float(static_cast<std::uint16_t>(words),
                                        static_cast<std::uint16_t>(words >> 16U)),
                    value);
  }
}

}  // namespace
}  // namespace omnisonde
