// Where a GPS satellite is: the elements it broadcasts (or an almanac gives) and what follows from
// them. Source of all formulas: IS-GPS-200, sections 20.3.3.3.3.1 (clock) and 20.3.3.4.3 (orbit).
#pragma once

#include "decoders/geo/ecef.hpp"
#include "decoders/geo/gps_time.hpp"

namespace omnisonde::geo {

inline constexpr double kLight_mps = 299'792'458.0;
inline constexpr double kEarthRotation_radps = 7.2921151467e-5;

/// GPS time as seconds since 1980-01-06, leap seconds not counted.
using GpsSeconds = double;

[[nodiscard]] constexpr GpsSeconds to_gps_seconds(const GpsTime& time) {
  return static_cast<double>(time.week) * 604'800.0 + static_cast<double>(time.tow_ms) / 1000.0;
}

/// The time nearest to `about_s` whose second of the week is `of_week_s`.
[[nodiscard]] GpsSeconds nearest_in_week(double of_week_s, GpsSeconds about_s);

/// One element set of one satellite. Angles in radians, the names are those of IS-GPS-200.
struct OrbitElements {
  int prn = 0;
  bool almanac = false;  ///< coarse elements, good for days but only to about a kilometre
  bool healthy = true;
  GpsSeconds toe_s = 0;  ///< reference time of the orbit (of an almanac: its time of applicability)
  GpsSeconds toc_s = 0;  ///< reference time of the clock
  double sqrt_a = 0;     ///< root of the semi-major axis, m^0.5
  double eccentricity = 0;
  double m0_rad = 0, delta_n_radps = 0;
  double omega_rad = 0;                        ///< argument of perigee
  double omega0_rad = 0, omega_dot_radps = 0;  ///< ascending node
  double i0_rad = 0, idot_radps = 0;           ///< inclination
  double cuc_rad = 0, cus_rad = 0, crc_m = 0, crs_m = 0, cic_rad = 0, cis_rad = 0;
  double af0_s = 0, af1 = 0, af2_per_s = 0, tgd_s = 0;
};

/// What a position solution needs of a satellite.
struct SatelliteState {
  Ecef position_m{};    ///< in the earth-fixed axes of the time asked for
  Ecef velocity_mps{};  ///< the same, earth rotation included
  double clock_m = 0;   ///< clock correction for single-frequency users, times the speed of light
};

/// Position at `time_s`. @param elements  finite, eccentricity below 1.
[[nodiscard]] Ecef satellite_position(const OrbitElements& elements, GpsSeconds time_s);

/// Clock correction at `time_s` in metres: polynomial, relativity and group delay.
[[nodiscard]] double satellite_clock_m(const OrbitElements& elements, GpsSeconds time_s);

/// State for a signal sent at `time_s`: position and velocity are those at time_s + clock / c, the
/// convention of formats/rs92.md section 5 (its sign matters by less than a metre).
[[nodiscard]] SatelliteState satellite_state(const OrbitElements& elements, GpsSeconds time_s);

/// Whether every element is finite and of a satellite at all.
[[nodiscard]] bool is_plausible(const OrbitElements& elements);

}  // namespace omnisonde::geo
