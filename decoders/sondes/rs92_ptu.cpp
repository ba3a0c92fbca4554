#include "decoders/sondes/rs92_ptu.hpp"

#include <algorithm>
#include <cmath>

#include "decoders/byte_reader.hpp"

namespace omnisonde::rs92 {
namespace {

constexpr double kColdest_c = -120, kHottest_c = 80;
constexpr double kHighest_hpa = 1200;

}  // namespace

Counts read_counts(std::span<const std::uint8_t> payload) {
  ByteReader r(payload);
  return {r.u24_le(0),  r.u24_le(3),  r.u24_le(6),  r.u24_le(9),
          r.u24_le(12), r.u24_le(15), r.u24_le(18), r.u24_le(21)};
}

bool has_plain_references(const Counts& n) {
  const auto near = [](std::uint32_t count, std::uint32_t usual) {
    return count > usual - 50'000 && count < usual + 50'000;
  };
  return near(n.ref1, 1'118'092) && near(n.ref2, 1'136'804) && near(n.ref3, 868'844) &&
         near(n.ref4, 869'184);
}

std::optional<double> sensor_value(const Calibration& c, std::size_t base, std::uint32_t count,
                                   std::uint32_t high, std::uint32_t low) {
  if (!c.complete() || c.kind() == Kind::kUnknown || high == low || count == 0) return {};
  const double part = (static_cast<double>(high) - count) / (static_cast<double>(high) - low);
  const double below = c.coefficient(base + 7) - part;
  if (below == 0) return {};
  const double x = 1 / below;
  double value = 0;
  for (std::size_t i = 6; i > 0; --i) value = value * x + c.coefficient(base + i - 1);
  if (!std::isfinite(value)) return {};
  return value;
}

std::optional<double> temperature_c(const Counts& n, const Calibration& c) {
  const auto value = sensor_value(c, kTemperatureBase, n.temperature, n.ref1, n.ref4);
  if (!value || *value < kColdest_c || *value > kHottest_c) return {};
  return value;
}

// Two sensors take turns: one measures while the other is heated free of ice.
std::optional<double> humidity_pct(const Counts& n, const Calibration& c) {
  const auto first = sensor_value(c, kHumidity1Base, n.humidity1, n.ref1, n.ref3);
  const auto second = sensor_value(c, kHumidity2Base, n.humidity2, n.ref1, n.ref3);
  if (!first && !second) return {};
  return std::clamp(std::max(first.value_or(-1), second.value_or(-1)), 0.0, 100.0);
}

std::optional<double> pressure_hpa(const Counts& n, const Calibration& c) {
  const auto value = sensor_value(c, kPressureBase, n.pressure, n.ref1, n.ref4);
  if (!value || *value <= 0 || *value > kHighest_hpa) return {};
  return value;
}

}  // namespace omnisonde::rs92
