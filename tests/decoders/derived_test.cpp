#include "decoders/physics/derived.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "decoders/physics/atmosphere.hpp"

namespace omnisonde::physics {
namespace {

// Tables of the vapour pressure over water: 23.39 hPa at 20 C and 11.69 hPa at 9.27 C; 0.509 hPa at
// -30 C, and of 0.2035 hPa the 0.2101 and 0.1891 hPa at -39 and -40 C.
TEST(DewPoint, AgreesWithTables) {
  EXPECT_NEAR(dew_point_c(20, 50).value(), 9.27, 0.05);
  EXPECT_NEAR(dew_point_c(-30, 40).value(), -39.3, 0.1);
  for (const double t : {-80.0, -20.0, 0.0, 35.0})
    EXPECT_NEAR(dew_point_c(t, 100).value(), t, 1e-5);
  EXPECT_FALSE(dew_point_c(20, 0));
  EXPECT_FALSE(dew_point_c(20, -3));
  EXPECT_FALSE(dew_point_c(std::nan(""), 50));
  EXPECT_FALSE(dew_point_c(20, std::nan("")));
}

Telemetry at(double altitude_m, std::optional<double> temperature_c = std::nullopt) {
  Telemetry t;
  t.type = "DFM";
  t.position = GeoPosition{50, 14, altitude_m};
  if (temperature_c) t.temperature_c = static_cast<float>(*temperature_c);
  return t;
}

double pressure(AirColumn& air, const Telemetry& t) { return air.add(t).pressure_hpa.value_or(-1); }

double geopotential_m(double h) { return 6'356'766 * h / (6'356'766 + h); }

TEST(AirColumn, WithoutTemperaturesItIsTheStandardAtmosphere) {
  AirColumn air;
  for (double h = 200; h < 35'000; h += 25) {
    const double standard = isa_pressure_hpa(geopotential_m(h));
    EXPECT_NEAR(pressure(air, at(h)), standard, 1e-3 * standard) << h;
  }
  EXPECT_FALSE(air.add(at(30'000)).measured_column);
}

// Air 15 K warmer than standard all the way: by hand, ln p falls by g M / R times the integral of
// dh / T.
TEST(AirColumn, MeasuredTemperaturesChangeThePressureOnTheWayUpAndDown) {
  AirColumn air;
  const auto warm = [](double h) { return isa_temperature_c(geopotential_m(h)) + 15; };
  double log_p = std::log(isa_pressure_hpa(geopotential_m(500)));
  double last_hpa = 0;
  for (double h = 500; h <= 25'000; h += 5) {
    last_hpa = pressure(air, at(h, warm(h)));
    if (h >= 25'000) break;
    const double rise = geopotential_m(h + 5) - geopotential_m(h);
    log_p -= 0.0341632 * rise / (warm(h + 2.5) + 273.15);
  }
  EXPECT_NEAR(last_hpa, std::exp(log_p), 2e-3 * last_hpa);
  EXPECT_GT(last_hpa, 1.1 * isa_pressure_hpa(geopotential_m(25'000)));
  EXPECT_TRUE(air.add(at(24'000, warm(24'000))).measured_column);
  AirColumn copy = air;
  const double up = pressure(air, at(12'345, warm(12'345)));
  EXPECT_NEAR(pressure(copy, at(12'345, -100)), up, 1e-9) << "heights known keep their pressure";
}

TEST(AirColumn, AMeasuredPressureIsLeftAlone) {
  AirColumn air;
  Telemetry t = at(5000, -10);
  t.pressure_hpa = 540;
  EXPECT_FALSE(air.add(t).pressure_hpa);
}

TEST(AirColumn, NothingComesOfNonsense) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  AirColumn air;
  for (const double h : {kNan, -1e9, 1e9, std::numeric_limits<double>::infinity()})
    EXPECT_FALSE(air.add(at(h)).pressure_hpa) << h;
  EXPECT_TRUE(air.add(at(1000, kNan)).pressure_hpa);
  EXPECT_TRUE(std::isfinite(pressure(air, at(20'000, 1e9))));
  EXPECT_TRUE(std::isfinite(pressure(air, at(-900, -1e9))));
}

TEST(AirColumn, InstrumentsAreReadAtTheDerivedPressure) {
  AirColumn air;
  Telemetry t = at(30'000, -45);
  t.xdata = "01010D480A5A5F80";
  const Derived derived = air.add(t);
  ASSERT_EQ(derived.xdata.size(), 1U);
  EXPECT_EQ(derived.xdata[0].values.back().name, "ozone_partial_pressure_mpa");
}

}  // namespace
}  // namespace omnisonde::physics
