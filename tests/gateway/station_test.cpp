// From a receiver's records to the page and to the uploader.
#include "gateway/station.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "uploader/record.hpp"

namespace omnisonde {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class StationOnAir : public ::testing::Test {
 protected:
  StationOnAir() : log_(LogSeverity::kError), station_(config(), log_) {
    Station::Outlets outlets;
    outlets.upload = [this](const Telemetry& t) { uploaded_.push_back(t); };
    station_.set_outlets(std::move(outlets));
  }
  static Config config() {
    Config c;
    c.decode.track_timeout_s = 600;
    c.filter = {.max_altitude_m = 50'000,
                .max_range_km = 1000,
                .max_clock_difference_h = 48,
                .max_speed_m_s = 300};
    return c;
  }
  /// A DFM with an ozonesonde: it sends no pressure.
  static Telemetry record(int second) {
    Telemetry t;
    t.type = "DFM";
    t.serial = "21012345";
    t.frame_number = static_cast<std::uint32_t>(second);
    t.datetime = UtcMillis{1'792'497'600'000 + 1000 * second};
    t.position = GeoPosition{50, 14, 10'000.0 + 5 * second};
    t.temperature_c = -48.5F;
    t.humidity_pct = 35;
    t.xdata = "01010D480A5A5F80";
    t.rx.frequency_hz = 403.1e6;
    return t;
  }
  void hear(const Telemetry& t) { station_.on_records("roof", {{1, t}}); }

  Log log_;
  Station station_;
  std::vector<Telemetry> uploaded_;
};

// Every name that the hub knows (docs/uploader.md).
const std::set<std::string> kHubFields = {"software_name",
                                          "software_version",
                                          "uploader_callsign",
                                          "uploader_position",
                                          "uploader_antenna",
                                          "time_received",
                                          "manufacturer",
                                          "type",
                                          "subtype",
                                          "serial",
                                          "frame",
                                          "datetime",
                                          "lat",
                                          "lon",
                                          "alt",
                                          "vel_h",
                                          "vel_v",
                                          "heading",
                                          "temp",
                                          "humidity",
                                          "pressure",
                                          "batt",
                                          "sats",
                                          "burst_timer",
                                          "xdata",
                                          "frequency",
                                          "tx_frequency",
                                          "snr",
                                          "ref_datetime",
                                          "ref_position",
                                          "dfmcode"};

TEST_F(StationOnAir, DerivedValuesAreShownAndNeverUploaded) {
  hear(record(0));
  const auto tracks = station_.tracks(false);
  ASSERT_EQ(tracks.size(), 1U);
  EXPECT_TRUE(tracks[0].derived.dew_point_c);
  EXPECT_NEAR(tracks[0].derived.pressure_hpa.value_or(0), 265, 2);
  EXPECT_EQ(tracks[0].derived.xdata.size(), 1U);
  ASSERT_EQ(uploaded_.size(), 1U);
  EXPECT_FALSE(uploaded_[0].pressure_hpa);
  uploader::StationConfig station;
  station.callsign = "TEST";
  const auto sent = uploader::hub_record(uploaded_[0], station);
  EXPECT_FALSE(sent.contains("pressure"));
  EXPECT_EQ(sent["xdata"], "01010D480A5A5F80");
  for (const auto& [name, value] : sent.items()) EXPECT_TRUE(kHubFields.contains(name)) << name;
}

TEST_F(StationOnAir, WhatIsHeldIsCountedByReason) {
  hear(record(0));
  Telemetry wild = record(1);
  wild.position->latitude_deg += 1;
  hear(wild);
  Telemetry high = record(2);
  high.position->altitude_m = 60'000;
  hear(high);
  Telemetry lost = record(3);
  lost.hold_reason = "no position";
  hear(lost);
  hear(record(4));
  std::vector<std::string> reasons;
  for (const RejectCount& r : station_.held()) {
    EXPECT_EQ(r.count, 1U) << r.reason;
    reasons.push_back(r.reason);
  }
  EXPECT_THAT(reasons, ::testing::UnorderedElementsAre("no position", "too fast", "too high"));
  ASSERT_EQ(uploaded_.size(), 5U);
  EXPECT_EQ(uploaded_[0].hold_reason, "");
  EXPECT_THAT(uploaded_[1].hold_reason, HasSubstr("max_speed_m_s"));
  EXPECT_EQ(uploaded_[4].hold_reason, "") << "the wrong fix is not what the next is measured by";
}

TEST_F(StationOnAir, AnotherSerialOnTheSlotIsNoNewTrackUntilCertain) {
  hear(record(0));
  for (int second = 1; second < 4; ++second) {
    Telemetry other = record(second);
    other.serial = "22054321";
    hear(other);
    EXPECT_EQ(station_.tracks(false).size(), second < 3 ? 1U : 2U);
    EXPECT_EQ(uploaded_.size(), second < 3 ? 1U : 4U);
  }
  EXPECT_EQ(std::ranges::count(uploaded_, "22054321", &Telemetry::serial), 3);
}

}  // namespace
}  // namespace omnisonde
