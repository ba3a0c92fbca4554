// The uploader against the stand-in by real HTTPS.
#include "uploader/hub_https.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/hub_standin.hpp"
#include "tests/uploader/sample.hpp"
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

// A stand-in and the settings of a gateway that talks to it.
class HubHttpsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    omnisonde::testing::HubStandinOptions options;
    options.cert_folder = folder_.path() + "/hub";
    options.now = [this] { return UtcMillis{clock_ms_}; };
    auto started = HubStandin::start(options);
    ASSERT_TRUE(started.ok()) << started.error().line();
    hub_ = std::move(*started);
    config_.station = testing::station();
    config_.storage.path = folder_.path() + "/state";
    config_.storage.commit_interval_s = 0.02;
    config_.storage.clock_hold_s = 1;
    config_.sondehub.url = hub_->url();
    config_.sondehub.ca_file = hub_->ca_file();
    config_.sondehub.batch_interval_s = 0.2;
    config_.sondehub.backfill_interval_s = 0.2;
    config_.sondehub.backoff_first_s = 0.2;
    config_.sondehub.backoff_max_s = 1;
    config_.sondehub.request_timeout_s = 2;
  }

  void start() {
    Hooks hooks;
    hooks.now = [this] { return UtcMillis{clock_ms_}; };
    hooks.clock_good = [this] { return clock_good_.load(); };
    hooks.log = [this](LogLevel, const std::string& text) {
      const std::lock_guard lock(log_mutex_);
      log_ += text + "\n";
    };
    auto started = Uploader::start(config_, hooks);
    ASSERT_TRUE(started.ok()) << started.error().line();
    uploader_ = std::move(*started);
  }

  void accept(int count, const std::string& serial = "S1234567") {
    for (int n = 0; n < count; ++n) {
      uploader_->accept(
          rs41(static_cast<std::uint32_t>(n), serial, UtcMillis{kNow.ms - 1000LL * count}));
    }
  }

  [[nodiscard]] std::multiset<int> frames() const {
    std::multiset<int> out;
    for (const std::string& r : hub_->records())
      out.insert(nlohmann::json::parse(r)["frame"].get<int>());
    return out;
  }
  [[nodiscard]] bool has_frames(int count) const {
    const auto got = frames();
    for (int n = 0; n < count; ++n) {
      if (!got.contains(1000 + n)) return false;
    }
    return true;
  }
  [[nodiscard]] OutputStatus output() const { return uploader_->status().outputs.at(0); }
  [[nodiscard]] std::uint64_t rejected(const std::string& key) const {
    for (const ReasonCount& r : output().rejected) {
      if (r.key == key) return r.count;
    }
    return 0;
  }
  [[nodiscard]] std::string log() const {
    const std::lock_guard lock(log_mutex_);
    return log_;
  }
  void fault(HubFault::Kind kind, int count = 1, int value = 500, int retry_after_s = 0) {
    hub_->add_fault({kind, count, value, retry_after_s});
  }

  TempFolder folder_;
  std::atomic<std::int64_t> clock_ms_{kNow.ms};
  std::atomic<bool> clock_good_{true};
  mutable std::mutex log_mutex_;
  std::string log_;
  std::unique_ptr<HubStandin> hub_;
  Config config_;
  std::unique_ptr<Uploader> uploader_;
};

TEST_F(HubHttpsTest, DeliversExactlyWhatWasDecodedOnce) {
  start();
  accept(15);
  ASSERT_TRUE(eventually([&] { return output().delivered == 15; })) << log();
  EXPECT_EQ(frames().size(), 15U);
  const auto first = nlohmann::json::parse(hub_->records().at(0));
  EXPECT_EQ(first["lat"], 52.1234567);
  EXPECT_EQ(first["datetime"], "2026-10-20T12:00:53.000Z");
  EXPECT_EQ(first["uploader_callsign"], "DL1ABC");
  EXPECT_EQ(first["user-agent"].get<std::string>().rfind("omnisonde/", 0), 0U);
  EXPECT_TRUE(output().ok);
  EXPECT_TRUE(output().last_success_age_s.has_value());
  EXPECT_EQ(output().waiting, 0U);
}

TEST_F(HubHttpsTest, ReportsTheStationAtStartAndOnChange) {
  start();
  ASSERT_TRUE(eventually([&] { return hub_->station_reports().size() == 1; })) << log();
  const auto report = nlohmann::json::parse(hub_->station_reports()[0]);
  EXPECT_EQ(report["uploader_antenna"], "1/4 wave monopole");
  EXPECT_EQ(report["uploader_position"][0], 52.5);
  StationConfig moved = config_.station;
  moved.position->latitude_deg += 0.0005;  // 55 m: not worth a report
  uploader_->set_station(moved);
  moved.antenna = "collinear";
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(hub_->station_reports().size(), 1U);
  uploader_->set_station(moved);
  EXPECT_TRUE(eventually([&] { return hub_->station_reports().size() == 2; }));
}

