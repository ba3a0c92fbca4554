#include "uploader/record.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace omnisonde::uploader {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMhzDecimals = 6;
constexpr int kCoarseDegreeDecimals = 2;  // 0.01 deg, about 1 km

// A JSON library writes NaN as null, and one null costs the hub's whole batch: leave it out.
void put_number(Json& out, const char* name, double value, int decimals) {
  if (std::isfinite(value)) out[name] = rounded(value, decimals);
}

void put_number(Json& out, const char* name, const std::optional<float>& value, int decimals) {
  if (value) put_number(out, name, static_cast<double>(*value), decimals);
}

void put_text(Json& out, const char* name, const std::string& value) {
  if (!value.empty()) out[name] = value;
}

void put_identity(Json& out, const Telemetry& t) {
  put_text(out, "manufacturer", t.manufacturer);
  put_text(out, "type", t.type);
  put_text(out, "subtype", t.subtype);
  put_text(out, "serial", t.serial);
  if (t.frame_number) out["frame"] = *t.frame_number;
  if (t.datetime) out["datetime"] = to_iso8601(*t.datetime);
}

void put_motion(Json& out, const Telemetry& t) {
  if (t.position) {
    put_number(out, "lat", t.position->latitude_deg, kDegreeDecimals);
    put_number(out, "lon", t.position->longitude_deg, kDegreeDecimals);
    put_number(out, "alt", t.position->altitude_m, kMetreDecimals);
  }
  put_number(out, "vel_h", t.velocity_h_mps, kValueDecimals);
  put_number(out, "vel_v", t.velocity_v_mps, kValueDecimals);
  put_number(out, "heading", t.heading_deg, kValueDecimals);
}

void put_measurements(Json& out, const Telemetry& t) {
  put_number(out, "temp", t.temperature_c, kValueDecimals);
  put_number(out, "humidity", t.humidity_pct, kValueDecimals);
  put_number(out, "pressure", t.pressure_hpa, kValueDecimals);
  put_number(out, "batt", t.battery_v, kValueDecimals);
  if (t.satellites) out["sats"] = *t.satellites;
  if (t.burst_timer_s) out["burst_timer"] = *t.burst_timer_s;
  put_text(out, "xdata", t.xdata);
}

void put_reception(Json& out, const Telemetry& t) {
  if (t.rx.frequency_hz > 0) put_number(out, "frequency", t.rx.frequency_hz / 1e6, kMhzDecimals);
  if (t.tx_frequency_mhz) put_number(out, "tx_frequency", *t.tx_frequency_mhz, kMhzDecimals);
  put_number(out, "snr", t.rx.snr_db, 1);
  if (t.datetime) out["ref_datetime"] = t.time_reference == TimeReference::kGps ? "GPS" : "UTC";
  if (t.position) {
    out["ref_position"] = t.height_reference == HeightReference::kEllipsoid ? "GPS" : "MSL";
  }
}

// Null when there is no place to tell.
Json published_position(const StationConfig& station) {
  if (!station.position || station.publish_position == PublishPosition::kNo) return nullptr;
  const GeoPosition& p = *station.position;
  if (!std::isfinite(p.latitude_deg) || !std::isfinite(p.longitude_deg) ||
      !std::isfinite(p.altitude_m)) {
    return nullptr;
  }
  const bool coarse = station.publish_position == PublishPosition::kCoarse;
  const int decimals = coarse ? kCoarseDegreeDecimals : kDegreeDecimals;
  return Json::array({rounded(p.latitude_deg, decimals), rounded(p.longitude_deg, decimals),
                      rounded(p.altitude_m, coarse ? 0 : kMetreDecimals)});
}

}  // namespace

const char* software_name() { return "omnisonde"; }
const char* software_version() { return OMNISONDE_VERSION; }

double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  const double result = std::round(value * scale) / scale;
  return result == 0 ? 0 : result;  // no "-0.0"
}

Json telemetry_fields(const Telemetry& t) {
  Json out = Json::object();
  put_identity(out, t);
  put_motion(out, t);
  put_measurements(out, t);
  put_reception(out, t);
  for (const ExtraField& extra : t.extras) {
    if (!extra.name.empty() && !out.contains(extra.name)) out[extra.name] = extra.value;
  }
  return out;
}

Json hub_record(const Telemetry& t, const StationConfig& station) {
  Json out = Json::object();
  out["software_name"] = software_name();
  out["software_version"] = software_version();
  put_text(out, "uploader_callsign", station.callsign);
  if (Json position = published_position(station); !position.is_null()) {
    out["uploader_position"] = std::move(position);
  }
  put_text(out, "uploader_antenna", station.antenna);
  out["time_received"] = to_iso8601(t.rx.received);
  const Json fields = telemetry_fields(t);
  for (const auto& [name, value] : fields.items()) {
    if (!out.contains(name)) out[name] = value;
  }
  return out;
}

Json station_record(const StationConfig& station) {
  Json out = Json::object();
  out["software_name"] = software_name();
  out["software_version"] = software_version();
  out["uploader_callsign"] = station.callsign;
  out["uploader_position"] = published_position(station);
  out["uploader_radio"] = station.radio;
  out["uploader_antenna"] = station.antenna;
  out["uploader_contact_email"] = station.contact_email;
  out["mobile"] = station.mobile;
  return out;
}

std::string to_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace omnisonde::uploader
