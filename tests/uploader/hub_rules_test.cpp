// Every rule of the hub, provoked: the record is never sent and counted with its reason, or the
// hub's refusal is shown in its words. The numbers are those of docs/delivery.md.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <mutex>
#include <nlohmann/json.hpp>

#include "tests/support/hub_standin.hpp"
#include "tests/uploader/sample.hpp"
#include "uploader/record.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::HubFault;
using omnisonde::testing::HubStandin;
using testing::dfm;
using testing::eventually;
using testing::kNow;
using testing::rs41;
using testing::TempFolder;

class HubRules : public ::testing::Test {
 protected:
  void SetUp() override {
    omnisonde::testing::HubStandinOptions options;
    options.tls = false;
    options.now = [] { return kNow; };
    auto started = HubStandin::start(options);
    ASSERT_TRUE(started.ok()) << started.error().line();
    hub_ = std::move(*started);
    Config config;
    config.station = testing::station();
    config.storage.path = folder_.path();
    config.storage.commit_interval_s = 0.02;
    config.sondehub.url = hub_->url();
    config.sondehub.batch_interval_s = 0.1;
    config.sondehub.backoff_first_s = 0.1;
    config.sondehub.station_report = false;
    Hooks hooks;
    hooks.now = [] { return kNow; };
    hooks.log = [this](LogLevel, const std::string& text) {
      const std::lock_guard lock(log_mutex_);
      log_ += text + "\n";
    };
    auto uploader = Uploader::start(config, hooks);
    ASSERT_TRUE(uploader.ok()) << uploader.error().line();
    uploader_ = std::move(*uploader);
  }

  [[nodiscard]] std::uint64_t refused(const std::string& key) const {
    for (const ReasonCount& r : uploader_->status().refused) {
      if (r.key == key && !r.words.empty()) return r.count;
    }
    return 0;
  }
  [[nodiscard]] OutputStatus hub_status() const { return uploader_->status().outputs.at(0); }
  [[nodiscard]] bool shown(const std::string& key, const std::string& words) const {
    const OutputStatus status = hub_status();
    bool counted = false, told = false;
    for (const ReasonCount& r : status.rejected)
      counted = counted || (r.key == key && r.words == words);
    for (const RefusedRecord& r : status.refused_last) told = told || r.words == words;
    return counted && told;
  }
  [[nodiscard]] std::string log() {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }

  TempFolder folder_;
  std::mutex log_mutex_;
  std::string log_;
  std::unique_ptr<HubStandin> hub_;
  std::unique_ptr<Uploader> uploader_;
};

struct Provocation {
  const char* rule;
  const char* key;
  std::function<void(Telemetry&)> spoil;
};

std::function<void(Telemetry&)> typed(const char* type, const char* subtype, const char* serial) {
  return [=](Telemetry& t) {
    t.type = type;
    t.subtype = subtype;
    t.serial = serial;
  };
}

