#include "simulator/flight.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace omnisonde::sim {
namespace {

FlightPlan plan() {
  FlightPlan p;
  p.start = {.latitude_deg = 50, .longitude_deg = 8, .altitude_m = 200};
  p.climb_mps = 5;
  p.burst_altitude_m = 20'000;
  p.ground_altitude_m = 100;
  p.wind = {{0, 5, 270}, {10'000, 40, 300}};
  return p;
}

TEST(Flight, MovesAsItsVelocitySays) {
  Flight flight(plan(), UtcMillis{});
  for (const double t : {10.5, 1000.2, 3900.0, 4500.7}) {
    const FlightState a = flight.at(t);
    const FlightState b = flight.at(t + 0.2);
    const FlightState middle = flight.at(t + 0.1);
    EXPECT_NEAR((b.position.altitude_m - a.position.altitude_m) / 0.2, middle.velocity_up_mps,
                0.01);
    EXPECT_NEAR((b.position.latitude_deg - a.position.latitude_deg) * 111'195 / 0.2,
                middle.velocity_north_mps, 0.05);
    const double metres = 111'195 * std::cos(a.position.latitude_deg * 3.14159265 / 180);
    EXPECT_NEAR((b.position.longitude_deg - a.position.longitude_deg) * metres / 0.2,
                middle.velocity_east_mps, 0.05);
  }
}

TEST(Flight, ClimbsBurstsFallsAndLies) {
  Flight flight(plan(), UtcMillis{1000});
  EXPECT_EQ(flight.at(12.3456).utc.ms, 13'346);
  EXPECT_DOUBLE_EQ(flight.at(100).position.altitude_m, 700);
  EXPECT_NEAR(flight.at(3960).position.altitude_m, 20'000, 1e-6);
  const FlightState falling = flight.at(3970);
  EXPECT_LT(falling.velocity_up_mps, -15);  // thin air
  const FlightState landed = flight.at(20'000);
  EXPECT_DOUBLE_EQ(landed.position.altitude_m, 100);
  EXPECT_EQ(landed.velocity_up_mps, 0);
  EXPECT_EQ(landed.velocity_east_mps, 0);
  EXPECT_DOUBLE_EQ(flight.at(30'000).position.longitude_deg, landed.position.longitude_deg);
}

TEST(Flight, DoesNotDependOnHowOftenItIsAsked) {
  Flight often(plan(), UtcMillis{});
  Flight once(plan(), UtcMillis{});
  for (int i = 0; i < 500; ++i) (void)often.at(i * 0.37);
  EXPECT_EQ(often.at(200.25).position.longitude_deg, once.at(200.25).position.longitude_deg);
  EXPECT_EQ(often.at(3.5).position.longitude_deg, once.at(3.5).position.longitude_deg);
}

// Doc 7488, tables.
TEST(StandardAir, GivesTheTabledValues) {
  EXPECT_NEAR(standard_air(0).pressure_hpa, 1013.25, 0.01);
  EXPECT_NEAR(standard_air(5000).temperature_c, -17.5, 0.01);
  EXPECT_NEAR(standard_air(5000).pressure_hpa, 540.2, 0.2);
  EXPECT_NEAR(standard_air(15'000).pressure_hpa, 120.45, 0.1);
  EXPECT_NEAR(standard_air(30'000).pressure_hpa, 11.72, 0.02);
  EXPECT_NEAR(standard_air(30'000).temperature_c, -46.5, 0.01);
}

}  // namespace
}  // namespace omnisonde::sim
