#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tests/decoders/dfm_air.hpp"

namespace omnisonde {
namespace {

using dfm_test::Air;
using dfm_test::clean_llr;
using dfm_test::Heard;
using dfm_test::noisy_llr;
using dfm_test::state_at;
using dfm_test::Station;
using dfm_test::words_to_bits;

constexpr std::int64_t kNoonMs = 1'792'497'600'000;  // 2026-10-20T12:00:00Z

// The sheet's DFM-17 as its nine blocks of a second; `second` after 12:00.
std::vector<std::string> example_blocks(int second) {
  std::array<char, 16> counter{}, time{};
  std::snprintf(counter.data(), counter.size(), "000002%02X02040", (0xD9 + second) & 0xFF);
  std::snprintf(time.data(), time.size(), "0A4C8093%04X1", static_cast<unsigned>(second * 1000));
  return {counter.data(),  time.data(),     "1CC25DA007082", "06E263E01E783", "00124F8002084",
          "ED9701E002B25", "4142454850536", "54575A5C40407", "7EAAA3000A008"};
}

TEST(Dfm, DecodesTheSheetsExample) {
  Station station(kNoonMs);
  std::vector<std::string> blocks;
  for (int second = 0; second < 6; ++second) {
    for (const std::string& block : example_blocks(second)) blocks.push_back(block);
  }
  const std::vector<std::string> conf = {"0BA311D", "1EF3EC4", "2EF788B", "0BA311D", "1EF3F12",
                                         "3FA0354", "4BA6374", "5015E00", "A000000", "BC01400",
                                         "0BA311D", "A000000", "BCB42A1", "0BA311D", "BC01400",
                                         "0BA311D", "BCB42A1", "0BA311D", "1EF3EC4", "2EF788B",
                                         "0BA311D", "1EF3EC4", "2EF788B", "0BA311D", "1EF3EC4"};
  std::vector<Telemetry> records;
  for (std::size_t i = 0; i < conf.size(); ++i) {
    auto record =
        station.receive(clean_llr(words_to_bits(conf[i], blocks[2 * i], blocks[2 * i + 1])));
    if (record) records.push_back(*record);
  }
  ASSERT_EQ(records.size(), 5U);
  const Telemetry& first = records.front();
  EXPECT_EQ(first.type, "DFM");
  EXPECT_EQ(first.manufacturer, "Graw");
  EXPECT_EQ(first.serial, "");
  EXPECT_EQ(first.hold_reason, kSerialUnknown);
  EXPECT_EQ(first.frame_number, 1476532800U);
  ASSERT_TRUE(first.datetime);
  EXPECT_EQ(to_iso8601(*first.datetime), "2026-10-20T12:00:00.000Z");
  ASSERT_TRUE(first.position);
  EXPECT_NEAR(first.position->latitude_deg, 48.25, 1e-9);
  EXPECT_NEAR(first.position->longitude_deg, 11.55, 1e-9);
  EXPECT_NEAR(first.position->altitude_m, 12000, 1e-6);
  EXPECT_FLOAT_EQ(*first.velocity_h_mps, 18.00F);
  EXPECT_FLOAT_EQ(*first.heading_deg, 78.00F);
  EXPECT_FLOAT_EQ(*first.velocity_v_mps, 5.20F);
  EXPECT_EQ(first.satellites, 10);
  EXPECT_EQ(first.time_reference, TimeReference::kUtc);
  EXPECT_EQ(first.height_reference, HeightReference::kEllipsoid);

  const Telemetry& last = records.back();
  EXPECT_EQ(last.serial, "21017642");
  EXPECT_EQ(last.subtype, "DFM17");
  EXPECT_EQ(last.identity_epoch, first.identity_epoch);
  ASSERT_TRUE(last.temperature_c);
  EXPECT_NEAR(*last.temperature_c, -56.50F, 0.005F);
  ASSERT_TRUE(last.battery_v);
  EXPECT_FLOAT_EQ(*last.battery_v, 5.6F);
  ASSERT_EQ(last.extras.size(), 1U);
  EXPECT_EQ(last.extras[0].name, "dfmcode");
  EXPECT_EQ(last.extras[0].value, "0xB");
}

struct Golden {
  const char* file;
  const char* serial;
  std::map<std::uint32_t, GeoPosition> peer;  // what the best public decoder prints as JSON
};

std::vector<Golden> golden_files() {
  return {{"dfm_recording_a.llr",
           "219892",
           {{1110632992, {49.87937, 7.50754, 12700.00}},
            {1110632993, {49.87943, 7.50753, 12704.36}},
            {1110632996, {49.87962, 7.50746, 12716.99}},
            {1110632997, {49.87969, 7.50744, 12721.57}},
            {1110632998, {49.87976, 7.50742, 12726.25}},
            {1110632999, {49.87983, 7.50741, 12730.47}},
            {1110633000, {49.87991, 7.50740, 12734.09}},
            {1110633001, {49.87998, 7.50740, 12738.27}},
            {1110633003, {49.88012, 7.50740, 12747.34}},
            {1110633005, {49.88026, 7.50739, 12756.31}},
            {1110633006, {49.88033, 7.50738, 12761.98}},
            {1110633007, {49.88040, 7.50738, 12766.71}}}},
          {"dfm_recording_b.llr",
           "314377",
           {{1110632992, {50.02602, 7.70338, 7763.78}},
            {1110632994, {50.02638, 7.70352, 7758.33}},
            {1110632995, {50.02652, 7.70352, 7758.33}},
            {1110632996, {50.02664, 7.70369, 7751.58}},
            {1110632997, {50.02676, 7.70382, 7748.31}},
            {1110632998, {50.02690, 7.70399, 7744.80}},
            {1110632999, {50.02706, 7.70417, 7741.81}},
            {1110633000, {50.02724, 7.70434, 7738.74}},
            {1110633001, {50.02744, 7.70447, 7735.21}},
            {1110633002, {50.02764, 7.70457, 7731.91}},
            {1110633003, {50.02783, 7.70464, 7728.77}},
            {1110633007, {50.02837, 7.70502, 7716.84}}}}};
}

TEST(Dfm, DecodesTwoRealSondesWithNothingLost) {
  for (const Golden& golden : golden_files()) {
    std::ifstream file(std::string(OMNISONDE_GOLDEN_DIR) + "/" + golden.file);
    ASSERT_TRUE(file) << golden.file;
    Station station(0);
    std::map<std::uint32_t, Telemetry> records;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with('#')) continue;
      std::istringstream words(line);
      std::int64_t start_ms = 0;
      int inverted = 0;
      words >> start_ms >> inverted;
      std::vector<float> llr;
      for (float x = 0; words >> x;) llr.push_back(x);
      station.set_clock(1'426'597'800'000 + start_ms);
      const auto record = station.receive(llr, inverted != 0);
      if (!record || record->hold_reason == "second already reported") continue;
      ASSERT_TRUE(records.emplace(record->frame_number.value_or(0), *record).second);
    }
    // Every whole second on the tape: 12 (JSON) and 15 or 14 (text) is what the best peer gets.
    EXPECT_EQ(records.size(), 17U) << golden.file;
    for (const auto& [frame, place] : golden.peer) {
      ASSERT_TRUE(records.contains(frame)) << golden.file << ' ' << frame;
      const Telemetry& t = records.at(frame);
      EXPECT_NEAR(t.position->latitude_deg, place.latitude_deg, 5.1e-6);
      EXPECT_NEAR(t.position->longitude_deg, place.longitude_deg, 5.1e-6);
      EXPECT_NEAR(t.position->altitude_m, place.altitude_m, 0.006);
      EXPECT_EQ(t.satellites, 5);
      EXPECT_EQ(t.identity_epoch, 0U);
    }
    const Telemetry& last = records.rbegin()->second;
    EXPECT_EQ(last.serial, golden.serial);
    EXPECT_EQ(last.subtype, "DFM06");
    EXPECT_EQ(last.hold_reason, "");
    EXPECT_NEAR(*last.temperature_c, golden.serial[0] == '2' ? -50.1F : -40.7F, 0.15F);
  }
}

