#include "simulator/truth_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace omnisonde::sim {
namespace {

// A float prints with the digits of its double, so values are rounded to what they mean.
double rounded(double value, double digits) {
  const double scale = std::pow(10.0, digits);
  return std::round(value * scale) / scale;
}

void put(nlohmann::ordered_json& json, const char* key, const std::optional<float>& value) {
  if (value && std::isfinite(*value)) json[key] = rounded(static_cast<double>(*value), 4);
}

}  // namespace

std::string truth_json_line(const Telemetry& record) {
  nlohmann::ordered_json json;
  json["type"] = record.type;
  if (!record.subtype.empty()) json["subtype"] = record.subtype;
  if (!record.serial.empty()) json["serial"] = record.serial;
  if (record.frame_number) json["frame"] = *record.frame_number;
  if (record.datetime) json["datetime"] = to_iso8601(*record.datetime);
  if (record.position) {
    json["lat"] = rounded(record.position->latitude_deg, 7);
    json["lon"] = rounded(record.position->longitude_deg, 7);
    json["alt"] = rounded(record.position->altitude_m, 3);
  }
  put(json, "vel_h", record.velocity_h_mps);
  put(json, "vel_v", record.velocity_v_mps);
  put(json, "heading", record.heading_deg);
  put(json, "temp", record.temperature_c);
  put(json, "humidity", record.humidity_pct);
  put(json, "pressure", record.pressure_hpa);
  put(json, "batt", record.battery_v);
  if (record.satellites) json["sats"] = *record.satellites;
  if (!record.xdata.empty()) json["xdata"] = record.xdata;
  if (record.encrypted) json["encrypted"] = true;
  json["frequency"] = rounded(record.rx.frequency_hz * 1e-6, 6);
  json["t"] = rounded(record.rx.t_s, 6);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace omnisonde::sim