TEST_F(HubHttpsTest, TriesAgainAfterEachPassingFault) {
  const std::vector<std::pair<HubFault::Kind, int>> faults = {
      {HubFault::Kind::kStatus, 500}, {HubFault::Kind::kStatus, 503},
      {HubFault::Kind::kStatus, 408}, {HubFault::Kind::kReset, 0},
      {HubFault::Kind::kGarbage, 0},  {HubFault::Kind::kHang, 0}};
  for (const auto& [kind, value] : faults) fault(kind, 1, value);
  start();
  accept(12);
  ASSERT_TRUE(eventually([&] { return has_frames(12); }, 30)) << log();
  EXPECT_EQ(frames().size(), 12U) << "nothing was stored by the faults, so nothing is doubled";
  ASSERT_TRUE(eventually([&] { return output().ok; }));
  EXPECT_FALSE(output().last_error.empty());
}

TEST_F(HubHttpsTest, AnAnswerThatIsLostIsSentAgain) {
  fault(HubFault::Kind::kResetStored);
  start();
  accept(3);
  ASSERT_TRUE(eventually([&] { return output().delivered == 3; })) << log();
  EXPECT_EQ(frames().size(), 6U);  // at least once
}

TEST_F(HubHttpsTest, ACutOffAnswerBehind200IsDone) {
  fault(HubFault::Kind::kCut);
  start();
  accept(3);
  ASSERT_TRUE(eventually([&] { return output().delivered == 3; })) << log();
  EXPECT_EQ(frames().size(), 3U);
}

TEST_F(HubHttpsTest, HonoursRetryAfter) {
  fault(HubFault::Kind::kStatus, 1, 429, 2);
  start();
  accept(3);
  ASSERT_TRUE(eventually([&] { return !output().ok && output().retry_in_s > 1.2; })) << log();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] { return has_frames(3); }));
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1200));
}

TEST_F(HubHttpsTest, RejectedRecordsAreNeverSentAgainAndTheOthersAreDone) {
  fault(HubFault::Kind::kRejectFirst);
  start();
  accept(5);
  ASSERT_TRUE(eventually([&] { return output().delivered == 4; })) << log();
  EXPECT_EQ(rejected("hub_other"), 1U);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(hub_->stats().telemetry_requests, 1U);
  EXPECT_EQ(frames().size(), 4U);
}

TEST_F(HubHttpsTest, FindsThePoisonRecordAndSparesTheOthers) {
  hub_->set_poison("P7654321");
  start();
  for (int s = 0; s < 99; ++s) {
    uploader_->accept(rs41(0, "S" + std::to_string(1'000'000 + s)));
  }
  uploader_->accept(rs41(0, "P7654321"));
  ASSERT_TRUE(eventually([&] { return output().delivered == 99; })) << log();
  EXPECT_TRUE(eventually([&] { return rejected("quarantined") == 1; }));
  EXPECT_LE(hub_->stats().telemetry_requests, 16U);
  EXPECT_EQ(hub_->records().size(), 99U);
}

TEST_F(HubHttpsTest, SendsSmallerRequestsAfter413) {
  fault(HubFault::Kind::kStatus, 1, 413);
  start();
  accept(60);
  ASSERT_TRUE(eventually([&] { return output().delivered == 60; })) << log();
  EXPECT_NE(log().find("at most 50 records"), std::string::npos) << log();
}

TEST_F(HubHttpsTest, ARefusalStopsTheUploadForLongAndKeepsTheRecords) {
  config_.sondehub.refused_first_s = 900;
  for (const int status : {403}) fault(HubFault::Kind::kStatus, 100, status);
  start();
  accept(3);
  ASSERT_TRUE(eventually([&] { return !output().ok; })) << log();
  EXPECT_GT(output().retry_in_s.value_or(0), 600);
  EXPECT_EQ(output().waiting, 3U);
  EXPECT_EQ(hub_->stats().telemetry_requests, 1U);
  EXPECT_NE(output().state.find("403"), std::string::npos);
}

TEST_F(HubHttpsTest, ADownHubIsWaitedForAndARestartDeliversAll) {
  const std::string url = hub_->url();
  config_.sondehub.url = "https://localhost:1";
  start();
  accept(20);
  ASSERT_TRUE(eventually([&] { return !output().ok; }));
  EXPECT_TRUE(eventually([&] { return output().waiting == 20; }));
  uploader_.reset();
  config_.sondehub.url = url;
  start();
  ASSERT_TRUE(eventually([&] { return has_frames(20); })) << log();
  EXPECT_EQ(frames().size(), 20U);
}

TEST_F(HubHttpsTest, RefusesAHubWithAnotherAuthority) {
  auto other = omnisonde::testing::HubStandinOptions{};
  other.cert_folder = folder_.path() + "/other";
  auto second = HubStandin::start(other);
  ASSERT_TRUE(second.ok());
  config_.sondehub.ca_file = (*second)->ca_file();
  start();
  accept(3);
  ASSERT_TRUE(eventually([&] { return !output().ok; }));
  EXPECT_NE(output().state.find("certificate"), std::string::npos) << output().state;
  EXPECT_TRUE(hub_->records().empty());
  EXPECT_EQ(hub_->stats().station_reports, 0U);
}