TEST(Dfm, ReportsWhenAnUnneededBlockOrTheDateIsLost) {
  for (const int lost : {-1, 5, 6, 7, 8, 0, 1, 2, 3, 4}) {
    Station station(kNoonMs);
    std::vector<std::string> blocks;
    for (int second = 0; second < 4; ++second) {
      for (const std::string& block : example_blocks(second)) blocks.push_back(block);
    }
    std::set<std::uint32_t> frames;
    for (std::size_t i = 0; i + 1 < blocks.size(); i += 2) {
      std::vector<float> llr = clean_llr(words_to_bits("0BA311D", blocks[i], blocks[i + 1]));
      for (std::size_t which = 0; which < 2; ++which) {
        // Of the third second the block `lost` is not heard.
        if (static_cast<int>(i + which) != 18 + lost || lost < 0) continue;
        std::fill_n(llr.begin() + static_cast<std::ptrdiff_t>(72 + 104 * which), 104, 0.0F);
      }
      if (const auto record = station.receive(llr)) frames.insert(*record->frame_number);
    }
    const bool needed = lost >= 0 && lost <= 4;
    EXPECT_EQ(frames.contains(1476532802), !needed) << lost;
    EXPECT_EQ(frames.size(), needed ? 3U : 4U) << lost;
  }
}

