#include "decoders/sondes/m10_sensors.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace omnisonde::m10 {
namespace {

constexpr double kZeroCelsius_k = 273.15;
constexpr double kFull = 4095;  // of a 12-bit reading

}  // namespace

// Coefficients: formats/m10.md; the thermistor has 15 kohm at 0 C and 112.6 kohm at -40 C.
double thermistor_kelvin(double ohm) {
  const double l = std::log(ohm);
  return 1 / (1.07303516e-3 + l * (2.41296733e-4 + l * (2.26744154e-6 + l * 6.52855181e-8)));
}

std::optional<double> air_temperature_c(unsigned range, unsigned reading) {
  constexpr double kColdest_c = -120, kWarmest_c = 60;
  if (range > 2 || reading == 0 || reading > kFull) return {};
  const Divider& divider = kDividers[range];
  const double ratio = (kFull - reading) / reading;
  const double leak = divider.parallel_ohm > 0 ? divider.series_ohm / divider.parallel_ohm : 0;
  if (!(ratio - leak > 1e-9)) return {};
  const double c = thermistor_kelvin(divider.series_ohm / (ratio - leak)) - kZeroCelsius_k;
  if (!(c >= kColdest_c && c <= kWarmest_c)) return {};
  return c;
}

std::optional<double> m10_humidity_pct(unsigned count, unsigned reference,
                                       std::optional<double> air_c) {
  if (!air_c || count == 0 || reference == 0) return {};
  double rh = (static_cast<double>(count) / reference - 0.8955) / 0.002;
  if (*air_c < 0) rh += -*air_c / 5.5;
  if (*air_c < -30) rh *= 1 + (-30 - *air_c) / 75;
  return std::clamp(rh, 0.0, 100.0);
}

std::optional<double> m20_sensor_temperature_c(unsigned reading) {
  if (reading == 0 || reading >= kFull) return {};
  const double ohm = 22'100 * reading / (kFull - reading);
  return 1 / (1 / 298.15 + std::log(ohm / 2200) / 3650) - kZeroCelsius_k;
}

std::optional<double> m20_humidity_pct(unsigned reading, unsigned calibration, double sensor_c) {
  constexpr unsigned kHighest = 48'000;
  if (reading >= kHighest) return {};
  const double y =
      (reading + 80'000.0) * 6.4e8 / (calibration + 80'000.0) * (1 - 5.8e-4 * (sensor_c - 25));
  const double x = 4.16e9 / y;
  const double rh = ((10.087 * x - 211.62) * x + 1388.2) * x - 2797;
  if (!(rh > -20 && rh < 120)) return {};
  return std::clamp(rh, 0.0, 100.0);
}

int full_week(int week, UtcMillis now) {
  constexpr int kEra = 1024;
  constexpr int kFirst = 1564;  // 2010: no sonde of these is older
  constexpr UtcMillis kClockSet = from_civil({2010, 1, 1});
  const bool known = now >= kClockSet;
  const int oldest = known ? geo::gps_time(now).week - kEra / 2 : kFirst;
  while (week < oldest) week += kEra;
  return week;
}

void put_velocity(double east_mps, double north_mps, double up_mps, Telemetry& out) {
  double heading = std::atan2(east_mps, north_mps) * 180 / std::numbers::pi;
  if (heading < 0) heading += 360;
  out.velocity_h_mps = static_cast<float>(std::hypot(east_mps, north_mps));
  out.velocity_v_mps = static_cast<float>(up_mps);
  out.heading_deg = static_cast<float>(heading);
}

void put_position(const GeoPosition& p, Telemetry& out) {
  if (p.latitude_deg == 0 && p.longitude_deg == 0) return;
  if (std::fabs(p.latitude_deg) <= 90 && std::fabs(p.longitude_deg) <= 180) out.position = p;
}

const char* position_fault(const std::optional<GeoPosition>& p) {
  if (!p) return "no fix";
  if (p->altitude_m == 0) return "altitude is exactly 0 m";
  if (!(p->altitude_m >= -500 && p->altitude_m <= 50'000)) return "altitude outside -500..50000 m";
  return "";
}

}  // namespace omnisonde::m10
