#include "uploader/policy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/support/hub_standin_rules.hpp"
#include "tests/uploader/sample.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

using testing::dfm;
using testing::kNow;
using testing::rs41;
using testing::station;

std::string key_of(const Telemetry& t, bool clock_good = true) {
  const auto r = refusal(t, station(), kNow, clock_good);
  return r ? r->key : "";
}

struct Rule {
  const char* key;
  std::function<void(Telemetry&)> break_it;
  bool hub_knows = true;  // the hub has the same rule; some are ours alone
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"encrypted", [](Telemetry& t) { t.encrypted = true; }, false},
      {"held: test", [](Telemetry& t) { t.hold_reason = "test"; }, false},
      {"no_serial", [](Telemetry& t) { t.serial.clear(); }},
      {"no_time", [](Telemetry& t) { t.datetime.reset(); }},
      {"no_frame_number", [](Telemetry& t) { t.frame_number.reset(); }, false},
      {"no_position", [](Telemetry& t) { t.position.reset(); }},
      {"impossible_position", [](Telemetry& t) { t.position->latitude_deg = std::nan(""); }},
      {"impossible_position", [](Telemetry& t) { t.position->longitude_deg = 181; }, false},
      {"zero_position",
       [](Telemetry& t) {
         t.position = GeoPosition{0, 0, 1000};
       }},
      {"zero_position",
       [](Telemetry& t) {
         t.position = GeoPosition{1e-9, 1e-9, 1000};
       }},
      {"altitude_too_high", [](Telemetry& t) { t.position->altitude_m = 50'000.01; }},
      {"altitude_zero", [](Telemetry& t) { t.position->altitude_m = 0; }},
      {"altitude_zero", [](Telemetry& t) { t.position->altitude_m = 0.001; }},
      {"too_far", [](Telemetry& t) { t.position->latitude_deg = 43; }},
      {"humidity_negative", [](Telemetry& t) { t.humidity_pct = -0.1F; }},
      {"pressure_negative", [](Telemetry& t) { t.pressure_hpa = -1.0F; }},
      {"few_satellites", [](Telemetry& t) { t.satellites = 3; }},
      {"heading_above_360", [](Telemetry& t) { t.heading_deg = 360.5F; }},
      {"unknown_type", [](Telemetry& t) { t.type = "IMET"; }},
      {"invalid_serial", [](Telemetry& t) { t.serial = "B1234567"; }},
      {"invalid_serial", [](Telemetry& t) { t.serial = "S123456"; }},
      {"invalid_serial", [](Telemetry& t) { t.serial = "S12345678"; }},
      {"invalid_serial", [](Telemetry& t) { t.type = "DFM", t.serial = "xxxxxx"; }},
      {"invalid_serial", [](Telemetry& t) { t.type = "iMS-100", t.serial = "x12345"; }},
      {"invalid_serial", [](Telemetry& t) { t.type = "RD41", t.serial = "000000000"; }},
      {"invalid_serial",
       [](Telemetry& t) { t.type = "DFM", t.subtype = "DFM09", t.serial = "D19"; }},
      {"amateur_balloon", [](Telemetry& t) { t.subtype = "DL0UJ-12"; }},
      {"too_old", [](Telemetry& t) { t.datetime = UtcMillis{kNow.ms - 48 * 3600'000LL - 1}; }},
      {"in_the_future", [](Telemetry& t) { t.datetime = UtcMillis{kNow.ms + 60'001}; }},
  };
  return all;
}

TEST(Policy, RefusesEachBrokenRuleByItsKey) {
  ASSERT_EQ(key_of(rs41()), "");
  for (const Rule& rule : rules()) {
    Telemetry t = rs41();
    rule.break_it(t);
    EXPECT_EQ(key_of(t), rule.key);
    const auto r = refusal(t, station(), kNow, true);
    EXPECT_TRUE(r && !r->words.empty()) << rule.key;
  }
}

// The stand-in's rules are written apart from the policy: both must draw the same line.
TEST(Policy, AgreesWithTheHub) {
  for (const Rule& rule : rules()) {
    if (!rule.hub_knows) continue;
    Telemetry t = rs41();
    rule.break_it(t);
    const std::string body = "[" + to_text(hub_record(t, station())) + "]";
    const auto answer = omnisonde::testing::ingest_telemetry(body, false, "test/1", kNow);
    EXPECT_TRUE(answer.stored.empty()) << rule.key << ": " << answer.body;
  }
}

TEST(Policy, LetsPassWhatTheHubTakes) {
  const std::vector<std::pair<const char*, const char*>> good = {
      {"RS41", "C0000000"},   {"RS92", "Z9999999"},   {"DFM", "19012345"},
      {"M10", "911-2-01234"}, {"M20", "105-2-12345"}, {"PS-15", "12345"},
      {"iMS-100", "1234567"}, {"RS-11G", "123456"},   {"LMS6-403", "8123456"},
      {"iMet-54", "55067"},   {"MRZ", "5667-39155"},  {"MTS01", "123"},
      {"WxR-301D", "12345"},  {"RD41", "123456789"},  {"iMet-4", "IMET4-ABC"}};
  for (const auto& [type, serial] : good) {
    Telemetry t = rs41();
    t.type = type;
    t.serial = serial;
    t.subtype.clear();
    t.position->altitude_m = 2000;
    EXPECT_EQ(key_of(t), "") << type;
    const std::string body = "[" + to_text(hub_record(t, station())) + "]";
    EXPECT_EQ(omnisonde::testing::ingest_telemetry(body, false, "t/1", kNow).stored.size(), 1U)
        << type;
  }
}

TEST(Policy, DrawsItsLinesWhereTheHubDoes) {
  Telemetry t = rs41();
  t.position->altitude_m = 50'000;
  EXPECT_EQ(key_of(t), "");
  t.position->altitude_m = -12;
  EXPECT_EQ(key_of(t), "");
  t.satellites = 4;
  t.heading_deg = 360;
  t.humidity_pct = 0;
  EXPECT_EQ(key_of(t), "");
  t.datetime = UtcMillis{kNow.ms + 60'000};
  EXPECT_EQ(key_of(t), "");
}

TEST(Policy, WithABadClockJudgesNoAgeAndTrustsNoBorrowedDate) {
  Telemetry t = rs41();
  t.datetime = UtcMillis{kNow.ms + 3600'000};
  EXPECT_EQ(key_of(t, false), "");
  t.type = "iMet-4";
  EXPECT_EQ(key_of(t, false), "clock_not_set");
}

TEST(Policy, KnowsWhoNeedsMany) {
  EXPECT_TRUE(needs_many_records("DFM"));
  EXPECT_TRUE(needs_many_records("iMS-100"));
  EXPECT_FALSE(needs_many_records("RS-11G"));
  EXPECT_EQ(dfm().type, "DFM");
}

}  // namespace
}  // namespace omnisonde::uploader
