#include "simulator/sondes/rs41_counts.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

namespace omnisonde::sim::rs41 {
namespace {

using omnisonde::rs41::Calibration;
using omnisonde::rs41::Measurement;

// Reference counts of the worked example in formats/rs41.md.
constexpr std::uint32_t kResistorLow = 131'106, kResistorHigh = 190'363;
constexpr std::uint32_t kCapacitorLow = 493'494, kCapacitorHigh = 561'476;
constexpr std::uint32_t kPressureLow = 304'894, kPressureHigh = 438'021;
// The humidity sensor is heated by this much.
constexpr double kHeating_k = 5;

/// The count in [low, high] whose value comes nearest to `target`: a coarse look all over the
/// range (the formulas are polynomials and turn round far outside), then ever smaller steps.
std::uint32_t solve(std::uint32_t low, std::uint32_t high, double target,
                    const std::function<std::optional<double>(std::uint32_t)>& value) {
  const auto distance = [&](std::uint32_t count) {
    const auto v = value(count);
    return v ? std::fabs(*v - target) : std::numeric_limits<double>::infinity();
  };
  std::uint32_t step = (high - low) / 128 + 1;
  std::uint32_t best = low;
  double least = std::numeric_limits<double>::infinity();
  const auto look = [&](std::uint32_t count) {
    const double d = distance(count);
    if (d < least) {
      least = d;
      best = count;
    }
  };
  for (std::uint32_t count = low; count <= high; count += step) look(count);
  for (; step > 0; step /= 2) {
    const std::uint32_t centre = best;
    if (centre >= low + step) look(centre - step);
    if (centre + step <= high) look(centre + step);
  }
  return best;
}

}  // namespace

Measurement counts_for(const Weather& weather, const Calibration& table, bool pressure_sensor,
                       double ambient_hpa) {
  Measurement m;
  m.temperature = {0, kResistorLow, kResistorHigh};
  m.humidity_temperature = {0, kResistorLow, kResistorHigh};
  m.humidity = {0, kCapacitorLow, kCapacitorHigh};
  Measurement trial = m;
  m.temperature.value = solve(100'000, 220'000, weather.temperature_c, [&](std::uint32_t count) {
    trial.temperature.value = count;
    return air_temperature_c(trial, table);
  });
  m.humidity_temperature.value =
      solve(100'000, 220'000, weather.temperature_c + kHeating_k, [&](std::uint32_t count) {
        trial.humidity_temperature.value = count;
        return sensor_temperature_c(trial, table);
      });
  trial = m;
  m.humidity.value = solve(556'000, 575'000, weather.humidity_pct, [&](std::uint32_t count) {
    trial.humidity.value = count;
    return humidity_pct(trial, table, ambient_hpa);
  });
  if (!pressure_sensor) return m;
  m.module_c = std::round(std::clamp(weather.temperature_c * 0.35, -30.0, 40.0) * 100) / 100;
  m.pressure = {0, kPressureLow, kPressureHigh};
  trial = m;
  m.pressure.value = solve(330'000, 385'000, weather.pressure_hpa, [&](std::uint32_t count) {
    trial.pressure.value = count;
    return pressure_hpa(trial, table);
  });
  return m;
}

}  // namespace omnisonde::sim::rs41