TEST(Dfm, NeverMixesBlocksOfDifferentSeconds) {
  // Whole frames are lost at random; what is reported must be a second of the flight.
  Air air("DFM17", kNoonMs);
  Station station(kNoonMs);
  std::mt19937_64 random(4);
  std::map<std::uint32_t, Telemetry> truth;
  int reported = 0;
  for (int i = 0; i < 1500; ++i) {
    const Heard heard = air.next();
    for (const Telemetry& t : air.truth()) truth[*t.frame_number] = t;
    if (random() % 6 == 0) {
      station.miss_frame();
      continue;
    }
    const auto record = station.receive(clean_llr(heard.bits), heard.inverted);
    if (!record) continue;
    ++reported;
    ASSERT_TRUE(truth.contains(*record->frame_number));
    const Telemetry& want = truth.at(*record->frame_number);
    EXPECT_EQ(*record->datetime, *want.datetime);
    EXPECT_DOUBLE_EQ(record->position->latitude_deg, want.position->latitude_deg);
    EXPECT_DOUBLE_EQ(record->position->altitude_m, want.position->altitude_m);
  }
  EXPECT_GT(reported, 100);
}

TEST(Dfm, ALeapOfTheCounterStartsANewIdentity) {
  Station station(kNoonMs);
  std::vector<std::uint32_t> epochs;
  for (int second = 0; second < 8; ++second) {
    auto blocks = example_blocks(second);
    if (second >= 4)
      blocks[0] = "000002" +
                  std::string(second == 4   ? "10"
                              : second == 5 ? "11"
                              : second == 6 ? "12"
                                            : "13") +
                  "02040";
    blocks.push_back("000000000000F");
    for (std::size_t i = 0; i < blocks.size(); i += 2) {
      if (auto r = station.receive(clean_llr(words_to_bits("0BA311D", blocks[i], blocks[i + 1])))) {
        epochs.push_back(r->identity_epoch);
      }
    }
  }
  EXPECT_EQ(epochs, (std::vector<std::uint32_t>{0, 0, 0, 0, 1, 1, 1, 1}));
}

struct Fault {
  std::size_t block;
  const char* word;
  const char* reason;
};

TEST(Dfm, HoldsBackWhatTheHubMustNotGet) {
  const std::vector<Fault> faults = {
      {8, "7EAAA30003008", "fewer than 4 satellites"},
      {8, "7EA0A3000A008", "date not plausible"},  // month 0
      {8, "7EAAF7000A008", "date not plausible"},  // 30 October: days ahead of the clock
      {8, "7EA9A3000A008", "date not plausible"},  // a month ago
      {1, "0A4C8093EA601", "date not plausible"},  // 60 s
      {4, "0000000002084", "altitude exactly 0 m"},
      {4, "004C4B4102084", "altitude above 50 km"},
      {3, "06E263E08CA13", "heading above 360 degrees"},
      {2, "7FFFFFFF07082", "impossible position"}};
  for (const Fault& fault : faults) {
    Station station(kNoonMs);
    auto blocks = example_blocks(0);
    blocks[fault.block] = fault.word;
    blocks.push_back("000000000000F");
    std::optional<Telemetry> record;
    for (std::size_t i = 0; i < blocks.size(); i += 2) {
      auto r = station.receive(clean_llr(words_to_bits("0BA311D", blocks[i], blocks[i + 1])));
      if (r) record = r;
    }
    ASSERT_TRUE(record) << fault.word;
    EXPECT_EQ(record->hold_reason, fault.reason) << fault.word;
  }
}

