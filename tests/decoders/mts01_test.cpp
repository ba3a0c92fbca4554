#include <gtest/gtest.h>

#include <algorithm>

#include "decoders/sonde.hpp"
#include "decoders/sondes/mts01_frame.hpp"
#include "simulator/transmitter.hpp"
#include "tests/decoders/line_air.hpp"

namespace omnisonde {
namespace {

using line_air::bits_of;
using line_air::clean_llr;
using line_air::noisy_llr;

constexpr std::int64_t kNoonMs = 1'792'497'600'000;  // 2026-10-20T12:00:00Z

std::vector<std::uint8_t> frame_of(std::string_view text, std::uint16_t crc) {
  std::vector<std::uint8_t> bytes(5 + mts01::kTextBytes + 2);
  const std::vector<std::uint8_t> sync = line_air::hex_bytes("AA AA B4 2B 80");
  std::ranges::copy(sync, bytes.begin());
  std::ranges::copy(text, bytes.begin() + 5);
  bytes[133] = static_cast<std::uint8_t>(crc >> 8U);
  bytes[134] = static_cast<std::uint8_t>(crc);
  return bytes;
}

std::vector<std::uint8_t> frame_of(std::string_view text) {
  std::vector<std::uint8_t> field(text.begin(), text.end());
  field.resize(mts01::kTextBytes);
  return frame_of(text, mts01::checksum(field));
}

const std::string kSheetText =
    "10850623,1,1,261020120000,2700,48.250000,11.550000,12000.0,78.0,18.0,5.2,263.037,263.037,330."
    "00,0,0,0,0";

class Station {
 public:
  bool correct(std::vector<float> llr, Effort effort = Effort::kHard) {
    if (effort >= Effort::kPriors) decoder_->add_priors(llr);
    return decoder_->correct(llr, effort, frame_);
  }
  bool climb(const std::vector<float>& llr) {
    return correct(llr) || correct(llr, Effort::kErasures) || correct(llr, Effort::kPriors);
  }
  std::optional<Telemetry> parse() {
    return decoder_->parse(frame_, {.received = {kNoonMs}, .frequency_hz = 403e6});
  }
  std::optional<Telemetry> receive(const std::string& text) {
    EXPECT_TRUE(correct(clean_llr(bits_of(frame_of(text))))) << text;
    return parse();
  }

