#include "uploader/feeds/sight.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace omnisonde::uploader {
namespace {

constexpr double kEarthRadius_m = 6'371'000;
constexpr double kRadians = std::numbers::pi / 180;

}  // namespace

// Great-circle angle by the haversine formula.
Direction direction(const GeoPosition& from, const GeoPosition& to) {
  const double lat_a = from.latitude_deg * kRadians, lat_b = to.latitude_deg * kRadians;
  const double d_lon = (to.longitude_deg - from.longitude_deg) * kRadians;
  const double half_lat = std::sin((lat_b - lat_a) / 2), half_lon = std::sin(d_lon / 2);
  const double h = half_lat * half_lat + std::cos(lat_a) * std::cos(lat_b) * half_lon * half_lon;
  const double angle = 2 * std::asin(std::min(1.0, std::sqrt(h)));
  const double east = std::sin(d_lon) * std::cos(lat_b);
  const double north =
      std::cos(lat_a) * std::sin(lat_b) - std::sin(lat_a) * std::cos(lat_b) * std::cos(d_lon);
  const double bearing = std::atan2(east, north) / kRadians;
  const double up =
      (kEarthRadius_m + to.altitude_m) * std::cos(angle) - (kEarthRadius_m + from.altitude_m);
  const double away = (kEarthRadius_m + to.altitude_m) * std::sin(angle);
  return {angle * kEarthRadius_m, bearing < 0 ? bearing + 360 : bearing,
          std::atan2(up, away) / kRadians};
}

GeoPosition moved(const GeoPosition& from, double north_m, double east_m, double altitude_m) {
  const double lat = from.latitude_deg + north_m / kEarthRadius_m / kRadians;
  const double shrink = std::max(0.01, std::cos(from.latitude_deg * kRadians));
  double lon = from.longitude_deg + east_m / kEarthRadius_m / shrink / kRadians;
  if (lon > 180) lon -= 360;
  if (lon < -180) lon += 360;
  return {std::clamp(lat, -90.0, 90.0), lon, altitude_m};
}

}  // namespace omnisonde::uploader
