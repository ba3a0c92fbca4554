// Weathex WxR-301D, plain and PN9: worked examples, every field, damage, noise, and the
// demodulator at its slice rate.
#include <cmath>

#include "decoders/sondes/wxr301_frame.hpp"
#include "dsp/fsk_demod.hpp"
#include "dsp/sample_ring.hpp"
#include "simulator/burst.hpp"
#include "tests/decoders/burst_bench.hpp"

namespace omnisonde {
namespace {

using test::burst_state;
using test::BurstFlight;
using test::hex_bytes;
using test::Llrs;
using test::named;

std::string zeros(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "00";
  return out;
}
// Own encoder of the format sheet's author.
std::string plain_example() {
  return "AA AA AA 2D D4 55 59 63 37 89 30 11 02 C0 D4 01 00 00 00 00 4C 1D D4 CF 24 B8 9F 11" +
         zeros(31) + "EA EC";
}
const char* const kPn9Example =
    "AA AA AA C1 94 C1 C6 78 E1 3A 80 28 FC 35 55 9E 9F 9D 0E E9 EA 50 66 A3 60 D4 92 08 C2 E0 E6 "
    "9A E3 45 FD 2C 53 18 0C CA C9 FB 49 37 E5 A8 51 3B 2F 61 AA 72 18 84 02 23 23 AB 63 89 51 59 "
    "0B";

Llrs on_air(const std::string& hex) {
  Llrs llr;
  for (const std::uint8_t byte : hex_bytes(hex)) {
    for (int bit = 7; bit >= 0; --bit) llr.push_back((byte >> bit & 1) != 0 ? 9.0F : -9.0F);
  }
  return llr;
}

/// The same sonde's first half of that second, plain.
Llrs first_half(std::size_t zero_bytes_changed = 0) {
  auto bytes = hex_bytes(plain_example());
  bytes[6 + 6] = 1;
  for (std::size_t i = 7; i < 53; ++i) bytes[6 + i] = static_cast<std::uint8_t>(i * 3);
  bytes[6 + 4] = static_cast<std::uint8_t>(bytes[6 + 4] + zero_bytes_changed);
  bytes[6 + 53] = bytes[6 + 54] = 0;
  for (std::size_t i = 0; i < 53; ++i) {
    bytes[6 + 53] ^= bytes[6 + i];
    bytes[6 + 54] = static_cast<std::uint8_t>(bytes[6 + 54] + bytes[6 + i]);
  }
  std::string hex;
  for (const std::uint8_t byte : bytes) {
    hex += "0123456789ABCDEF"[byte >> 4];
    hex += "0123456789ABCDEF"[byte & 15];
  }
  return on_air(hex);
}

const UtcMillis kNoon = from_civil({2026, 10, 20, 12, 0, 1});

TEST(Wxr301, MaskIsTheSheets) {
  const auto want = hex_bytes(
      "FF 87 B8 59 B7 A1 CC 24 57 5E 4B 9C 0E E9 EA 50 2A BE B4 1B B6 B0 5D F1 E6 9A E3 45 FD 2C "
      "53 "
      "18 0C CA C9 FB 49 37 E5 A8 51 3B 2F 61 AA 72 18 84 02 23 23 AB 63 89 51 B3 E7 8B 72 90 4C "
      "E8 "
      "FB C1");
  const auto mask = wxr301::pn9();
  EXPECT_TRUE(std::ranges::equal(mask, want));
}

TEST(Wxr301, BothWorkedExamplesHoldTheSameBlock) {
  const auto plain = wxr301::read_block(on_air(plain_example()), wxr301::kPlain, false);
  const auto pn9 = wxr301::read_block(on_air(kPn9Example), wxr301::kPn9, false);
  ASSERT_TRUE(plain && pn9);
  EXPECT_EQ(plain->bytes, pn9->bytes);
  const wxr301::Head head = wxr301::head_of(plain->bytes);
  EXPECT_EQ(head.serial, 2'302'108'505U);
  EXPECT_EQ(head.counter, 4400);
  EXPECT_EQ(head.kind, 2);
  const wxr301::Fix fix = wxr301::fix_of(plain->bytes);
  EXPECT_TRUE(fix.time_ok);
  EXPECT_EQ(fix.time_of_day_ms, 43'200'000);
  EXPECT_EQ(fix.latitude_e5, 4'825'000);
  EXPECT_EQ(fix.longitude_e5, 1'155'000);
  EXPECT_EQ(fix.altitude_dm, 120'000U);
}

TEST(Wxr301, ARecordNeedsBothHalvesOfItsSecond) {
  BurstFlight flight("WxR-301D");
  EXPECT_FALSE(flight.receive(on_air(plain_example()), kNoon));
  EXPECT_FALSE(flight.corrected) << "alone it could be noise";
  EXPECT_FALSE(flight.receive(first_half(1), kNoon)) << "another second";
  EXPECT_FALSE(flight.receive(on_air(plain_example()), kNoon));
  const auto t = flight.receive(first_half(), kNoon);
  ASSERT_TRUE(t) << "in whichever order";
  EXPECT_EQ(t->type, "WxR-301D");
  EXPECT_EQ(t->subtype, "");
  EXPECT_EQ(t->manufacturer, "Weathex");
  EXPECT_EQ(t->serial, "2302108505");
  EXPECT_EQ(t->frame_number, 4400U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:00.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 48.25, 1e-9);
  EXPECT_NEAR(t->position->longitude_deg, 11.55, 1e-9);
  EXPECT_NEAR(t->position->altitude_m, 12'000, 1e-9);
  EXPECT_EQ(t->hold_reason, "");
  EXPECT_FALSE(flight.receive(on_air(plain_example()), kNoon)) << "its first half is used up";
  EXPECT_TRUE(flight.corrected) << "but the sonde is known now";
}

class Wxr301Variant : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, Wxr301Variant, testing::Values("WxR-301D", "WxR-301D-5k"),
                         [](const auto& each) { return "V" + std::to_string(each.index); });

TEST_P(Wxr301Variant, EveryFieldSurvives) {
  for (const double south : {1.0, -1.0}) {
    BurstFlight flight(GetParam(), named(south > 0 ? "4294967295" : ""));
    for (int i = 0; i < 120; ++i) {
      sim::FlightState s = burst_state(i * 700);
      if (i % 2 == 1) s.utc.ms = burst_state((i - 1) * 700).utc.ms + 500;
      s.position.latitude_deg = south * (89.9 - 0.002 * i);
      s.position.longitude_deg = south * (179.9 - 0.003 * i);
      s.position.altitude_m = 0.1 + 200 * (i / 2);
      const auto t = flight.pass(s);
      const auto truth = flight.tx->take_truth();
      ASSERT_EQ(t.has_value(), i % 2 == 1) << i;
      ASSERT_EQ(truth.size(), t ? 1U : 0U);
      if (!t) continue;
      SCOPED_TRACE(i);
      test::expect_same(*t, truth[0], 0.6);
    }
  }
}

TEST_P(Wxr301Variant, WhatCannotBeTrueIsHeldBack) {
  BurstFlight flight(GetParam());
  const auto second = [&flight](const sim::FlightState& state) {
    sim::FlightState half = state;
    EXPECT_FALSE(flight.pass(half));
    half.utc.ms += 500;
    return flight.pass(half);
  };
  ASSERT_TRUE(second(burst_state(0)));
  sim::FlightState s = burst_state(1);
  s.position = {};
  EXPECT_EQ(second(s)->hold_reason, "no position");
  s = burst_state(2);
  s.position.latitude_deg = 100;
  EXPECT_EQ(second(s)->hold_reason, "impossible position");
  s = burst_state(3);
  s.position.latitude_deg += 1;
  EXPECT_EQ(second(s)->hold_reason, "position jump");
  EXPECT_EQ(second(burst_state(4))->hold_reason, "") << "the one before last is near";
}

TEST_P(Wxr301Variant, OneWeakBitIsRepairedOfAKnownSonde) {
  BurstFlight flight(GetParam());
  std::mt19937 random(301);
  const std::size_t bits = flight.spec().max_frame_bits;
  for (int second = 0; second < 40; ++second) {
    for (const int half : {0, 500}) {
      sim::FlightState s = burst_state(second);
      s.utc.ms += half;
      Llrs llr = test::to_llr(flight.bits(s), 9);
      const std::size_t wrong = bits - 1 - random() % wxr301::kBlockBits;
      if (second > 0) llr[wrong] = llr[wrong] > 0 ? -1.0F : 1.0F;
      const auto t = flight.receive(llr, s.utc);
      ASSERT_TRUE(flight.corrected || second == 0);
      EXPECT_EQ(t.has_value(), half == 500);
      if (t) {
        test::expect_same(*t, flight.tx->take_truth().back(), 0.6);
      }
      llr[bits - 60 - 8 * (random() % 5)] *= -1;  // two more, in two columns
      llr[bits - 1 - 8 * (random() % 5)] *= -1;
      Frame frame;
      EXPECT_FALSE(flight.decoder->correct(llr, Effort::kErasures, frame));
    }
  }
}

// Xor and sum cannot see a 1 and a 0 of one bit column that have changed places.
TEST_P(Wxr301Variant, WeakFramesAreRefusedThoughXorAndSumHold) {
  BurstFlight flight(GetParam());
  for (const int half : {0, 500}) {
    sim::FlightState s = burst_state(0);
    s.utc.ms += half;
    (void)flight.pass(s);
  }
  ASSERT_TRUE(flight.corrected);
  Llrs llr = test::to_llr(flight.bits(burst_state(1)), 9);
  for (float& x : llr) x /= 2;
  Frame frame;
  EXPECT_FALSE(flight.decoder->correct(llr, Effort::kErasures, frame));
}

TEST_P(Wxr301Variant, NoiseIsRefused) {
  BurstFlight flight(GetParam());
  std::mt19937 random(302);
  for (int i = 0; i < 20'000; ++i) {  // strong "bits": only xor, sum and the pair protect
    EXPECT_FALSE(flight.receive(
        test::noise_only(flight.spec().max_frame_bits, random, i % 2 == 0 ? 4 : 4000), kNoon));
  }
  for (const float value : {0.0F, 8.0F, -8.0F, INFINITY, -INFINITY, NAN}) {
    EXPECT_FALSE(flight.receive(Llrs(flight.spec().max_frame_bits, value), kNoon)) << value;
  }
}

/// One burst through the demodulator at 96 kHz, as the receiver runs it.
Llrs demodulated(const std::vector<std::uint8_t>& symbols, const SondeSpec& spec, double offset_hz,
                 double ppm, double ebn0_db, std::uint64_t seed) {
  const double rate = spec.modem.channel_rate_hz;
  sim::BurstOptions options;
  options.rate_hz = rate;
  options.ebn0_db = ebn0_db;
  options.seed = seed;
  options.impairments.offset_hz = offset_hz;
  options.impairments.clock_ppm = ppm;
  const auto samples = sim::modulate_burst(symbols, spec.modem, options);
  dsp::SampleRing ring(1U << 17U);
  ring.reset(0);
  ring.push(samples);
  dsp::FskDemod demod(spec.modem, rate);
  const dsp::FrameFit fit{
      .start = options.lead_s * rate + 2, .unit_scale = 1, .carrier_hz = offset_hz + 200};
  demod.load(ring, fit, spec.max_frame_bits);
  demod.refine_on_known(spec.sync_bits, false);
  Llrs llr(spec.max_frame_bits);
  demod.detect_best(llr);
  return llr;
}

TEST_P(Wxr301Variant, IsDemodulatedAtItsSliceRate) {
  int records = 0;
  BurstFlight flight(GetParam());
  for (int second = 0; second < 20; ++second) {
    for (const int half : {0, 500}) {
      sim::FlightState s = burst_state(second);
      s.utc.ms += half;
      const auto symbols = flight.tx->next_frame(s);
      const Llrs llr = demodulated(symbols, flight.spec(), second % 2 == 0 ? 3000 : -3000,
                                   second % 3 == 0 ? 50 : -50, 15,
                                   static_cast<std::uint64_t>(2 * second + half));
      const auto t = flight.receive(llr, s.utc);
      if (!t) continue;
      ++records;
      test::expect_same(*t, flight.tx->take_truth().back(), 0.6);
    }
  }
  EXPECT_GE(records, 19);
}

}  // namespace
}  // namespace omnisonde
