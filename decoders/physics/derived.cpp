#include "decoders/physics/derived.hpp"

#include <algorithm>
#include <cmath>

#include "decoders/physics/atmosphere.hpp"

namespace omnisonde::physics {
namespace {

constexpr double kEarth_m = 6'356'766;  // of the US Standard Atmosphere 1976, for geopotentials
constexpr double kLowest_m = -1000, kHighest_m = 60'000;
constexpr double kStep_m = 50, kUnmeasuredStep_m = 500;  // sensors are told late in some flights
constexpr std::size_t kMostLevels = 1300;                // all of it

std::optional<double> finite(const std::optional<float>& value, double low, double high) {
  if (!value) return std::nullopt;
  const auto x = static_cast<double>(*value);
  return x >= low && x <= high ? std::optional(x) : std::nullopt;
}

double between(double from, double to, double share) { return from + share * (to - from); }

}  // namespace

AirColumn::Level AirColumn::level_at(double height_m, std::optional<double> temperature_c) {
  const double here_c = temperature_c.value_or(isa_temperature_c(height_m));
  if (levels_.empty()) {
    levels_.push_back({height_m, isa_pressure_hpa(height_m), here_c, true});
    return {height_m, levels_.front().pressure_hpa, here_c, temperature_c.has_value()};
  }
  const auto above =
      std::ranges::find_if(levels_, [&](const Level& level) { return level.height_m >= height_m; });
  if (above != levels_.begin() && above != levels_.end()) {
    const Level &low = *(above - 1), &high = *above;
    const double share = (height_m - low.height_m) / (high.height_m - low.height_m);
    const double log_p = between(std::log(low.pressure_hpa), std::log(high.pressure_hpa), share);
    return {height_m, std::exp(log_p), here_c, low.measured && high.measured};
  }
  const Level& edge = above == levels_.end() ? levels_.back() : levels_.front();
  const double mean_k = (edge.temperature_c + here_c) / 2 + 273.15;
  const double rise_m = height_m - edge.height_m;
  const Level level{height_m, pressure_above_hpa(edge.pressure_hpa, rise_m, mean_k), here_c,
                    edge.measured && temperature_c.has_value()};
  const double step_m = temperature_c ? kStep_m : kUnmeasuredStep_m;
  if (std::fabs(rise_m) >= step_m && levels_.size() < kMostLevels)
    levels_.insert(above == levels_.end() ? levels_.end() : levels_.begin(), level);
  return level;
}

Derived AirColumn::add(const Telemetry& record) {
  Derived out;
  const auto temperature_c = finite(record.temperature_c, -120, 80);
  const auto humidity_pct = finite(record.humidity_pct, 0, 110);
  std::optional<double> pressure_hpa = finite(record.pressure_hpa, 0.1, 1200);
  if (temperature_c && humidity_pct) out.dew_point_c = dew_point_c(*temperature_c, *humidity_pct);
  if (!record.pressure_hpa && record.position) {
    const double altitude_m = record.position->altitude_m;
    if (altitude_m >= kLowest_m && altitude_m <= kHighest_m) {
      const Level level = level_at(kEarth_m * altitude_m / (kEarth_m + altitude_m), temperature_c);
      out.pressure_hpa = pressure_hpa = level.pressure_hpa;
      out.measured_column = level.measured;
    }
  }
  if (!record.xdata.empty()) out.xdata = read_xdata(record, pressure_hpa);
  return out;
}

}  // namespace omnisonde::physics
