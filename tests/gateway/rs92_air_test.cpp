// RS92 over simulated air, with GPS orbits from a file and without.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "decoders/geo/ecef.hpp"
#include "gateway/orbit_shelf.hpp"
#include "simulator/sondes/gps_constellation.hpp"
#include "tests/gateway/receiver_bench.hpp"

namespace omnisonde {
namespace {

constexpr UtcMillis kNoon = from_civil({2026, 10, 20, 12, 0, 0});

using geo::distance_m;

class Rs92OnAir : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string scenario(const std::string& more) {
    const bool ngp = std::string(GetParam()) == "RS92-NGP";
    return std::string("[stream]\nsample_rate_hz = 48000\n") +
           (ngp ? "center_mhz = 1680.0\n" : "center_mhz = 403.0\n") +
           "[sonde:A]\ntype = " + GetParam() +
           (ngp ? "\nfrequency_mhz = 1680.0\n" : "\nfrequency_mhz = 403.0\n") +
           "altitude_m = 12000\nclock_ppm = 20\nebn0_db = 20\n" + more;
  }

  static std::shared_ptr<OrbitShelf> shelf() {
    const std::string path = ::testing::TempDir() + "rs92_on_air.nav";
    std::ofstream(path) << sim::gps_rinex(kNoon);
    auto shelf = std::make_shared<OrbitShelf>(path);
    (void)shelf->refresh(kNoon);
    return shelf;
  }
};

TEST_P(Rs92OnAir, ArrivesInItsPlaceWithOrbitsAndIsHeldWithout) {
  for (const char* const more : {"offset_hz = 1500\ndrift_hz_per_s = 10\n", "inverted = yes\n"}) {
    const testing::Air air = testing::simulate(scenario(more), 8);
    OfflinePlan plan = testing::plan_for(air);
    plan.start = kNoon;
    for (const bool orbits : {true, false}) {
      plan.orbits = orbits ? shelf() : nullptr;
      const std::vector<Telemetry> got = testing::decode(plan, air.samples);
      ASSERT_GE(got.size() + 1, air.truth.size());
      for (const Telemetry& record : got) {
        EXPECT_EQ(record.type, "RS92");
        EXPECT_EQ(record.serial, "L1234567");
        EXPECT_EQ(record.hold_reason, orbits ? "" : "no GPS ephemeris");
        EXPECT_EQ(record.position.has_value(), orbits);
        for (const Telemetry& sent : air.begun) {
          if (sent.frame_number != record.frame_number) continue;
          EXPECT_EQ(record.datetime, sent.datetime);
          if (orbits) {
            EXPECT_LT(distance_m(*record.position, *sent.position), 3);
          }
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, Rs92OnAir, ::testing::Values("RS92", "RS92-NGP"),
                         [](const auto& test) {
                           return std::string(std::string(test.param) == "RS92" ? "Sgp" : "Ngp");
                         });

}  // namespace
}  // namespace omnisonde
