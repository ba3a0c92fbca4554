#include <gtest/gtest.h>

#include <cmath>

#include "decoders/geo/ecef.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/physics/atmosphere.hpp"

namespace omnisonde::geo {
namespace {

double distance_m(const Ecef& a, const Ecef& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

TEST(Ecef, RoundTripIsExactToATenthOfAMillimetreEverywhere) {
  for (double lat = -90; lat <= 90; lat += 7.5) {
    for (double lon = -180; lon < 180; lon += 31.3) {
      for (const double alt : {-5000.0, 0.0, 12'345.678, 50'000.0, 1.0e6, 2.0e7}) {
        const Ecef there = to_ecef({lat, lon, alt});
        const GeoPosition back = to_geodetic(there);
        ASSERT_NEAR(back.latitude_deg, lat, 1e-9) << lat << ' ' << lon << ' ' << alt;
        ASSERT_NEAR(back.altitude_m, alt, 1e-4) << lat << ' ' << lon << ' ' << alt;
        ASSERT_LT(distance_m(to_ecef(back), there), 1e-4) << lat << ' ' << lon << ' ' << alt;
      }
    }
  }
}

TEST(Ecef, HoldsCloseToThePoles) {
  for (const double lat : {89.999999, -89.999999, 90.0, -90.0}) {
    const GeoPosition back = to_geodetic(to_ecef({lat, 45, 1234.5}));
    EXPECT_NEAR(back.latitude_deg, lat, 1e-9);
    EXPECT_NEAR(back.altitude_m, 1234.5, 1e-4);
  }
}

TEST(Ecef, KnowsTheAxesOfTheEllipsoid) {
  EXPECT_NEAR(to_geodetic({6378137.0, 0, 0}).altitude_m, 0, 1e-6);
  EXPECT_NEAR(to_geodetic({0, 0, 6356752.314245}).altitude_m, 0, 1e-5);
  EXPECT_DOUBLE_EQ(to_geodetic({0, 0, 6356752.314245}).latitude_deg, 90);
  EXPECT_DOUBLE_EQ(to_geodetic({0, -6378137.0, 0}).longitude_deg, -90);
}

TEST(Ecef, GivesFiniteNumbersForNonsense) {
  const GeoPosition centre = to_geodetic({0, 0, 0});
  EXPECT_TRUE(std::isfinite(centre.latitude_deg) && std::isfinite(centre.altitude_m));
}

TEST(LocalVelocity, PointsWhereTheSondeGoes) {
  const GeoPosition equator{0, 0, 0};
  const LocalVelocity up = to_local({5, 0, 0}, equator);
  EXPECT_DOUBLE_EQ(up.up_mps, 5);
  EXPECT_DOUBLE_EQ(ground_speed_mps(up), 0);
  EXPECT_DOUBLE_EQ(heading_deg(to_local({0, 1, 0}, equator)), 90);
  EXPECT_DOUBLE_EQ(heading_deg(to_local({0, -1, 0}, equator)), 270);
  EXPECT_DOUBLE_EQ(heading_deg(to_local({0, 0, -1}, equator)), 180);
  EXPECT_DOUBLE_EQ(heading_deg({1, -1e-20, 0}), 0) << "never 360";
}

TEST(LocalVelocity, RoundTrips) {
  const GeoPosition at{-37.2, 144.9, 20'000};
  const LocalVelocity v{12.5, -7.25, -33};
  const LocalVelocity back = to_local(to_ecef_velocity(v, at), at);
  EXPECT_NEAR(back.north_mps, v.north_mps, 1e-9);
  EXPECT_NEAR(back.east_mps, v.east_mps, 1e-9);
  EXPECT_NEAR(back.up_mps, v.up_mps, 1e-9);
  const GeoPosition later = to_geodetic(to_ecef(
      {at.latitude_deg + v.north_mps / 111'000, at.longitude_deg, at.altitude_m + v.up_mps}));
  EXPECT_GT(later.latitude_deg, at.latitude_deg);
}

// The pair of formats/rs41.md's worked example: week 2441, 216068000 ms.
TEST(GpsTime, GivesTheClockOfTheWorkedExample) {
  const auto clock = gps_clock({2441, 216'068'000});
  ASSERT_TRUE(clock);
  EXPECT_EQ(to_iso8601(*clock), "2026-10-20T12:01:08.000Z");
  EXPECT_EQ(to_iso8601(utc_from_gps_clock(*clock)), "2026-10-20T12:00:50.000Z");
}

TEST(GpsTime, CountsTheLeapSecondsOfItsDay) {
  EXPECT_EQ(gps_ahead_of_utc_s(from_civil({2026, 11, 21})), 18);
  EXPECT_EQ(gps_ahead_of_utc_s(from_civil({2016, 12, 31, 23, 59, 59})), 17);
  EXPECT_EQ(gps_ahead_of_utc_s(from_civil({2014, 7, 7})), 16);
  for (const UtcMillis utc : {from_civil({2017, 1, 1}), from_civil({2016, 12, 31, 23, 59, 59}),
                              from_civil({2015, 7, 1}), from_civil({2024, 2, 29, 12})}) {
    const GpsTime time = gps_time(utc);
    EXPECT_EQ(utc_from_gps_clock(*gps_clock(time)), utc);
  }
}

TEST(GpsTime, RefusesWhatNoReceiverMeans) {
  EXPECT_FALSE(gps_clock({0, 0}));
  EXPECT_FALSE(gps_clock({-1, 0}));
  EXPECT_FALSE(gps_clock({65'535, 0}));
  EXPECT_FALSE(gps_clock({2000, -1}));
  EXPECT_FALSE(gps_clock({2000, kWeek_ms + 1}));
}

// ICAO Doc 7488 tables (geopotential heights).
TEST(Atmosphere, FollowsTheStandard) {
  EXPECT_NEAR(physics::isa_pressure_hpa(0), 1013.25, 1e-6);
  EXPECT_NEAR(physics::isa_pressure_hpa(5000), 540.20, 0.05);
  EXPECT_NEAR(physics::isa_pressure_hpa(10'000), 264.36, 0.05);
  EXPECT_NEAR(physics::isa_pressure_hpa(15'000), 120.45, 0.05);
  EXPECT_NEAR(physics::isa_pressure_hpa(25'000), 25.11, 0.02);
  EXPECT_NEAR(physics::isa_pressure_hpa(40'000), 2.7752, 0.005);
  for (const double border : {11'000.0, 20'000.0, 32'000.0}) {
    EXPECT_NEAR(physics::isa_pressure_hpa(border) / physics::isa_pressure_hpa(border + 1e-6), 1,
                1e-4);
  }
}

// Triple point and boiling point of water; -51.6992 C from the worked example of formats/rs41.md.
TEST(Atmosphere, KnowsWaterVapour) {
  EXPECT_NEAR(physics::saturation_pressure_pa(0.01), 611.657, 0.5);
  EXPECT_NEAR(physics::saturation_pressure_pa(99.974), 101'325, 60);
  EXPECT_NEAR(physics::saturation_pressure_pa(-51.6992), 5.306407, 1e-4);
}

}  // namespace
}  // namespace omnisonde::geo