const std::vector<Provocation>& never_sent() {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  static const std::vector<Provocation> all = {
      {"1 zero position", "zero_position",
       [](Telemetry& t) {
         t.position = GeoPosition{0, 0, 900};
       }},
      {"2 altitude cap", "altitude_too_high",
       [](Telemetry& t) { t.position->altitude_m = 50'001; }},
      {"3 altitude 0", "altitude_zero", [](Telemetry& t) { t.position->altitude_m = 0; }},
      {"4 amateur", "amateur_balloon", [](Telemetry& t) { t.subtype = "DL0UJ-12"; }},
      {"5 humidity", "humidity_negative", [](Telemetry& t) { t.humidity_pct = -1.0F; }},
      {"5 pressure", "pressure_negative", [](Telemetry& t) { t.pressure_hpa = -1.0F; }},
      {"6 satellites", "few_satellites", [](Telemetry& t) { t.satellites = 3; }},
      {"7 radius", "too_far", [](Telemetry& t) { t.position->latitude_deg = 40; }},
      {"8 heading", "heading_above_360", [](Telemetry& t) { t.heading_deg = 361.0F; }},
      {"9 old", "too_old", [](Telemetry& t) { t.datetime = UtcMillis{kNow.ms - 172'801'000}; }},
      {"9 future", "in_the_future", [](Telemetry& t) { t.datetime = UtcMillis{kNow.ms + 61'000}; }},
      {"9 no time", "no_time", [](Telemetry& t) { t.datetime.reset(); }},
      {"10 RS41", "invalid_serial", typed("RS41", "", "A1234567")},
      {"10 RS92", "invalid_serial", typed("RS92", "", "S12345")},
      {"10 RD41", "invalid_serial", typed("RD41", "", "000000000")},
      {"10 DFM", "invalid_serial", typed("DFM", "DFM17", "xxxxxxxx")},
      {"10 PS-15", "invalid_serial", typed("PS-15", "", "x1")},
      {"10 iMS-100", "invalid_serial", typed("iMS-100", "", "x1")},
      {"10 RS-11G", "invalid_serial", typed("RS-11G", "", "x1")},
      {"10 MRZ", "invalid_serial", typed("MRZ", "", "x1")},
      {"10 C50", "invalid_serial", typed("C50", "", "x1")},
      {"10 other types", "unknown_type", typed("SRS-C34", "", "123")},
      {"14 DFM09", "invalid_serial", typed("DFM", "DFM09", "D1234")},
      {"3.3 encrypted", "encrypted", [](Telemetry& t) { t.encrypted = true; }},
      {"3.3 no serial", "no_serial", [](Telemetry& t) { t.serial.clear(); }},
      {"3.1 lat missing", "no_position", [](Telemetry& t) { t.position.reset(); }},
      {"3.1 lat null", "impossible_position",
       [kNan](Telemetry& t) { t.position->latitude_deg = static_cast<double>(kNan); }},
  };
  return all;
}

TEST_F(HubRules, WhatAGatewayCanKnowIsNeverSentAndCounted) {
  std::map<std::string, std::uint64_t> want;
  for (const Provocation& p : never_sent()) {
    Telemetry t = rs41();
    p.spoil(t);
    uploader_->accept(t);
    EXPECT_EQ(refused(p.key), ++want[p.key]) << "rule " << p.rule;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(hub_->stats().telemetry_requests, 0U);
}

// Rule 3.1: null where a number belongs costs the hub's whole batch.
TEST_F(HubRules, NumbersThatAreNoneAreLeftOut) {
  Telemetry t = rs41();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  t.temperature_c = t.humidity_pct = t.pressure_hpa = t.heading_deg = t.velocity_h_mps = kNan;
  t.velocity_v_mps = t.battery_v = t.rx.snr_db = kNan;
  uploader_->accept(t);
  ASSERT_TRUE(eventually([&] { return hub_status().delivered == 1; })) << log();
  const auto record = nlohmann::json::parse(hub_->records().at(0));
  for (const auto& [name, value] : record.items()) EXPECT_FALSE(value.is_null()) << name;
  EXPECT_FALSE(record.contains("humidity"));
}

// Rules 10 and 16 to 18, and 3.5.1: only the hub can know.
TEST_F(HubRules, WhatOnlyTheHubKnowsIsShownInItsWords) {
  const std::vector<std::pair<std::string, std::string>> answers = {
      {"Please contact us about this callsign", "hub_blocked"},
      {"Payload ID S1234567 from type RS41 is invalid", "hub_invalid_serial"},
      {"z-check failed: outlier in lat", "hub_outlier"},
      {"Not enough data to check for outliers above 1000m", "hub_too_few"},
      {"This software is not allowed for this type of sonde", "hub_other"}};
  std::uint32_t n = 0;
  for (const auto& [words, key] : answers) {
    hub_->add_fault({HubFault::Kind::kRejectFirst, 1, 0, 0, words});
    uploader_->accept(rs41(n++, "S1234567", UtcMillis{kNow.ms - 10'000}));
    EXPECT_TRUE(eventually([&] { return shown(key, words); })) << words << '\n' << log();
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(hub_->stats().telemetry_requests, n) << "a refused record was sent again";
  EXPECT_NE(log().find("contact us about this callsign"), std::string::npos);
}

// Rule 15: a DFM09 with a serial of a later kind is stored, changed by the hub.
TEST_F(HubRules, AWarningIsSaidAndTheRecordIsDone) {
  for (std::uint32_t n = 0; n < 11; ++n) {
    Telemetry t = dfm(n, UtcMillis{kNow.ms - 12'000});
    t.subtype = "DFM09";
    t.serial = "23000000";
    uploader_->accept(t);
  }
  ASSERT_TRUE(eventually([&] { return hub_status().delivered == 11; })) << log();
  EXPECT_TRUE(eventually([&] { return log().find("a change of its own") != std::string::npos; }));
}

// Rules 11 to 13 and 3.4 go by the program's name.
TEST(HubRulesOfNames, OurNameIsNoneThatTheHubKnows) {
  const std::string name = software_name();
  for (const char* other :
       {"autorx", "auto_rx", "auto-rx", "OpenWXSDR", "OpenWebRX", "multisonde_go", "SondeFox",
        "SDRangel", "SondeMonitor", "rdz", "SHUE"}) {
    EXPECT_EQ(name.find(other), std::string::npos) << other;
  }
  int major = -1, minor = -1, patch = -1;
  char rest = 0;
  EXPECT_EQ(std::sscanf(software_version(), "%d.%d.%d%c", &major, &minor, &patch, &rest), 3);
}

// Rule 18, and 3.5.2 and 3.5.3 with a whole flight: eleven in a row, the newest last, no gap
// inside.
TEST_F(HubRules, AFlightOfDfmPassesWithoutARefusal) {
  for (std::uint32_t n = 0; n < 60; ++n) uploader_->accept(dfm(n, UtcMillis{kNow.ms - 61'000}));
  ASSERT_TRUE(eventually([&] { return hub_status().delivered == 60; })) << log();
  EXPECT_EQ(hub_->stats().rejected, 0U);
  std::int64_t last = 0;
  for (const std::string& text : hub_->records()) {
    const std::int64_t frame = nlohmann::json::parse(text)["frame"];
    EXPECT_GT(frame, last);
    last = frame;
  }
}

}  // namespace
}  // namespace omnisonde::uploader
