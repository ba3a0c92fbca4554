#include "uploader/record.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/uploader/sample.hpp"

namespace omnisonde::uploader {
namespace {

using testing::rs41;
using testing::station;

TEST(Record, IsExactlyTheHubsFields) {
  Telemetry t = rs41();
  t.pressure_hpa = 261.37F;
  t.burst_timer_s = 30600;
  t.tx_frequency_mhz = 402.7;
  t.xdata = "0501A2";
  t.extras = {{"rs41_mainboard", "RSM424"}};
  EXPECT_EQ(
      to_text(hub_record(t, station())),
      R"({"software_name":"omnisonde","software_version":")" + std::string(software_version()) +
          R"(","uploader_callsign":"DL1ABC","uploader_position":[52.5,13.4,50.0],)"
          R"("uploader_antenna":"1/4 wave monopole","time_received":"2026-10-20T12:01:08.000Z",)"
          R"("manufacturer":"Vaisala","type":"RS41","subtype":"RS41-SGP","serial":"S1234567",)"
          R"("frame":1000,"datetime":"2026-10-20T12:01:08.000Z","lat":52.1234567,)"
          R"("lon":13.7654321,"alt":10000.25,"vel_h":12.5,"vel_v":5.25,"heading":271.5,)"
          R"("temp":-40.1,"humidity":12.3,"pressure":261.37,"batt":2.7,"sats":9,)"
          R"("burst_timer":30600,"xdata":"0501A2","frequency":402.70012,"tx_frequency":402.7,)"
          R"("snr":15.3,"ref_datetime":"GPS","ref_position":"GPS","rs41_mainboard":"RSM424"})");
}

TEST(Record, OmitsWhatIsAbsent) {
  Telemetry t;
  t.type = "M10";
  EXPECT_EQ(to_text(telemetry_fields(t)), R"({"type":"M10"})");
}

TEST(Record, NeverHoldsNullForNumbersThatAreNone) {
  Telemetry t = rs41();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  t.temperature_c = nan;
  t.humidity_pct = std::numeric_limits<float>::infinity();
  t.pressure_hpa = nan;
  t.heading_deg = nan;
  t.rx.snr_db = nan;
  t.position->altitude_m = std::nan("");
  const std::string text = to_text(telemetry_fields(t));
  EXPECT_EQ(text.find("null"), std::string::npos) << text;
  EXPECT_EQ(text.find("temp"), std::string::npos);
  EXPECT_EQ(text.find("alt"), std::string::npos);
}

TEST(Record, SurvivesTextThatIsNotUtf8) {
  StationConfig s = station();
  s.antenna = "bad \xff byte";
  EXPECT_NE(to_text(hub_record(rs41(), s)).find("bad "), std::string::npos);
}

TEST(Record, TellsThePlaceOnlyAsPreciselyAsAllowed) {
  StationConfig s = station();
  s.position = GeoPosition{52.51234, 13.45678, 50.4};
  s.publish_position = PublishPosition::kCoarse;
  EXPECT_EQ(hub_record(rs41(), s)["uploader_position"].dump(), "[52.51,13.46,50.0]");
  s.publish_position = PublishPosition::kNo;
  EXPECT_FALSE(hub_record(rs41(), s).contains("uploader_position"));
  // The hub's function crashes when the report lacks the member.
  EXPECT_TRUE(station_record(s).at("uploader_position").is_null());
}

TEST(Record, ExtraFieldsReplaceNoOther) {
  Telemetry t = rs41();
  t.extras = {{"serial", "X"}, {"dfmcode", "0xB"}};
  const auto json = telemetry_fields(t);
  EXPECT_EQ(json["serial"], "S1234567");
  EXPECT_EQ(json["dfmcode"], "0xB");
}

}  // namespace
}  // namespace omnisonde::uploader
