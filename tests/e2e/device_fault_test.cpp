// A receiver that fails in flight: said on /health, opened again, and decoding goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/device_cycles.hpp"
#include "tests/e2e/rig.hpp"

namespace omnisonde::testing {
namespace {

const std::string kOneSonde = R"(
[sonde:A]
type = RS41
serial = T1234531
frequency_mhz = 402.900
distance_km = 5
altitude_m = 600
ebn0_db = 25
)";

/// The reason that /health gives for the receiver; empty while it is well.
std::string receiver_fault(const HttpReply& health) {
  const Json json = Json::parse(health.body, nullptr, false);
  if (!json.is_object()) return "";
  for (const Json& stage : json["stages"]) {
    if (stage["stage"] == "receiver air" && stage["ok"] == false) return stage["reason"];
  }
  return "";
}

double decoded(const Rig& rig) { return rig.metrics()["omnisonde_decode_records_total"]; }

class DeviceFault : public ::testing::TestWithParam<const char*> {};

TEST_P(DeviceFault, IsSaidAndHealed) {
  if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
  Rig rig;
  ASSERT_TRUE(rig.ok());
  rig.start_gateway({.scenario = kOneSonde, .device_args = GetParam(), .extra_config = ""});
  ASSERT_TRUE(eventually(30, [&] { return decoded(rig) > 0; })) << rig.gateway().err();
  EXPECT_TRUE(eventually(10, [&] { return rig.get("/health").status == 200; }))
      << rig.get("/health").body;

  HttpReply health;
  ASSERT_TRUE(eventually(40, [&] {
    health = rig.get("/health");
    return !receiver_fault(health).empty();
  })) << rig.gateway().err();
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(receiver_fault(health), ::testing::HasSubstr("opening it again")) << health.body;
  const auto reopened = [&] {
    return rig.gateway().err().find("receiving again") != std::string::npos;
  };
  EXPECT_TRUE(eventually(40, reopened)) << rig.gateway().err();  // until then, what was queued
  const double before = decoded(rig);
  EXPECT_TRUE(eventually(40, [&] { return decoded(rig) > before; })) << rig.gateway().err();
  EXPECT_TRUE(rig.gateway().running());
}

// bin/device_cycles does it a hundred times.
TEST(DeviceCycle, TheStreamIsBackWithinFiveSecondsAndTheOtherReceiverGoesOn) {
  DeviceCycles rig;
  ASSERT_TRUE(rig.ready()) << rig.log();
  const auto lost_before = rig.other().lost;
  int handles = 0;
  for (const auto& [kind, away_s] :
       {std::pair{"gone", 1.5}, std::pair{"stall", 0.0}, std::pair{"overflow", 0.5},
        std::pair{"garbage", 0.5}, std::pair{"gone", 0.3}}) {
    const Cycle cycle = rig.run(kind, away_s);
    EXPECT_LT(cycle.noticed_s, 3) << kind;
    EXPECT_GE(cycle.back_s, 0) << kind << rig.log();
    EXPECT_LT(cycle.back_s, 5) << kind;
    EXPECT_GE(cycle.frame_s, 0) << kind;
    if (std::string(kind) == "stall") {
      EXPECT_THAT(cycle.reason, ::testing::HasSubstr("likely: ")) << kind;
    }
    if (handles == 0) handles = cycle.handles;
    EXPECT_LE(cycle.handles, handles + 1) << kind;
  }
  EXPECT_EQ(rig.other().lost, lost_before);
}

INSTANTIATE_TEST_SUITE_P(
    Simulated, DeviceFault, ::testing::Values("stall_at_s=7", "unplug_at_s=7"),
    [](const auto& param) {
      return std::string(param.param).substr(0, std::string(param.param).find('_'));
    });

}  // namespace
}  // namespace omnisonde::testing
