// Geometry from the station to a sonde, on a sphere of 6371 km (within 0.5 %).
#pragma once

#include "decoders/telemetry.hpp"

namespace omnisonde::uploader {

struct Direction {
  double distance_m = 0;     ///< along the ground
  double bearing_deg = 0;    ///< true, 0..360
  double elevation_deg = 0;  ///< above the horizontal, earth's curvature included, refraction not
};

[[nodiscard]] Direction direction(const GeoPosition& from, const GeoPosition& to);

/// The place `north_m`, `east_m` away (up to some 100 km), at `altitude_m`.
[[nodiscard]] GeoPosition moved(const GeoPosition& from, double north_m, double east_m,
                                double altitude_m);

}  // namespace omnisonde::uploader
