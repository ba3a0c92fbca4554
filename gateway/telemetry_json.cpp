#include "gateway/telemetry_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace omnisonde {
namespace {

using Json = nlohmann::json;

// Lists the fields once; `io` either writes or reads each.
template <typename Io, typename Record>
void each_field(Io& io, Record& t) {
  io("type", t.type);
  io("subtype", t.subtype);
  io("manufacturer", t.manufacturer);
  io("serial", t.serial);
  io("frame", t.frame_number);
  io("datetime", t.datetime);
  io("time_reference", t.time_reference);
  io("position", t.position);
  io("height_reference", t.height_reference);
  io("velocity_h_mps", t.velocity_h_mps);
  io("velocity_v_mps", t.velocity_v_mps);
  io("heading_deg", t.heading_deg);
  io("temperature_c", t.temperature_c);
  io("humidity_pct", t.humidity_pct);
  io("pressure_hpa", t.pressure_hpa);
  io("battery_v", t.battery_v);
  io("satellites", t.satellites);
  io("burst_timer_s", t.burst_timer_s);
  io("tx_frequency_mhz", t.tx_frequency_mhz);
  io("xdata", t.xdata);
  io("encrypted", t.encrypted);
  io("hold_reason", t.hold_reason);
  io("identity_epoch", t.identity_epoch);
  io("sender_hint", t.sender_hint);
  io("extras", t.extras);
  io("t_s", t.rx.t_s);
  io("received", t.rx.received);
  io("frequency_hz", t.rx.frequency_hz);
  io("snr_db", t.rx.snr_db);
  io("effort", t.rx.effort);
  io("bits_corrected", t.rx.bits_corrected);
}

struct Writer {
  Json& json;

  static Json value(const UtcMillis& v) { return v.ms; }
  static Json value(const GeoPosition& v) {
    return {v.latitude_deg, v.longitude_deg, v.altitude_m};
  }
  static Json value(TimeReference v) { return static_cast<int>(v); }
  static Json value(HeightReference v) { return static_cast<int>(v); }
  static Json value(Effort v) { return static_cast<int>(v); }
  static Json value(const std::vector<ExtraField>& v) {
    Json list = Json::array();
    for (const ExtraField& extra : v) list.push_back({extra.name, extra.value});
    return list;
  }
  template <typename T>
  static Json value(const T& v) {
    return v;
  }

  template <typename T>
  void operator()(const char* name, const std::optional<T>& field) {
    if (field) json[name] = value(*field);
  }
  template <typename T>
  void operator()(const char* name, const T& field) {
    json[name] = value(field);
  }
};

// Throws nlohmann's exceptions on anything that Writer has not written.
struct Reader {
  const Json& json;

  static void value(const Json& j, UtcMillis& v) { v.ms = j.get<std::int64_t>(); }
  static void value(const Json& j, GeoPosition& v) {
    v = {j.at(0).get<double>(), j.at(1).get<double>(), j.at(2).get<double>()};
  }
  static void value(const Json& j, TimeReference& v) {
    v = j.get<int>() == 0 ? TimeReference::kUtc : TimeReference::kGps;
  }
  static void value(const Json& j, HeightReference& v) {
    v = j.get<int>() == 0 ? HeightReference::kEllipsoid : HeightReference::kMeanSeaLevel;
  }
  static void value(const Json& j, Effort& v) {
    v = static_cast<Effort>(std::clamp(j.get<int>(), 0, static_cast<int>(Effort::kDeep)));
  }
  static void value(const Json& j, std::vector<ExtraField>& v) {
    for (const Json& pair : j) {
      v.push_back({pair.at(0).get<std::string>(), pair.at(1).get<std::string>()});
    }
  }
  template <typename T>
  static void value(const Json& j, T& v) {
    v = j.get<T>();
  }

  template <typename T>
  void operator()(const char* name, std::optional<T>& field) {
    if (const auto found = json.find(name); found != json.end()) value(*found, field.emplace());
  }
  template <typename T>
  void operator()(const char* name, T& field) {
    value(json.at(name), field);
  }
};

}  // namespace

std::string telemetry_to_line(const Telemetry& record) {
  Json json = Json::object();
  Writer writer{json};
  each_field(writer, record);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Telemetry> telemetry_from_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Telemetry record;
  Reader reader{json};
  try {
    each_field(reader, record);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return record;
}

}  // namespace omnisonde
