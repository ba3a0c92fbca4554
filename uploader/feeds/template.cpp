#include "uploader/feeds/template.hpp"

#include <array>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>

#include "uploader/feeds/names.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

std::string json_escaped(const std::string& text) {
  const std::string quoted =
      nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

// All but the unreserved characters of RFC 3986.
std::string url_escaped(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 15U];
    }
  }
  return out;
}

std::string escaped(const std::string& value, Escape escape) {
  switch (escape) {
    case Escape::kJson:
      return json_escaped(value);
    case Escape::kUrl:
      return url_escaped(value);
    case Escape::kNone:
      break;
  }
  return value;
}

bool is_name(std::string_view text) {
  for (const char c : text) {
    if ((c < 'a' || c > 'z') && c != '_') return false;
  }
  return !text.empty();
}

std::string one(const std::optional<float>& value, double missing, const char* unit) {
  return fixed(value ? static_cast<double>(*value) : missing, 1) + unit;
}

}  // namespace

std::string fill(const std::string& text, const Tokens& tokens, Escape escape) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find('{', at), text.size());
    out.append(text, at, open - at);
    if (open == text.size()) break;
    const std::size_t close = text.find('}', open);
    const auto name = close == std::string::npos
                          ? std::string_view{}
                          : std::string_view(text).substr(open + 1, close - open - 1);
    const auto known = is_name(name) ? tokens.find(name) : tokens.end();
    out += known == tokens.end() ? "{" : escaped(known->second, escape);
    at = known == tokens.end() ? open + 1 : close + 1;
  }
  return out;
}

Tokens comment_tokens(const Telemetry& t) {
  const double khz = std::nearbyint(t.rx.frequency_hz / 1000);
  return {{"frequency", fixed(khz / 1000, 3) + " MHz"},
          {"type", autorx_type(t)},
          {"serial", t.serial},
          {"climb", one(t.velocity_v_mps, -9999, "m/s")},
          {"temperature", one(t.temperature_c, -273, "C")},
          {"humidity", one(t.humidity_pct, -1, "%")},
          {"pressure", one(t.pressure_hpa, -1, "hPa")},
          {"battery", one(t.battery_v, -1, "V")}};
}

Tokens event_tokens(const Event& e, const std::string& callsign) {
  Tokens out;
  for (const char* name :
       {"type", "serial", "frequency_mhz", "latitude", "longitude", "altitude_m", "climb_mps",
        "distance_km", "bearing_deg", "predicted_latitude", "predicted_longitude", "map"}) {
    out[name] = "";
  }
  out["event"] = event_name(e.kind);
  out["text"] = e.text;
  out["time"] = to_iso8601(e.time);
  out["callsign"] = callsign;
  if (e.distance_m) out["distance_km"] = fixed(*e.distance_m / 1000, 1);
  if (e.bearing_deg) out["bearing_deg"] = fixed(*e.bearing_deg, 0);
  if (e.predicted) {
    out["predicted_latitude"] = fixed(e.predicted->latitude_deg, 5);
    out["predicted_longitude"] = fixed(e.predicted->longitude_deg, 5);
  }
  if (!e.sonde) return out;
  const Telemetry& t = *e.sonde;
  out["type"] = autorx_type(t);
  out["serial"] = t.serial;
  out["frequency_mhz"] = fixed(t.rx.frequency_hz / 1e6, 3);
  if (!t.serial.empty()) out["map"] = "https://sondehub.org/" + url_escaped(t.serial);
  if (t.velocity_v_mps) out["climb_mps"] = fixed(static_cast<double>(*t.velocity_v_mps), 1);
  if (!t.position) return out;
  out["latitude"] = fixed(t.position->latitude_deg, 5);
  out["longitude"] = fixed(t.position->longitude_deg, 5);
  out["altitude_m"] = fixed(t.position->altitude_m, 0);
  return out;
}

std::string event_json(const Event& e, const std::string& callsign) {
  nlohmann::ordered_json j;
  const Tokens tokens = event_tokens(e, callsign);
  for (const char* name : {"event", "text", "time", "callsign", "type", "serial", "map"}) {
    if (!tokens.at(name).empty()) j[name] = tokens.at(name);
  }
  if (e.sonde) j["frequency_mhz"] = rounded(e.sonde->rx.frequency_hz / 1e6, 4);
  if (e.sonde && e.sonde->position) {
    j["latitude"] = rounded(e.sonde->position->latitude_deg, 5);
    j["longitude"] = rounded(e.sonde->position->longitude_deg, 5);
    j["altitude_m"] = rounded(e.sonde->position->altitude_m, 1);
  }
  if (e.distance_m) j["distance_km"] = rounded(*e.distance_m / 1000, 1);
  if (e.bearing_deg) j["bearing_deg"] = rounded(*e.bearing_deg, 0);
  if (e.predicted) {
    j["predicted_latitude"] = rounded(e.predicted->latitude_deg, 5);
    j["predicted_longitude"] = rounded(e.predicted->longitude_deg, 5);
  }
  return to_text(j);
}

}  // namespace omnisonde::uploader
