// WGS-84: earth-centred coordinates to latitude, longitude and height, and back.
#pragma once

#include <array>

#include "decoders/telemetry.hpp"

namespace omnisonde::geo {

/// Metres (or m/s) along the earth-centred, earth-fixed axes.
using Ecef = std::array<double, 3>;

/// Speed over ground and climb.
struct LocalVelocity {
  double north_mps = 0, east_mps = 0, up_mps = 0;
};

/// Height is above the ellipsoid. Good to well under a millimetre from 1000 km below ground to far
/// beyond any balloon, poles included. Source: B. Bowring, "Transformation from spatial to
/// geographical coordinates", Survey Review 23 (1976), iterated.
[[nodiscard]] GeoPosition to_geodetic(const Ecef& position_m);

/// @param position  height above the ellipsoid.
[[nodiscard]] Ecef to_ecef(const GeoPosition& position);

/// Straight line between two places, m.
[[nodiscard]] double distance_m(const GeoPosition& a, const GeoPosition& b);

/// Turns an ECEF velocity into the local frame of `at`.
[[nodiscard]] LocalVelocity to_local(const Ecef& velocity_mps, const GeoPosition& at);

/// The inverse of to_local.
[[nodiscard]] Ecef to_ecef_velocity(const LocalVelocity& velocity, const GeoPosition& at);

/// Horizontal speed, m/s.
[[nodiscard]] double ground_speed_mps(const LocalVelocity& velocity);

/// Course over ground, degrees clockwise from true north, 0 <= heading < 360.
[[nodiscard]] double heading_deg(const LocalVelocity& velocity);

}  // namespace omnisonde::geo
