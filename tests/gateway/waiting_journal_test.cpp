// What waits for a serial outlives the program: the file, its lines, and bad ones among them.
#include "gateway/waiting_journal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gateway/telemetry_json.hpp"

namespace omnisonde {
namespace {

namespace fs = std::filesystem;

Telemetry full_record() {
  Telemetry t;
  t.type = "DFM";
  t.subtype = "DFM17";
  t.manufacturer = "Graw";
  t.serial = "23041299";
  t.frame_number = 1'476'532'818;
  t.datetime = UtcMillis{1'792'497'600'123};
  t.time_reference = TimeReference::kGps;
  t.position = GeoPosition{48.123456789012345, -11.5, 12000.017};
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.velocity_h_mps = 18.3F;
  t.velocity_v_mps = -5.2F;
  t.heading_deg = 77.9F;
  t.temperature_c = -56.55F;
  t.humidity_pct = 30.1F;
  t.pressure_hpa = 182.48F;
  t.battery_v = 5.1F;
  t.satellites = 9;
  t.burst_timer_s = 28'494;
  t.tx_frequency_mhz = 402.71;
  t.xdata = "01010D480A5A5F80";
  t.encrypted = true;
  t.hold_reason = kSerialUnknown;
  t.identity_epoch = 3;
  t.sender_hint = "217n";
  t.extras = {{"dfmcode", "0xB"}, {"other", "\"quoted\"\n"}};
  t.rx = {.t_s = 12.25,
          .received = {1'792'497'600'456},
          .frequency_hz = 402'710'123.5,
          .snr_db = 17.25F,
          .effort = Effort::kPriors,
          .bits_corrected = 4};
  return t;
}

class Journal : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("omnisonde-journal-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] WaitingJournal journal() {
    return {file(), [this](const std::string& text) { warnings_.push_back(text); }};
  }
  [[nodiscard]] std::string file() const { return (folder_ / "waiting.jsonl").string(); }

  fs::path folder_;
  std::vector<std::string> warnings_;
};

// Writing is the inverse of reading if the second writing is equal to the first, and a record
// without values does not equal one with all of them.
TEST(TelemetryLine, EveryFieldComesBack) {
  const std::string line = telemetry_to_line(full_record());
  const auto back = telemetry_from_line(line);
  ASSERT_TRUE(back);
  EXPECT_EQ(telemetry_to_line(*back), line);
  EXPECT_EQ(back->position->latitude_deg, full_record().position->latitude_deg);
  EXPECT_EQ(back->rx.snr_db, full_record().rx.snr_db);
  EXPECT_EQ(back->extras.at(1).value, "\"quoted\"\n");
  const std::string empty = telemetry_to_line(Telemetry{});
  ASSERT_TRUE(telemetry_from_line(empty));
  EXPECT_FALSE(telemetry_from_line(empty)->position);
  EXPECT_EQ(telemetry_to_line(*telemetry_from_line(empty)), empty);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(TelemetryLine, WhatIsNoRecordIsRefused) {
  const std::string line = telemetry_to_line(full_record());
  for (const std::string& bad : {std::string(), std::string("{}"), std::string("[1]"),
                                 line.substr(0, line.size() / 2), std::string(R"({"type":7})")}) {
    EXPECT_FALSE(telemetry_from_line(bad)) << bad;
  }
}

TEST_F(Journal, KeptRecordsAreThereForTheNextRun) {
  {
    WaitingJournal first = journal();
    EXPECT_TRUE(first.load().empty());
    first.keep(full_record());
    Telemetry second = full_record();
    second.frame_number = 7;
    first.keep(second);
  }
  const auto found = journal().load();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].frame_number, full_record().frame_number);
  EXPECT_EQ(found[1].frame_number, 7U);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(Journal, ACutOffLineSpoilsNoOther) {
  journal().keep(full_record());
  std::ofstream(file(), std::ios::app) << telemetry_to_line(full_record()).substr(0, 60);
  journal().keep(full_record());
  EXPECT_EQ(journal().load().size(), 2U);
}

TEST_F(Journal, ReplacingKeepsOnlyWhatStillWaits) {
  WaitingJournal kept = journal();
  kept.keep(full_record());
  kept.keep(full_record());
  const Telemetry left = full_record();
  kept.replace({&left});
  EXPECT_EQ(kept.load().size(), 1U);
  kept.replace({});
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(Journal, AFolderThatTakesNothingIsSaidOnce) {
  fs::remove_all(folder_);
  WaitingJournal nowhere = journal();
  nowhere.keep(full_record());
  nowhere.keep(full_record());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_[0].find("waiting.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace omnisonde
