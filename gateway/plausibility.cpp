#include "gateway/plausibility.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace omnisonde {
namespace {

constexpr double kEarthRadius_m = 6'371'000;
constexpr double kRadians = std::numbers::pi / 180;
constexpr std::size_t kMostSondes = 500;

std::string words(const char* format, double value, double limit) {
  char text[160];
  const int n = std::snprintf(text, sizeof text, format, value, limit);
  return {text, static_cast<std::size_t>(n)};
}

// Great-circle angle in radians. Source: haversine formula.
double angle_between(const GeoPosition& a, const GeoPosition& b) {
  const double half_lat = std::sin((b.latitude_deg - a.latitude_deg) * kRadians / 2);
  const double half_lon = std::sin((b.longitude_deg - a.longitude_deg) * kRadians / 2);
  const double h = half_lat * half_lat + std::cos(a.latitude_deg * kRadians) *
                                             std::cos(b.latitude_deg * kRadians) * half_lon *
                                             half_lon;
  return 2 * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace

Sight sight(const GeoPosition& station, const GeoPosition& sonde) {
  const double angle = angle_between(station, sonde);
  const double d_lon = (sonde.longitude_deg - station.longitude_deg) * kRadians;
  const double lat_a = station.latitude_deg * kRadians, lat_b = sonde.latitude_deg * kRadians;
  const double east = std::sin(d_lon) * std::cos(lat_b);
  const double north =
      std::cos(lat_a) * std::sin(lat_b) - std::sin(lat_a) * std::cos(lat_b) * std::cos(d_lon);
  const double bearing = std::atan2(east, north) / kRadians;
  const double from_centre_a = kEarthRadius_m + station.altitude_m;
  const double from_centre_b = kEarthRadius_m + sonde.altitude_m;
  const double elevation =
      std::atan2(from_centre_b * std::cos(angle) - from_centre_a, from_centre_b * std::sin(angle));
  return {angle * kEarthRadius_m, bearing < 0 ? bearing + 360 : bearing, elevation / kRadians};
}

std::optional<std::string> Plausibility::fault(const Telemetry& record,
                                               std::optional<UtcMillis> now) {
  if (!record.position) return std::nullopt;  // the decoder has said what is wrong with it
  if (record.position->altitude_m > limits_.max_altitude_m) {
    return words("altitude %.0f m is above [filter] max_altitude_m = %.0f",
                 record.position->altitude_m, limits_.max_altitude_m);
  }
  if (station_) {
    const double km = sight(*station_, *record.position).distance_m / 1000;
    if (km > limits_.max_range_km) {
      return words("%.0f km away is beyond [filter] max_range_km = %.0f", km, limits_.max_range_km);
    }
  }
  if (now && record.datetime) {
    const double hours = std::abs(static_cast<double>(now->ms - record.datetime->ms)) / 3.6e6;
    if (hours > limits_.max_clock_difference_h) {
      return words(
          "its clock differs from ours by %.1f h, more than [filter] max_clock_difference_h = %.1f",
          hours, limits_.max_clock_difference_h);
    }
  }
  return speed_fault(record);
}

// By the sonde's own time: arrival times jitter, and frames are lost.
std::optional<std::string> Plausibility::speed_fault(const Telemetry& record) {
  if (record.serial.empty() || !record.datetime) return std::nullopt;
  const auto [entry, first] =
      last_.try_emplace(record.type + "/" + record.serial, Fix{*record.position, *record.datetime});
  if (first) {
    if (last_.size() > kMostSondes) last_.clear();
    return std::nullopt;
  }
  Fix& before = entry->second;
  const double seconds = static_cast<double>(record.datetime->ms - before.time.ms) / 1000;
  const double metres = angle_between(before.position, *record.position) * kEarthRadius_m;
  before = {*record.position, *record.datetime};
  // A metre of rounding in a fraction of a second is not a speed.
  if (seconds < 0.5 || metres / seconds <= limits_.max_speed_m_s) return std::nullopt;
  return words("it moved at %.0f m/s, faster than [filter] max_speed_m_s = %.0f", metres / seconds,
               limits_.max_speed_m_s);
}

}  // namespace omnisonde