TEST_F(HubHttpsTest, DfmGoesInRunsOfElevenSoThatNoneIsRejected) {
  start();
  for (std::uint32_t n = 0; n < 10; ++n) uploader_->accept(dfm(n, UtcMillis{kNow.ms - 12'000}));
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_EQ(hub_->stats().telemetry_requests, 0U);
  uploader_->accept(dfm(10, UtcMillis{kNow.ms - 12'000}));
  ASSERT_TRUE(eventually([&] { return output().delivered == 11; })) << log();
  EXPECT_EQ(hub_->stats().rejected, 0U);
  for (std::uint32_t n = 11; n < 14; ++n) uploader_->accept(dfm(n, UtcMillis{kNow.ms - 12'000}));
  clock_ms_ += 300'000;
  EXPECT_TRUE(eventually([&] { return rejected("below_hub_minimum") == 3; })) << log();
  EXPECT_EQ(hub_->stats().rejected, 0U);
}

TEST_F(HubHttpsTest, WithoutACallsignDecodesButDoesNotUpload) {
  for (const char* callsign : {"", "CHANGEME", "N0CALL"}) {
    config_.station.callsign = callsign;
    start();
    accept(3);
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    EXPECT_FALSE(output().ok);
    EXPECT_NE(output().state.find("callsign"), std::string::npos);
    EXPECT_EQ(output().waiting, 0U);
    uploader_.reset();
  }
  EXPECT_EQ(hub_->stats().telemetry_requests + hub_->stats().station_reports, 0U);
}

TEST_F(HubHttpsTest, WaitsForAGoodClock) {
  clock_good_ = false;
  start();
  accept(3);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(hub_->stats().telemetry_requests, 0U);
  EXPECT_NE(output().state.find("clock"), std::string::npos);
  clock_good_ = true;
  EXPECT_TRUE(eventually([&] { return output().delivered == 3; })) << log();
}

// Three days ahead, or back, and right again within the hold: nothing is too old or of the future.
TEST_F(HubHttpsTest, AClockThatJumpsCostsNoRecord) {
  for (const std::int64_t days : {3, -3}) {
    config_.sondehub.url = "https://localhost:1";
    start();
    accept(5, days > 0 ? "S1234567" : "S7654321");
    ASSERT_TRUE(eventually([&] { return output().waiting == 5; }));
    uploader_.reset();
    config_.sondehub.url = hub_->url();
    start();
    clock_ms_ += days * 86'400'000;
    ASSERT_TRUE(eventually([&] { return log().find("jumped by") != std::string::npos; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    clock_ms_ -= days * 86'400'000;
    EXPECT_TRUE(eventually([&] { return output().delivered == 5; })) << log();
    EXPECT_TRUE(output().rejected.empty());
    uploader_.reset();
  }
}

TEST_F(HubHttpsTest, DryRunStoresNothing) {
  config_.sondehub.dry_run = true;
  start();
  accept(4);
  ASSERT_TRUE(eventually([&] { return rejected("dry_run") == 4; })) << log();
  EXPECT_TRUE(hub_->records().empty());
}

TEST_F(HubHttpsTest, SendsOnlyTheTypesAskedFor) {
  config_.sondehub.upload_types = {"DFM"};
  start();
  accept(4);
  for (std::uint32_t n = 0; n < 11; ++n) uploader_->accept(dfm(n, UtcMillis{kNow.ms - 12'000}));
  ASSERT_TRUE(eventually([&] { return output().delivered == 11; })) << log();
  for (const std::string& r : hub_->records()) {
    EXPECT_EQ(nlohmann::json::parse(r)["type"], "DFM");
  }
}

TEST_F(HubHttpsTest, HeldAndBadRecordsAreCountedNotSent) {
  start();
  Telemetry t = rs41();
  t.hold_reason = "no position yet";
  uploader_->accept(t);
  t = rs41();
  t.position = GeoPosition{0, 0, 100};
  uploader_->accept(t);
  uploader_->accept(t);
  const UploadStatus status = uploader_->status();
  ASSERT_EQ(status.refused.size(), 2U);
  EXPECT_EQ(status.refused[0].words, "no position yet");
  EXPECT_EQ(status.refused[1].key, "zero_position");
  EXPECT_EQ(status.refused[1].count, 2U);
}

TEST_F(HubHttpsTest, StopsQuicklyWhileTheHubHangs) {
  config_.sondehub.request_timeout_s = 30;
  fault(HubFault::Kind::kHang, 10);
  start();
  accept(3);
  ASSERT_TRUE(eventually([&] { return hub_->stats().telemetry_requests == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  uploader_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
}

TEST_F(HubHttpsTest, ImpossibleSettingsAreNamed) {
  config_.sondehub.ca_file = "/no/such/file.pem";
  const auto started = Uploader::start(config_, {});
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().what.find("/no/such/file.pem"), std::string::npos);
  config_.sondehub.ca_file.clear();
  config_.sondehub.url = "api.sondehub.org";
  EXPECT_FALSE(Uploader::start(config_, {}).ok());
}

}  // namespace
}  // namespace omnisonde::uploader
