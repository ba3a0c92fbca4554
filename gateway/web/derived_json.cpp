#include "gateway/web/derived_json.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace omnisonde::web {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

Json instrument_json(const XdataReading& reading) {
  std::array<char, 8> number{};
  (void)std::snprintf(number.data(), number.size(), "%02X", reading.instrument & 0xFFU);
  Json out = {{"id", number.data()}, {"position", reading.position}};
  if (!reading.name.empty()) out["name"] = reading.name;
  if (!reading.serial.empty()) out["serial"] = reading.serial;
  for (const XdataValue& v : reading.values) {
    if (std::isfinite(v.value)) out[std::string(v.name)] = rounded(v.value, v.decimals);
  }
  return out;
}

}  // namespace

void add_derived(const physics::Derived& derived, Json& record) {
  if (derived.dew_point_c) record["dew_point_c"] = rounded(*derived.dew_point_c, 1);
  if (derived.pressure_hpa) {
    record["pressure_derived_hpa"] = rounded(*derived.pressure_hpa, 2);
    record["pressure_derived_from"] = derived.measured_column ? "height and temperature" : "height";
  }
  for (const XdataReading& reading : derived.xdata)
    record["instruments"].push_back(instrument_json(reading));
}

}  // namespace omnisonde::web
