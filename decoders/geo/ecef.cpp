#include "decoders/geo/ecef.hpp"

#include <cmath>
#include <numbers>

namespace omnisonde::geo {
namespace {

// WGS-84 defining constants (NIMA TR8350.2).
constexpr double kSemiMajor_m = 6378137.0;
constexpr double kFlattening = 1.0 / 298.257223563;
constexpr double kSemiMinor_m = kSemiMajor_m * (1.0 - kFlattening);
constexpr double kEccentricity2 = kFlattening * (2.0 - kFlattening);
constexpr double kSecondEccentricity2 = kEccentricity2 / (1.0 - kEccentricity2);
constexpr double kDegree = std::numbers::pi / 180.0;

}  // namespace

GeoPosition to_geodetic(const Ecef& position_m) {
  const auto [x, y, z] = position_m;
  const double distance = std::hypot(x, y);
  // Bowring's reduced latitude; the error shrinks by about 1e-5 or better in each round.
  double reduced = std::atan2(z * kSemiMajor_m, distance * kSemiMinor_m);
  double latitude = 0;
  for (int round = 0; round < 4; ++round) {
    const double s = std::sin(reduced);
    const double c = std::cos(reduced);
    latitude = std::atan2(z + kSecondEccentricity2 * kSemiMinor_m * s * s * s,
                          distance - kEccentricity2 * kSemiMajor_m * c * c * c);
    reduced = std::atan2((1.0 - kFlattening) * std::sin(latitude), std::cos(latitude));
  }
  const double s = std::sin(latitude);
  const double c = std::cos(latitude);
  // Projection on the normal: unlike distance / cos(latitude), it holds at the poles.
  const double height =
      distance * c + z * s - kSemiMajor_m * std::sqrt(1.0 - kEccentricity2 * s * s);
  return {latitude / kDegree, std::atan2(y, x) / kDegree, height};
}

Ecef to_ecef(const GeoPosition& position) {
  const double phi = position.latitude_deg * kDegree;
  const double lambda = position.longitude_deg * kDegree;
  const double s = std::sin(phi);
  const double normal = kSemiMajor_m / std::sqrt(1.0 - kEccentricity2 * s * s);
  const double across = (normal + position.altitude_m) * std::cos(phi);
  return {across * std::cos(lambda), across * std::sin(lambda),
          (normal * (1.0 - kEccentricity2) + position.altitude_m) * s};
}

double distance_m(const GeoPosition& a, const GeoPosition& b) {
  const Ecef p = to_ecef(a);
  const Ecef q = to_ecef(b);
  return std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

LocalVelocity to_local(const Ecef& velocity_mps, const GeoPosition& at) {
  const auto [x, y, z] = velocity_mps;
  const double sp = std::sin(at.latitude_deg * kDegree), cp = std::cos(at.latitude_deg * kDegree);
  const double sl = std::sin(at.longitude_deg * kDegree), cl = std::cos(at.longitude_deg * kDegree);
  return {-x * sp * cl - y * sp * sl + z * cp, -x * sl + y * cl,
          x * cp * cl + y * cp * sl + z * sp};
}

Ecef to_ecef_velocity(const LocalVelocity& velocity, const GeoPosition& at) {
  const auto [n, e, u] = velocity;
  const double sp = std::sin(at.latitude_deg * kDegree), cp = std::cos(at.latitude_deg * kDegree);
  const double sl = std::sin(at.longitude_deg * kDegree), cl = std::cos(at.longitude_deg * kDegree);
  return {-n * sp * cl - e * sl + u * cp * cl, -n * sp * sl + e * cl + u * cp * sl,
          n * cp + u * sp};
}

double ground_speed_mps(const LocalVelocity& velocity) {
  return std::hypot(velocity.north_mps, velocity.east_mps);
}

double heading_deg(const LocalVelocity& velocity) {
  const double angle = std::atan2(velocity.east_mps, velocity.north_mps) / kDegree;
  const double heading = angle < 0 ? angle + 360.0 : angle;
  return heading < 360.0 ? heading : 0.0;  // -1e-20 + 360 rounds to 360
}

}  // namespace omnisonde::geo
