#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "decoders/geo/gps_time.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/mrz_frame.hpp"
#include "simulator/transmitter.hpp"
#include "tests/decoders/line_air.hpp"

namespace omnisonde {
namespace {

using line_air::bits_of;
using line_air::clean_llr;
using line_air::hex_bytes;
using line_air::noisy_llr;

constexpr std::int64_t kNoonMs = 1'792'497'600'000;  // 2026-10-20T12:00:00Z
constexpr std::size_t kEcefBits = mrz::frame_bits(mrz::Layout::kEcef);
constexpr std::size_t kLatLonBits = mrz::frame_bits(mrz::Layout::kLatLon);

const char* const kEcef12 =
    "AA AA BF 35 8C 0C 00 00 00 B5 1D E5 18 FF 6A 16 05 33 5B 47 1C E1 FE CA 06 7D 02 0A 00 00 EE "
    "E9 B8 0B FF FF C4 00 31 00 B1 CC 12 00 0D B9 3B 06 00 56 AB";
const char* const kEcef13 =
    "AA AA BF 35 8D 0C 00 02 00 78 1B E5 18 A2 78 16 05 2A 60 47 1C EE FE CF 06 7D 02 0C 00 00 F5 "
    "E9 B5 0B FF FF 19 FF 30 00 DA C9 12 00 0E D1 4A 06 00 76 A6";
const char* const kEcef15 =
    "AA AA BF 35 8F 0C 00 06 00 28 17 E5 18 FF 93 16 05 F0 69 47 1C 05 FF D8 06 7A 02 0C 00 00 01 "
    "EA B0 0B FF FF 0F FC 30 00 3E C4 12 00 10 42 11 03 00 CC 83";
const char* const kLatLon15 =
    "AA AA BF 35 8F 0C 00 06 53 3D E0 02 C3 42 B0 00 B0 5B 12 00 08 07 DC 1E 0C 00 00 01 EA B0 0B "
    "FF FF 0F FC 30 00 3E C4 12 00 10 42 11 03 00 B1 58";

// Bits as the demodulator gives them: the type's 1 is high tone then low.
std::vector<std::uint8_t> air_bits(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> bits = bits_of(bytes);
  for (std::uint8_t& bit : bits) bit ^= 1U;
  return bits;
}

class Station {
 public:
  bool correct(std::vector<float> llr, Effort effort = Effort::kHard) {
    return decoder_->correct(llr, effort, frame_);
  }
  // All rungs, as the receiver climbs them.
  bool climb(const std::vector<float>& llr) {
    return correct(llr) || correct(llr, Effort::kErasures) || correct_with_priors(llr);
  }
  bool correct_with_priors(std::vector<float> llr) {
    decoder_->add_priors(llr);
    return decoder_->correct(llr, Effort::kPriors, frame_);
  }
  std::optional<Telemetry> parse(std::int64_t now_ms = kNoonMs) {
    return decoder_->parse(frame_, {.received = {now_ms}, .frequency_hz = 403e6});
  }
  std::optional<Telemetry> receive(const char* hex, std::int64_t now_ms = kNoonMs) {
    EXPECT_TRUE(correct(clean_llr(air_bits(hex_bytes(hex)))));
    return parse(now_ms);
  }
  std::unique_ptr<SondeDecoder> decoder_ = find_sonde_type("MRZ")->make();
  Frame frame_;
};

TEST(Mrz, SheetFramesGiveTheSheetsValues) {
  Station station;
  const auto first = station.receive(kEcef12, 0);  // a receiver without a clock
  ASSERT_TRUE(first);
  EXPECT_EQ(first->hold_reason, "date not yet known");
  EXPECT_FALSE(first->datetime);
  EXPECT_TRUE(station.receive(kEcef13, 2000));
  const auto t = station.receive(kEcef15, 6000);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "MRZ");
  EXPECT_EQ(t->manufacturer, "Meteo-Radiy");
  EXPECT_EQ(t->serial, "408505-412369");
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:06.000Z");
  EXPECT_EQ(t->frame_number, 1476532806U);
  EXPECT_NEAR(t->position->latitude_deg, 48.2501948, 5e-8);
  EXPECT_NEAR(t->position->longitude_deg, 11.5514273, 5e-8);
  EXPECT_NEAR(t->position->altitude_m, 12031.20, 5e-3);
  EXPECT_EQ(t->height_reference, HeightReference::kEllipsoid);
  EXPECT_NEAR(*t->velocity_h_mps, 17.999F, 5e-4F);
  EXPECT_NEAR(*t->heading_deg, 78.99F, 5e-3F);
  EXPECT_NEAR(*t->velocity_v_mps, 5.429F, 5e-4F);
  EXPECT_EQ(t->satellites, 12);
  EXPECT_NEAR(*t->temperature_c, -56.31F, 1e-4F);
  EXPECT_NEAR(*t->humidity_pct, 29.92F, 1e-4F);
  EXPECT_EQ(t->hold_reason, "");
}

TEST(Mrz, SheetFrameOfTheOtherLayout) {
  Station station;
  const auto t = station.receive(kLatLon15);
  ASSERT_TRUE(t);
  EXPECT_DOUBLE_EQ(t->position->latitude_deg, 48.250195);
  EXPECT_DOUBLE_EQ(t->position->longitude_deg, 11.551427);
  EXPECT_DOUBLE_EQ(t->position->altitude_m, 12031.20);
  EXPECT_EQ(t->height_reference, HeightReference::kMeanSeaLevel);
  EXPECT_NEAR(*t->velocity_h_mps, 18.00F, 1e-4F);
  EXPECT_NEAR(*t->heading_deg, 79.00F, 1e-4F);
  EXPECT_FALSE(t->velocity_v_mps);
  EXPECT_EQ(t->hold_reason, kSerialUnknown);
}

// 417 ppm apart: no symbol clock that starts at the one follows the other over a frame.
TEST(Mrz, NominalAndMeasuredChipRateAreBothTried) {
  const dsp::ModemParams& modem = find_sonde_type("MRZ")->spec->modem;
  EXPECT_EQ(modem.symbol_rate_hz, 2400);
  EXPECT_EQ(modem.other_symbol_rate_hz, 2399);
}

TEST(Mrz, LengthIsReadFromTheHead) {
  Station station;
  const auto ecef = clean_llr(air_bits(hex_bytes(kEcef12)));
  const auto latlon = clean_llr(air_bits(hex_bytes(kLatLon15)));
  const auto head = [](const std::vector<float>& llr) {
    return std::span(llr).first(mrz::kHeadBits);
  };
  EXPECT_EQ(station.decoder_->frame_bits(head(ecef)), kEcefBits);
  EXPECT_EQ(station.decoder_->frame_bits(head(latlon)), kLatLonBits);
  // A shorter frame that was taken for a longer one.
  std::vector<float> longer = latlon;
  longer.resize(kEcefBits, 3.0F);
  ASSERT_TRUE(station.correct(longer));
  EXPECT_EQ(station.decoder_->frame_bits(head(ecef)), kLatLonBits);  // known by now
}

struct Flight {
  std::vector<Telemetry> sent, got;
};

Flight fly(const std::string& variant, const sim::FlightState& first, int groups,
           float noise_x = 0) {
  Flight flight;
  Station station;
  std::mt19937_64 random(7);
  auto tx =
      sim::make_transmitter("MRZ", {.serial = "401113-406285", .variant = variant, .xdata = {}});
  const std::size_t bits = variant == "latlon" ? kLatLonBits : kEcefBits;
  sim::FlightState state = first;
  for (int group = 0; group < groups; ++group, state.utc.ms += 2053) {
    const auto line = line_air::line_bits(tx->next_frame(state), dsp::LineCode::kManchester);
    EXPECT_EQ(line.size(), 6 * bits + 16);
    for (std::size_t copy = 0; copy < 6; ++copy) {
      const std::vector<std::uint8_t> frame(
          line.begin() + static_cast<std::ptrdiff_t>(copy * bits),
          line.begin() + static_cast<std::ptrdiff_t>((copy + 1) * bits));
      const auto llr = noise_x > 0 ? noisy_llr(frame, noise_x, random) : clean_llr(frame);
      if (!station.climb(llr)) continue;
      const auto now_ms = state.utc.ms + static_cast<std::int64_t>(copy * bits) * 1000 / 1200;
      if (const auto record = station.parse(now_ms)) flight.got.push_back(*record);
    }
  }
  flight.sent = tx->take_truth();
  return flight;
}

sim::FlightState state_at(std::int64_t ms) {
  sim::FlightState s;
  s.utc = {ms};
  s.position = {52.21, 14.12, 12345.67};
  s.velocity_north_mps = 8.5;
  s.velocity_east_mps = -12.25;
  s.velocity_up_mps = 5.2;
  s.temperature_c = -56.31;
  s.humidity_pct = 29.92;
  return s;
}

void expect_same(const Telemetry& sent, const Telemetry& got) {
  EXPECT_EQ(*got.datetime, *sent.datetime);
  EXPECT_EQ(got.frame_number, sent.frame_number);
  EXPECT_DOUBLE_EQ(got.position->latitude_deg, sent.position->latitude_deg);
  EXPECT_DOUBLE_EQ(got.position->longitude_deg, sent.position->longitude_deg);
  EXPECT_DOUBLE_EQ(got.position->altitude_m, sent.position->altitude_m);
  EXPECT_EQ(got.height_reference, sent.height_reference);
  EXPECT_FLOAT_EQ(*got.velocity_h_mps, *sent.velocity_h_mps);
  EXPECT_EQ(got.velocity_v_mps, sent.velocity_v_mps);
  EXPECT_FLOAT_EQ(*got.heading_deg, *sent.heading_deg);
  EXPECT_FLOAT_EQ(*got.temperature_c, *sent.temperature_c);
  EXPECT_FLOAT_EQ(*got.humidity_pct, *sent.humidity_pct);
  EXPECT_EQ(got.satellites, sent.satellites);
  if (!got.serial.empty()) {
    EXPECT_EQ(got.serial, sent.serial);
  }
}

TEST(Mrz, EveryFieldOfBothLayoutsRounds) {
  for (const std::string variant : {"ECEF", "latlon"}) {
    const Flight flight = fly(variant, state_at(kNoonMs), 20);
    ASSERT_EQ(flight.got.size(), flight.sent.size()) << variant;  // one of six copies each
    for (std::size_t i = 0; i < flight.sent.size(); ++i) expect_same(flight.sent[i], flight.got[i]);
    EXPECT_EQ(flight.got.back().serial, "401113-406285");
    EXPECT_EQ(flight.got.back().hold_reason, "");
    EXPECT_EQ(flight.got.back().identity_epoch, flight.got.front().identity_epoch);
  }
}

TEST(Mrz, ExtremesOfEveryField) {
  for (const std::string variant : {"ECEF", "latlon"}) {
    for (const GeoPosition place :
         {GeoPosition{-89.9, -179.99, 35'000}, GeoPosition{71.3, 179.9999, -12},
          GeoPosition{-0.0001, 0.0001, 49'000}}) {
      sim::FlightState state = state_at(kNoonMs);
      state.position = place;
      state.velocity_up_mps = -95;
      state.velocity_north_mps = -120;
      state.temperature_c = -91.25;
      state.humidity_pct = 0;
      state.satellites = 4;
      const Flight flight = fly(variant, state, 8);
      ASSERT_EQ(flight.got.size(), flight.sent.size());
      expect_same(flight.sent.back(), flight.got.back());
      EXPECT_EQ(flight.got.back().hold_reason, "");
    }
  }
}

TEST(Mrz, MidnightAndYearRollOver) {
  const std::int64_t eve = from_civil({2026, 12, 31, 23, 59, 50, 0}).ms;
  const Flight flight = fly("ECEF", state_at(eve), 12);
  ASSERT_EQ(flight.got.size(), flight.sent.size());
  for (std::size_t i = 0; i < flight.sent.size(); ++i) expect_same(flight.sent[i], flight.got[i]);
  EXPECT_EQ(to_civil(*flight.got.back().datetime).year, 2027);
}

TEST(Mrz, HoldsWhatMustNotBeUploaded) {
  sim::FlightState few = state_at(kNoonMs);
  few.satellites = 3;
  EXPECT_EQ(fly("ECEF", few, 8).got.back().hold_reason, "fewer than 4 satellites");
  sim::FlightState high = state_at(kNoonMs);
  high.position.altitude_m = 90'000;
  EXPECT_EQ(fly("ECEF", high, 8).got.back().hold_reason, "impossible position");
  std::vector<std::uint8_t> body = hex_bytes(kEcef12);
  body = {body.begin() + 4, body.end() - 2};
  std::fill_n(body.begin() + 5, 12, std::uint8_t{0});
  Station station;
  station.frame_.bytes = body;
  const auto t = station.parse();
  ASSERT_TRUE(t);
  EXPECT_EQ(t->hold_reason, "no position");
  EXPECT_FALSE(t->position);
}

TEST(Mrz, AnotherSerialIsAnotherSondeOnceHeardTwice) {
  Station station;
  station.receive(kEcef12);
  station.receive(kEcef13, kNoonMs + 2000);
  Frame other = station.frame_;
  other.bytes[41] ^= 0x55U;
  other.bytes[3] = 8;
  station.frame_ = other;
  auto t = station.parse(kNoonMs + 8000);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->serial, "408505-412369");
  const std::uint32_t epoch = t->identity_epoch;
  station.frame_.bytes[3] = 10;
  t = station.parse(kNoonMs + 10'000);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->serial, "");
  EXPECT_NE(t->identity_epoch, epoch);
}

TEST(Mrz, ForgetsAfterAMinuteOfSilence) {
  Station station;
  station.receive(kEcef12);
  EXPECT_EQ(station.receive(kEcef13, kNoonMs + 2000)->serial, "408505-412369");
  EXPECT_EQ(station.receive(kEcef15, kNoonMs + 70'000)->serial, "");
}

TEST(Mrz, AnyFlippedBitIsRefusedByTheFirstRung) {
  const auto bits = air_bits(hex_bytes(kEcef15));
  for (std::size_t bit = 32; bit < bits.size(); ++bit) {
    Station station;
    auto damaged = bits;
    damaged[bit] ^= 1U;
    ASSERT_FALSE(station.correct(clean_llr(damaged))) << bit;
  }
}

TEST(Mrz, TwoWeakCopiesConfirmEachOthersCorrection) {
  std::mt19937_64 random(3);
  const auto clean = clean_llr(air_bits(hex_bytes(kEcef15)));
  const auto damaged = [&](std::size_t errors) {
    auto llr = clean;
    for (std::size_t i = 0; i < errors; ++i) llr[32 + (random() % 120) * 3] *= -0.05F;
    return llr;
  };
  for (int round = 0; round < 50; ++round) {
    Station station;
    const auto first = damaged(2);
    if (station.correct(first)) continue;  // the same bit twice
    EXPECT_FALSE(station.correct(first, Effort::kErasures));
    EXPECT_TRUE(station.climb(damaged(3)));
    EXPECT_EQ(station.frame_.bytes[41], 0x42);
  }
}

TEST(Mrz, CopiesAddUp) {
  // One bit in 9 wrong: single copies are hopeless, six of them are not.
  const Flight flight = fly("latlon", state_at(kNoonMs), 30, 1.2F);
  EXPECT_GE(flight.got.size(), 15U);
  for (const Telemetry& got : flight.got) {
    const auto sent = std::ranges::find(flight.sent, got.datetime, &Telemetry::datetime);
    ASSERT_NE(sent, flight.sent.end());
    expect_same(*sent, got);
  }
}

TEST(Mrz, NoiseGivesNoFrame) {
  // Seven words a frame against 16 bits of checksum and 19 of structure: 2e-10 of noise passes.
  std::mt19937_64 random(11);
  Station station;
  for (int i = 0; i < 3000; ++i) {
    ASSERT_FALSE(station.climb(line_air::noise_llr(i % 2 == 0 ? kEcefBits : kLatLonBits, random)));
  }
}

TEST(Mrz, FramesBeyondRepairAreRefusedNotGuessed) {
  std::mt19937_64 random(12);
  Station station;
  int wrong = 0;
  const auto bits = air_bits(hex_bytes(kEcef15));
  for (int i = 0; i < 1500; ++i) {
    auto damaged = bits;
    for (int k = 0; k < 40; ++k) damaged[32 + random() % 376] ^= 1U;
    auto llr = noisy_llr(damaged, 2.0F, random);
    station.decoder_ = find_sonde_type("MRZ")->make();
    wrong += station.climb(llr) ? 1 : 0;
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace omnisonde