 private:
  std::unique_ptr<SondeDecoder> decoder_ = find_sonde_type("MTS01")->make();
  Frame frame_;
};

TEST(Mts01, SheetFrameGivesTheSheetsValues) {
  const auto frame = frame_of(kSheetText, 0x8377);
  EXPECT_EQ(frame, frame_of(kSheetText));
  Station station;
  ASSERT_TRUE(station.correct(clean_llr(bits_of(frame))));
  const auto t = station.parse();
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "MTS01");
  EXPECT_EQ(t->manufacturer, "Meteosis");
  EXPECT_EQ(t->serial, "10850623");
  EXPECT_EQ(t->frame_number, 1U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:00.000Z");
  EXPECT_EQ(t->time_reference, TimeReference::kUtc);
  EXPECT_EQ(t->height_reference, HeightReference::kMeanSeaLevel);
  EXPECT_DOUBLE_EQ(t->position->latitude_deg, 48.25);
  EXPECT_DOUBLE_EQ(t->position->longitude_deg, 11.55);
  EXPECT_DOUBLE_EQ(t->position->altitude_m, 12000);
  EXPECT_FLOAT_EQ(*t->heading_deg, 78);
  EXPECT_FLOAT_EQ(*t->velocity_h_mps, 18);
  EXPECT_FALSE(t->velocity_v_mps);
  EXPECT_FLOAT_EQ(*t->battery_v, 2.7F);
  EXPECT_NEAR(*t->temperature_c, -56.5F, 1e-3F);
  EXPECT_FALSE(t->humidity_pct);
  EXPECT_EQ(t->hold_reason, "");
}

TEST(Mts01, EveryFieldRoundsAtItsExtremes) {
  for (const GeoPosition place :
       {GeoPosition{-89.9, -179.99, 35'000}, GeoPosition{71.3, 179.9999, -12.3},
        GeoPosition{-0.0001, 0.0001, 49'000.1}, GeoPosition{52.21, 14.12, 0.1}}) {
    auto tx = sim::make_transmitter("MTS01", {.serial = "10850777", .variant = {}, .xdata = {}});
    Station station;
    for (int i = 0; i < 12; ++i) {
      sim::FlightState state;
      state.utc = {kNoonMs + i * 1000};
      state.position = place;
      state.velocity_north_mps = -80.04;
      state.velocity_east_mps = -0.1 - i;
      state.temperature_c = -91.3 + 12 * i;
      state.battery_v = 3.0 - 0.1 * i;
      ASSERT_TRUE(station.correct(clean_llr(tx->next_frame(state))));
      const auto got = station.parse();
      const Telemetry sent = tx->take_truth().at(0);
      ASSERT_TRUE(got);
      EXPECT_EQ(got->serial, sent.serial);
      EXPECT_EQ(got->frame_number, sent.frame_number);
      EXPECT_EQ(*got->datetime, *sent.datetime);
      EXPECT_DOUBLE_EQ(got->position->latitude_deg, sent.position->latitude_deg);
      EXPECT_DOUBLE_EQ(got->position->longitude_deg, sent.position->longitude_deg);
      EXPECT_DOUBLE_EQ(got->position->altitude_m, sent.position->altitude_m);
      EXPECT_FLOAT_EQ(*got->heading_deg, *sent.heading_deg);
      EXPECT_FLOAT_EQ(*got->velocity_h_mps, *sent.velocity_h_mps);
      EXPECT_FLOAT_EQ(*got->battery_v, *sent.battery_v);
      EXPECT_NEAR(*got->temperature_c, *sent.temperature_c, 0.02F);
      EXPECT_EQ(got->hold_reason, "");
    }
  }
}

TEST(Mts01, HoldsWhatMustNotBeUploaded) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = kSheetText;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  Station station;
  auto t = station.receive(with("48.250000,11.550000", "0.000000,0.000000"));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->hold_reason, "no position");
  EXPECT_FALSE(t->position);
  t = station.receive(with("48.25", "98.25"));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->hold_reason, "impossible position");
  t = station.receive(with("78.0", "400."));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->hold_reason, "impossible position");
  EXPECT_FALSE(station.receive(with("263.037", "-1.0000"))->temperature_c);
}

TEST(Mts01, RefusesTextsThatNoSondeSends) {
  Station station;
  for (const std::string text :
       {"", "10850623,1,1,261020120000", "10850623,1,x,261020120000,2700,48,11,1,2,3,4,5,6,7",
        "10850623,1,1,261320120000,2700,48,11,1,2,3,4,5,6,7",
        "10850623,1,1,260431120000,2700,48,11,1,2,3,4,5,6,7",
        "10850623,1,1,261020126000,2700,48,11,1,2,3,4,5,6,7",
        "10850623,1,1,261020120000,2700,nan,11,1,2,3,4,5,6,7"}) {
    EXPECT_FALSE(station.correct(clean_llr(bits_of(frame_of(text))))) << text;
  }
}

TEST(Mts01, AnotherSerialIsAnotherSonde) {
  Station station;
  const std::uint32_t epoch = station.receive(kSheetText)->identity_epoch;
  std::string other = kSheetText;
  other[7] = '4';
  const auto t = station.receive(other);
  EXPECT_EQ(t->serial, "10850624");
  EXPECT_NE(t->identity_epoch, epoch);
}

TEST(Mts01, AnyFlippedBitIsRefusedByTheFirstRungAndPutRightByTheSecond) {
  const auto bits = bits_of(frame_of(kSheetText));
  for (std::size_t bit = 40; bit < bits.size(); ++bit) {
    auto llr = clean_llr(bits, 8);
    llr[bit] *= -0.3F;
    Station station;
    ASSERT_FALSE(station.correct(llr)) << bit;
    ASSERT_TRUE(station.correct(llr, Effort::kErasures)) << bit;
    ASSERT_EQ(station.parse()->serial, "10850623");
  }
}

// Yields at one bit in `1 / Q(x)` wrong.
int yield(float x, Effort highest) {
  std::mt19937_64 random(4);
  int good = 0;
  for (int round = 0; round < 60; ++round) {
    Station station;
    EXPECT_TRUE(station.receive(kSheetText));  // the flight is known
    std::string text = kSheetText;
    text[11] = '2';
    text[24] = '1';
    text[48] = '9';
    const auto llr = noisy_llr(bits_of(frame_of(text)), x, random);
    bool ok = station.correct(llr);
    if (!ok && highest >= Effort::kErasures) ok = station.correct(llr, Effort::kErasures);
    if (!ok && highest >= Effort::kPriors) ok = station.correct(llr, Effort::kPriors);
    if (!ok) continue;
    ++good;
    const auto t = station.parse();
    EXPECT_EQ(t->frame_number, 2U);
    EXPECT_EQ(t->serial, "10850623");
  }
  return good;
}

TEST(Mts01, EachRungGainsFrames) {
  const int hard = yield(2.6F, Effort::kHard);  // 5 of 1000 bits wrong
  const int characters = yield(2.6F, Effort::kErasures);
  const int priors = yield(2.6F, Effort::kPriors);
  EXPECT_LT(hard, 5);
  EXPECT_GT(characters, 30);
  EXPECT_GT(priors, characters);
}

TEST(Mts01, NoiseGivesNoFrame) {
  // 16 bits of checksum, and the text of a sonde: less than 1e-12 of noise passes.
  std::mt19937_64 random(11);
  Station station;
  EXPECT_TRUE(station.receive(kSheetText));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(station.climb(line_air::noise_llr(mts01::kFrameBits, random)));
  }
}

TEST(Mts01, FramesBeyondRepairAreRefusedNotGuessed) {
  std::mt19937_64 random(12);
  const auto bits = bits_of(frame_of(kSheetText));
  for (int i = 0; i < 1000; ++i) {
    Station station;
    auto damaged = bits;
    for (int k = 0; k < 30; ++k) damaged[40 + 8 * (random() % 100) + 4 + random() % 4] ^= 1U;
    if (station.climb(noisy_llr(damaged, 4.0F, random))) {
      EXPECT_EQ(station.parse()->frame_number, 1U);
    }
  }
}

}  // namespace
}  // namespace omnisonde
