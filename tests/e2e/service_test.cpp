// The daemon as a service manager and a monitoring system see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "tests/e2e/rig.hpp"

namespace omnisonde::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;

const std::string kOpenAndEncrypted = R"(
[sonde:A]
type = RS41
serial = T1234521
frequency_mhz = 402.900
distance_km = 5
altitude_m = 600
ebn0_db = 25
stop_s = 8
[sonde:B]
type = RS41
serial = T1234522
frequency_mhz = 403.100
distance_km = 9
altitude_m = 5000
ebn0_db = 25
variant = RS41-SGM
encrypted = yes
stop_s = 8
)";

// in = out + lost, at each stage.
std::string what_does_not_close(std::map<std::string, double> m) {
  std::string out;
  const double decoded = m["omnisonde_decode_records_total"];
  const double handed_on = m["omnisonde_tracks_passed_total"] + m["omnisonde_tracks_held_total"];
  if (handed_on != decoded - m["omnisonde_tracks_duplicates_total"]) out += " decode->tracks";
  const double accepted = m["omnisonde_outbox_accepted_total"];
  if (accepted + m["omnisonde_outbox_duplicates_total"] + m["omnisonde_outbox_refused_total"] !=
      handed_on) {
    out += " tracks->outbox";
  }
  for (const std::string name : {"sondehub", "mqtt:ws", "mqtt:wss"}) {
    const std::string label = "{output=\"" + name + "\"}";
    if (m["omnisonde_output_delivered_total" + label] + m["omnisonde_output_queued" + label] !=
        accepted) {
      out += " outbox->" + name;
    }
  }
  return out;
}

TEST(Service, CountersCloseAndSigtermEndsInOrder) {
  if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
  Rig rig;
  ASSERT_TRUE(rig.ok());
  const Subscriber reader(rig.broker().mqtt_uri(), "ws");
  rig.start_gateway({.scenario = kOpenAndEncrypted, .device_args = "", .extra_config = ""});
  ASSERT_TRUE(eventually(30, [&] { return rig.get("/health").status == 200; }))
      << rig.gateway().err();
  EXPECT_TRUE(eventually(20, [&] { return reader.last_state() == "online"; }));
  ASSERT_TRUE(rig.air_is_silent(12, 60)) << rig.gateway().err();
  auto counted = rig.metrics();
  EXPECT_GE(counted["omnisonde_tracks_held_total"], 4);
  EXPECT_GE(counted["omnisonde_tracks_passed_total"], 4);
  EXPECT_TRUE(eventually(20, [&] { return what_does_not_close(rig.metrics()).empty(); }))
      << what_does_not_close(rig.metrics()) << "\n"
      << rig.get("/metrics").body;
  // Nobody but the encrypted sonde was held back, and it did not leave the house.
  for (const Json& record : reader.records()) EXPECT_EQ(record["serial"], "T1234521");
  for (const Json& record : rig.hub_records()) EXPECT_EQ(record["serial"], "T1234521");

  const auto asked = std::chrono::steady_clock::now();
  rig.gateway().send(SIGTERM);
  const auto end = rig.gateway().wait(20);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - asked;
  ASSERT_TRUE(end) << "still running 20 s after SIGTERM\n" << rig.gateway().err();
  EXPECT_EQ(end->status, 0) << rig.gateway().err();
  EXPECT_LT(took.count(), 5);
  EXPECT_TRUE(eventually(5, [&] { return reader.last_state() == "offline"; }));
  EXPECT_THAT(reader.states(), Not(Contains("lost")));
}

TEST(Service, SigintEndsWhileTheHubHangs) {
  if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
  Rig rig;
  ASSERT_TRUE(rig.ok());
  rig.hub().add_fault({.kind = HubFault::Kind::kHang, .count = 5});
  rig.start_gateway({.scenario = kOpenAndEncrypted, .device_args = "", .extra_config = ""});
  ASSERT_TRUE(eventually(40, [&] { return rig.hub().stats().faults > 0; })) << rig.gateway().err();
  const auto asked = std::chrono::steady_clock::now();
  rig.gateway().send(SIGINT);
  const auto end = rig.gateway().wait(40);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - asked;
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 0) << rig.gateway().err();
  EXPECT_LT(took.count(), 5) << rig.gateway().err();
}

}  // namespace
}  // namespace omnisonde::testing
