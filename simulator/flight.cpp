#include "simulator/flight.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace omnisonde::sim {
namespace {

constexpr double kScaleHeight_m = 7400;  // air density falls by e per this
constexpr double kRadiansPerDegree = std::numbers::pi / 180;

struct Wind {
  double north_mps = 0, east_mps = 0;
};

Wind components(const WindLayer& layer) {
  const double to = (layer.from_deg + 180) * kRadiansPerDegree;
  return {layer.speed_mps * std::cos(to), layer.speed_mps * std::sin(to)};
}

Wind wind_at(const std::vector<WindLayer>& layers, double altitude_m) {
  if (layers.empty()) return {};
  const auto above = std::ranges::find_if(
      layers, [&](const WindLayer& layer) { return layer.altitude_m > altitude_m; });
  if (above == layers.begin()) return components(layers.front());
  if (above == layers.end()) return components(layers.back());
  const WindLayer& below = *(above - 1);
  const double part = (altitude_m - below.altitude_m) / (above->altitude_m - below.altitude_m);
  const Wind a = components(below);
  const Wind b = components(*above);
  return {std::lerp(a.north_mps, b.north_mps, part), std::lerp(a.east_mps, b.east_mps, part)};
}

struct AirLayer {
  double base_m, base_k, lapse_k_per_m, base_hpa;
};
constexpr std::array kAirLayers = {
    AirLayer{0, 288.15, -0.0065, 1013.25}, AirLayer{11'000, 216.65, 0, 226.3206},
    AirLayer{20'000, 216.65, 0.001, 54.74889}, AirLayer{32'000, 228.65, 0.0028, 8.680187}};

}  // namespace

Air standard_air(double altitude_m) {
  const AirLayer* layer = &kAirLayers[0];
  for (const AirLayer& next : kAirLayers) {
    if (altitude_m >= next.base_m) layer = &next;
  }
  constexpr double kGravityOverGas = 9.80665 / 287.053;  // K/m
  const double up_m = std::min(altitude_m, 47'000.0) - layer->base_m;
  const double kelvin = layer->base_k + layer->lapse_k_per_m * up_m;
  const double ratio =
      layer->lapse_k_per_m == 0
          ? std::exp(-kGravityOverGas * up_m / layer->base_k)
          : std::pow(kelvin / layer->base_k, -kGravityOverGas / layer->lapse_k_per_m);
  const double trend = std::max(3.0, 75 - altitude_m * 0.006);
  const double clouds = trend * 0.2 * std::sin(altitude_m / 700);
  return {kelvin - 273.15, layer->base_hpa * ratio, std::clamp(trend + clouds, 1.0, 99.0)};
}

Flight::Flight(FlightPlan plan, UtcMillis start)
    : plan_(std::move(plan)), start_(start), grid_position_(plan_.start) {
  const double to_climb_m = plan_.burst_altitude_m - plan_.start.altitude_m;
  if (to_climb_m <= 0) {
    burst_s_ = 0;
    plan_.burst_altitude_m = plan_.start.altitude_m;
  } else {
    burst_s_ = plan_.climb_mps > 0 ? to_climb_m / plan_.climb_mps : 1e12;
  }
  const double rate = plan_.descent_mps / (2 * kScaleHeight_m);
  landing_s_ = burst_s_ + (std::exp(-plan_.ground_altitude_m / (2 * kScaleHeight_m)) -
                           std::exp(-plan_.burst_altitude_m / (2 * kScaleHeight_m))) /
                              rate;
}

// Falling speed goes with the inverse root of the air's density, v = v0 exp(h / 2H), which
// integrates to h = -2H ln(exp(-h0 / 2H) + v0 t / 2H).
Flight::Vertical Flight::vertical(double time_s) const {
  if (time_s < burst_s_) {
    return {plan_.start.altitude_m + plan_.climb_mps * time_s, plan_.climb_mps};
  }
  if (time_s >= landing_s_) return {plan_.ground_altitude_m, 0};
  const double depth = std::exp(-plan_.burst_altitude_m / (2 * kScaleHeight_m)) +
                       plan_.descent_mps * (time_s - burst_s_) / (2 * kScaleHeight_m);
  return {-2 * kScaleHeight_m * std::log(depth), -plan_.descent_mps / depth};
}

void Flight::blow(GeoPosition& position, double from_s, double to_s) const {
  const double until_s = std::min(to_s, landing_s_);
  if (until_s <= from_s) return;
  const Wind wind = wind_at(plan_.wind, vertical((from_s + until_s) / 2).altitude_m);
  constexpr double kMetresPerDegree = 111'195;  // on a sphere of 6371 km
  const double east_scale = std::max(0.01, std::cos(position.latitude_deg * kRadiansPerDegree));
  position.latitude_deg += wind.north_mps * (until_s - from_s) / kMetresPerDegree;
  position.longitude_deg += wind.east_mps * (until_s - from_s) / (kMetresPerDegree * east_scale);
}

FlightState Flight::at(double time_s) {
  const long whole_s = static_cast<long>(std::floor(std::max(0.0, time_s)));
  if (whole_s < grid_s_) {
    grid_s_ = 0;
    grid_position_ = plan_.start;
  }
  for (; grid_s_ < whole_s; ++grid_s_) {
    blow(grid_position_, static_cast<double>(grid_s_), static_cast<double>(grid_s_ + 1));
  }
  GeoPosition position = grid_position_;
  blow(position, static_cast<double>(whole_s), time_s);
  const Vertical now = vertical(time_s);
  position.altitude_m = now.altitude_m;
  const Wind wind = time_s < landing_s_ ? wind_at(plan_.wind, now.altitude_m) : Wind{};
  const Air air = standard_air(now.altitude_m);

  FlightState state;
  state.utc = {start_.ms + static_cast<std::int64_t>(std::llround(time_s * 1000))};
  state.position = position;
  state.velocity_north_mps = wind.north_mps;
  state.velocity_east_mps = wind.east_mps;
  state.velocity_up_mps = now.climb_mps;
  state.temperature_c = air.temperature_c;
  state.humidity_pct = air.humidity_pct;
  state.pressure_hpa = air.pressure_hpa;
  state.battery_v = std::max(2.2, 3.0 - time_s / 24'000);
  state.satellites = 9 + static_cast<int>(std::lround(2 * std::sin(time_s / 97)));
  return state;
}

}  // namespace omnisonde::sim
