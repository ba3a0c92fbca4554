#include "decoders/geo/ephemeris.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace omnisonde::geo {
namespace {

constexpr double kGravity = 3.986005e14;         // m^3/s^2, the value that GPS uses
constexpr double kRelativity = 4.442807633e-10;  // s/m^0.5
constexpr double kSecondsPerWeek = 604'800.0;

double semi_major_axis_m(const OrbitElements& el) { return el.sqrt_a * el.sqrt_a; }

/// Solves Kepler's equation E - e sin E = M by Newton's method.
double eccentric_anomaly(const OrbitElements& el, GpsSeconds time_s) {
  const double a = semi_major_axis_m(el);
  const double motion = std::sqrt(kGravity / (a * a * a)) + el.delta_n_radps;
  const double mean = el.m0_rad + motion * (time_s - el.toe_s);
  double e = mean;
  for (int i = 0; i < 12; ++i) {
    const double step =
        (e - el.eccentricity * std::sin(e) - mean) / (1 - el.eccentricity * std::cos(e));
    e -= step;
    if (std::fabs(step) < 1e-14) break;
  }
  return e;
}

}  // namespace

GpsSeconds nearest_in_week(double of_week_s, GpsSeconds about_s) {
  return std::round((about_s - of_week_s) / kSecondsPerWeek) * kSecondsPerWeek + of_week_s;
}

Ecef satellite_position(const OrbitElements& el, GpsSeconds time_s) {
  const double tk = time_s - el.toe_s;
  const double e = eccentric_anomaly(el, time_s);
  const double flat = std::sqrt(1 - el.eccentricity * el.eccentricity);
  const double anomaly = std::atan2(flat * std::sin(e), std::cos(e) - el.eccentricity);
  const double phi = anomaly + el.omega_rad;
  const double s2 = std::sin(2 * phi), c2 = std::cos(2 * phi);
  const double u = phi + el.cus_rad * s2 + el.cuc_rad * c2;
  const double r =
      semi_major_axis_m(el) * (1 - el.eccentricity * std::cos(e)) + el.crs_m * s2 + el.crc_m * c2;
  const double i = el.i0_rad + el.idot_radps * tk + el.cis_rad * s2 + el.cic_rad * c2;
  const double toe_of_week_s = el.toe_s - kSecondsPerWeek * std::floor(el.toe_s / kSecondsPerWeek);
  const double node = el.omega0_rad + (el.omega_dot_radps - kEarthRotation_radps) * tk -
                      kEarthRotation_radps * toe_of_week_s;
  const double x = r * std::cos(u), y = r * std::sin(u);
  return {x * std::cos(node) - y * std::cos(i) * std::sin(node),
          x * std::sin(node) + y * std::cos(i) * std::cos(node), y * std::sin(i)};
}

double satellite_clock_m(const OrbitElements& el, GpsSeconds time_s) {
  const double dt = time_s - el.toc_s;
  const double relativity =
      kRelativity * el.eccentricity * el.sqrt_a * std::sin(eccentric_anomaly(el, time_s));
  return kLight_mps * (el.af0_s + dt * (el.af1 + dt * el.af2_per_s) - el.tgd_s - relativity);
}

SatelliteState satellite_state(const OrbitElements& el, GpsSeconds time_s) {
  SatelliteState state;
  state.clock_m = satellite_clock_m(el, time_s);
  const GpsSeconds at_s = time_s + state.clock_m / kLight_mps;
  state.position_m = satellite_position(el, at_s);
  // Over one second to each side the third derivative (8e-5 m/s^3) costs 0.01 mm/s.
  const Ecef before = satellite_position(el, at_s - 1), after = satellite_position(el, at_s + 1);
  for (std::size_t i = 0; i < 3; ++i) state.velocity_mps[i] = (after[i] - before[i]) / 2;
  return state;
}

bool is_plausible(const OrbitElements& el) {
  const std::array all = {
      el.toe_s,     el.toc_s,      el.sqrt_a, el.eccentricity,    el.m0_rad,     el.delta_n_radps,
      el.omega_rad, el.omega0_rad, el.i0_rad, el.omega_dot_radps, el.idot_radps, el.cuc_rad,
      el.cus_rad,   el.crc_m,      el.crs_m,  el.cic_rad,         el.cis_rad,    el.af0_s,
      el.af1,       el.af2_per_s,  el.tgd_s};
  const bool finite = std::ranges::all_of(all, [](double v) { return std::isfinite(v); });
  // GPS satellites fly with a root of 5153.6; wide limits, they only keep nonsense out.
  return finite && el.prn >= 1 && el.prn <= 32 && el.sqrt_a > 4000 && el.sqrt_a < 7000 &&
         el.eccentricity >= 0 && el.eccentricity < 0.2 && std::fabs(el.af0_s) < 0.1;
}

}  // namespace omnisonde::geo
