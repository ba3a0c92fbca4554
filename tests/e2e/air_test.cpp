// From simulated air to the hub and to MQTT subscribers: what was sent is what arrives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/rig.hpp"
#include "tests/e2e/truth.hpp"

namespace omnisonde::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

constexpr double kSettled_s = 5;     // a sonde's search, sync and first frames
constexpr std::size_t kHubRun = 11;  // of a DFM above 2500 m the hub takes no fewer at a time

// The last sonde is a DFM above the hub's limit. All fall silent after 22 s; the stream goes on.
const std::string kFiveSondes = R"(
[sonde:A]
type = RS41
serial = T1234501
frequency_mhz = 402.820
distance_km = 5
altitude_m = 600
ebn0_db = 25
stop_s = 22
[sonde:B]
type = RS41
serial = T1234502
frequency_mhz = 402.900
distance_km = 40
bearing_deg = 95
altitude_m = 12000
ebn0_db = 20
offset_hz = 700
stop_s = 22
[sonde:C]
type = RS41
serial = T1234503
frequency_mhz = 402.960
distance_km = 75
bearing_deg = 200
altitude_m = 20000
burst_altitude_m = 20000
ebn0_db = 17
stop_s = 22
[sonde:D]
type = DFM
variant = DFM09
serial = 20061234
frequency_mhz = 403.060
distance_km = 9
bearing_deg = 310
altitude_m = 1000
ebn0_db = 20
stop_s = 22
[sonde:E]
type = DFM
variant = DFM17
serial = 23041235
frequency_mhz = 403.150
distance_km = 55
bearing_deg = 350
altitude_m = 17000
ebn0_db = 18
clock_ppm = 30
stop_s = 22
)";
const std::string kHighDfm = "23041235";

std::vector<std::string> missing(const RecordMap& sent, const RecordMap& got) {
  std::vector<std::string> out;
  for (const auto& [key, record] : sent) {
    if (record["t"].get<double>() >= kSettled_s && !got.contains(key)) {
      out.push_back(to_text(key) + " t=" + record["t"].dump());
    }
  }
  return out;
}

// Without the newest records of the DFM that is above the hub's limit: they wait for more.
RecordMap due_at_hub(const RecordMap& sent) {
  RecordMap due = sent;
  std::vector<RecordKey> high;
  for (const auto& [key, record] : sent) {
    if (std::get<1>(key) == kHighDfm) high.push_back(key);  // frames rise with time
  }
  for (std::size_t i = 0; i + 1 < kHubRun && !high.empty(); ++i) {
    due.erase(high.back());
    high.pop_back();
  }
  return due;
}

std::vector<std::string> false_or_changed(const RecordMap& sent, const RecordMap& got) {
  std::vector<std::string> out;
  for (const auto& [key, record] : got) {
    const auto was = sent.find(key);
    if (was == sent.end()) {
      out.push_back(to_text(key) + " was never sent: " + record.dump());
    } else if (const std::string text = difference(was->second, record); !text.empty()) {
      out.push_back(text);
    }
  }
  return out;
}

TEST(Air, ToHubAndMqttExactlyAsDecoded) {
  if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
  Rig rig;
  ASSERT_TRUE(rig.ok());
  const Subscriber ws(rig.broker().mqtt_uri(), "ws"), wss(rig.broker().mqtt_uri(), "wss");
  rig.start_gateway({.scenario = kFiveSondes, .device_args = "", .extra_config = ""});

  std::vector<std::string> twice;
  const auto got_by = [&](const Subscriber& s) { return by_key(s.records(), twice); };
  const auto truth = [&] { return by_key(rig.truth(), twice); };
  ASSERT_TRUE(rig.air_is_silent(95, 90)) << rig.gateway().err();
  const RecordMap sent = truth();
  // Samples that a busy machine lost cost at most one frame of each sonde per second begun.
  const double lost_s = rig.metrics()["omnisonde_rx_lost_samples_total"] / Rig::kRate_hz;
  ASSERT_LT(lost_s, 1) << "this machine is too slow for these tests";
  const std::size_t excused = lost_s > 0 ? 5 : 0;
  EXPECT_TRUE(eventually(20, [&] {
    return missing(sent, got_by(ws)).size() <= excused &&
           missing(sent, got_by(wss)).size() <= excused;
  }));
  EXPECT_TRUE(eventually(20, [&] {
    return missing(due_at_hub(sent), by_key(rig.hub_records(), twice)).size() <= excused;
  }));
  twice.clear();
  const RecordMap by_ws = got_by(ws), by_wss = got_by(wss);
  const RecordMap hub = by_key(rig.hub_records(), twice);
  EXPECT_THAT(twice, IsEmpty());
  EXPECT_THAT(missing(sent, by_ws), SizeIs(Le(excused))) << rig.gateway().err();
  EXPECT_THAT(missing(sent, by_wss), SizeIs(Le(excused)));
  EXPECT_THAT(missing(due_at_hub(sent), hub), SizeIs(Le(excused)));
  EXPECT_THAT(false_or_changed(sent, by_ws), IsEmpty());
  EXPECT_THAT(rig.hub().rejected(), IsEmpty());
  // One record, whichever way it went.
  EXPECT_THAT(unlike(by_ws, by_wss), IsEmpty());
  EXPECT_THAT(unlike(by_ws, hub), IsEmpty());
}

}  // namespace
}  // namespace omnisonde::testing