TEST(Dfm, HoldsBackAPositionThatJumps) {
  Air air("DFM17", kNoonMs);
  Station station(kNoonMs);
  int held = 0, sent = 0;
  for (int i = 0; i < 300; ++i) {
    sim::FlightState state = state_at(air.now_ms());
    // The GPS is 3 km off for one second: where the cycle of second 40 begins.
    const std::int64_t t_ms = air.now_ms() - kNoonMs;
    if (t_ms >= 39'888 && t_ms < 40'112) state.position.latitude_deg += 0.03;
    const Heard heard = air.next(state);
    const auto record = station.receive(clean_llr(heard.bits), heard.inverted);
    if (!record) continue;
    const bool off = std::fabs(record->position->latitude_deg - 52.21) > 0.02;
    if (record->hold_reason == "position jump") ++held;
    if (record->hold_reason.empty()) {
      ++sent;
      EXPECT_FALSE(off);
    }
  }
  EXPECT_EQ(held, 1);
  EXPECT_GT(sent, 40);
}

TEST(Dfm, AVelocityThatDoesNotFitTheWayCostsOneRecord) {
  Air air("DFM17", kNoonMs);
  Station station(kNoonMs);
  int held = 0, sent = 0;
  for (int i = 0; i < 300; ++i) {
    sim::FlightState state = state_at(air.now_ms());
    // 111 m/s more to the north than the velocity says.
    state.position.latitude_deg += static_cast<double>(air.now_ms() - kNoonMs) * 1e-6;
    const Heard heard = air.next(state);
    const auto record = station.receive(clean_llr(heard.bits), heard.inverted);
    if (!record) continue;
    if (record->hold_reason == "position jump") ++held;
    if (record->hold_reason.empty()) ++sent;
  }
  EXPECT_EQ(held, 1);
  EXPECT_GT(sent, 40);
}

TEST(Dfm, WeakSignalsGiveManyRecordsAndNoWrongOnes) {
  // x: amplitude over noise of a data bit; Q(x) of the bits are wrong. 2.24 is what a coherent
  // receiver has at 4 dB per symbol, 1.88 (3 % wrong bits) is far down the slope.
  struct Case {
    float x, scale;
    double least_yield;
  };
  for (const Case& c :
       {Case{2.24F, 1, 0.9}, Case{2.24F, 2, 0.85}, Case{2.24F, 0.5F, 0.85}, Case{1.88F, 1, 0.3}}) {
    Air air("DFM17", kNoonMs);
    Station station(kNoonMs);
    std::mt19937_64 random(11);
    std::map<std::uint32_t, Telemetry> truth;
    std::vector<Telemetry> records;
    for (int i = 0; i < 4000; ++i) {
      const Heard heard = air.next();
      for (const Telemetry& t : air.truth()) truth[*t.frame_number] = t;
      std::vector<float> llr = noisy_llr(heard.bits, c.x, random);
      for (float& v : llr) v *= c.scale;
      if (auto r = station.receive(llr, heard.inverted); r && r->hold_reason.empty())
        records.push_back(*r);
    }
    int wrong = 0;
    for (const Telemetry& t : records) {
      EXPECT_EQ(t.serial, "21017642");
      const auto want = truth.find(*t.frame_number);
      ASSERT_NE(want, truth.end());
      const GeoPosition& p = *want->second.position;
      wrong += std::fabs(p.latitude_deg - t.position->latitude_deg) > 5e-4 ||
                       std::fabs(p.longitude_deg - t.position->longitude_deg) > 8e-4 ||
                       std::fabs(p.altitude_m - t.position->altitude_m) > 50
                   ? 1
                   : 0;
    }
    const double yield = static_cast<double>(records.size()) / static_cast<double>(truth.size());
    RecordProperty("yield_x" + std::to_string(c.x) + "_scale" + std::to_string(c.scale),
                   std::to_string(yield));
    EXPECT_GE(yield, c.least_yield) << c.x << ' ' << c.scale;
    EXPECT_EQ(wrong, 0) << c.x << ' ' << c.scale;
  }
}

}  // namespace
}  // namespace omnisonde
