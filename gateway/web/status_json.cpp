#include "gateway/web/status_json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gateway/web/derived_json.hpp"

namespace omnisonde::web {
namespace {

using Json = nlohmann::ordered_json;

/// Text from the air or from files may hold broken UTF-8; it is shown with replacement marks.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Adds a number rounded to `digits` decimals; what is absent or not finite is left out.
void put(Json& json, const char* name, std::optional<double> value, int digits) {
  if (!value || !std::isfinite(*value)) return;
  const double scale = std::pow(10.0, digits);
  json[name] = std::round(*value * scale) / scale;
}

std::optional<double> widened(std::optional<float> value) {
  return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
}

void put(Json& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}

const char* state_name(TrackState state) {
  switch (state) {
    case TrackState::kProbing:
      return "probing";
    case TrackState::kTracking:
      return "tracking";
    case TrackState::kHolding:
      return "holding";
    case TrackState::kEncrypted:
      return "encrypted";
    case TrackState::kNoFix:
      return "no_fix";
    case TrackState::kLost:
      return "lost";
  }
  return "lost";
}

void put_measurements(Json& j, const Telemetry& t) {
  if (t.position) {
    put(j, "lat", t.position->latitude_deg, 6);
    put(j, "lon", t.position->longitude_deg, 6);
    put(j, "alt_m", t.position->altitude_m, 1);
  }
  put(j, "vel_h_mps", widened(t.velocity_h_mps), 1);
  put(j, "vel_v_mps", widened(t.velocity_v_mps), 1);
  put(j, "heading_deg", widened(t.heading_deg), 1);
  put(j, "temp_c", widened(t.temperature_c), 1);
  put(j, "humidity_pct", widened(t.humidity_pct), 1);
  put(j, "pressure_hpa", widened(t.pressure_hpa), 2);
  put(j, "batt_v", widened(t.battery_v), 2);
  if (t.satellites) j["sats"] = *t.satellites;
  if (t.burst_timer_s) j["burst_timer_s"] = *t.burst_timer_s;
  put(j, "tx_frequency_mhz", t.tx_frequency_mhz, 4);
  put(j, "xdata", t.xdata);
}

Json path_json(const std::vector<PathPoint>& path) {
  Json out = Json::array();
  for (const PathPoint& p : path) {
    out.push_back({p.time.ms, std::round(p.position.latitude_deg * 1e5) / 1e5,
                   std::round(p.position.longitude_deg * 1e5) / 1e5,
                   std::round(p.position.altitude_m)});
  }
  return out;
}

Json track_json(const TrackStatus& t, bool with_path) {
  Json j;
  j["id"] = t.id;
  j["state"] = state_name(t.state);
  put(j, "device", t.device);
  put(j, "type", t.last.type);
  put(j, "subtype", t.last.subtype);
  put(j, "manufacturer", t.last.manufacturer);
  put(j, "serial", t.last.serial);
  if (t.last.rx.frequency_hz > 0) put(j, "frequency_mhz", t.last.rx.frequency_hz / 1e6, 4);
  put(j, "snr_db", widened(t.last.rx.snr_db), 1);
  j["effort"] = effort_name(t.last.rx.effort);
  j["corrected"] = t.last.rx.bits_corrected;
  if (t.last.frame_number) j["frame"] = *t.last.frame_number;
  if (t.last.datetime) j["datetime"] = to_iso8601(*t.last.datetime);
  put_measurements(j, t.last);
  add_derived(t.derived, j);
  j["frames_good"] = t.frames_good;
  j["frames_bad"] = t.frames_bad;
  j["first_heard_ms"] = t.first_heard.ms;
  j["last_heard_ms"] = t.last_heard.ms;
  put(j, "distance_m", t.distance_m, 0);
  put(j, "bearing_deg", t.bearing_deg, 1);
  put(j, "elevation_deg", t.elevation_deg, 1);
  put(j, "hold_reason", t.hold_reason);
  if (with_path) j["path"] = path_json(t.path);
  return j;
}

Json spectrum_json(const SpectrumStatus& s) {
  // One byte per point: 0.5 dB is finer than a screen shows, and a tenth of the text of numbers.
  constexpr double kStep = 0.5;
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  double floor_db = 0;
  for (const float p : s.power_db) {
    if (std::isfinite(p)) floor_db = std::min(floor_db, static_cast<double>(p));
  }
  floor_db = std::max(std::floor(floor_db), -200.0);
  std::string text;
  unsigned bits = 0;
  int held = 0;
  for (const float p : s.power_db) {
    const double steps = std::isfinite(p) ? (static_cast<double>(p) - floor_db) / kStep : 0;
    bits = (bits << 8U) | static_cast<unsigned>(std::clamp(std::round(steps), 0.0, 255.0));
    for (held += 8; held >= 6; held -= 6) {
      text += kDigits[(bits >> static_cast<unsigned>(held - 6)) & 63U];
    }
    bits &= 0xFFU;
  }
  if (held > 0) text += kDigits[(bits << static_cast<unsigned>(6 - held)) & 63U];
  while (text.size() % 4 != 0) text += '=';
  Json j;
  j["device"] = s.device;
  put(j, "centre_hz", s.centre_hz, 0);
  put(j, "span_hz", s.span_hz, 0);
  j["floor_db"] = floor_db;
  j["step_db"] = kStep;
  j["points"] = s.power_db.size();
  j["data"] = text;
  return j;
}

Json devices_json(const GatewayStatus& status) {
  Json out = Json::array();
  for (const DeviceStatus& d : status.devices) {
    Json j;
    j["name"] = d.name;
    put(j, "driver", d.driver);
    j["healthy"] = d.healthy;
    j["state"] = d.state;
    put(j, "sample_rate_hz", d.sample_rate_hz, 0);
    put(j, "centre_hz", d.centre_hz, 0);
    put(j, "gain_db", d.gain_db, 1);
    put(j, "gain_mode", d.gain_mode);
    j["overloads"] = d.overloads;
    put(j, "noise_dbfs", d.noise_dbfs, 1);
    put(j, "dc_dbfs", d.dc_dbfs, 1);
    j["images"] = d.images;
    put(j, "frequency_error_ppm", d.frequency_error_ppm, 2);
    if (d.frequency_error_auto) j["frequency_error_sondes"] = d.frequency_error_sondes;
    j["bias_tee"] = d.bias_tee;
    j["lost_samples"] = d.lost_samples;
    j["lost"] = {{"driver", d.lost_driver},
                 {"queue", d.lost_queue},
                 {"away", d.lost_away},
                 {"retune", d.lost_retune}};
    j["overflows"] = d.overflows;
    j["retunes"] = d.retunes;
    j["reopened"] = d.reopened;
    j["clipped_samples"] = d.clipped_samples;
    put(j, "clipping_pct", d.clipping_pct, 2);
    j["spurs"] = Json::array();
    for (const SpurStatus& s : d.spurs) {
      Json spur;
      put(spur, "frequency_mhz", s.frequency_hz / 1e6, 3);
      put(spur, "pause_s", s.pause_s, 0);
      put(spur, "left_s", s.left_s, 0);
      j["spurs"].push_back(std::move(spur));
    }
    out.push_back(std::move(j));
  }
  return out;
}

Json reasons_json(const std::vector<RejectCount>& reasons) {
  Json out = Json::array();
  for (const RejectCount& r : reasons) out.push_back({{"reason", r.reason}, {"count", r.count}});
  return out;
}

Json outputs_json(const GatewayStatus& status) {
  Json out = Json::array();
  for (const OutputStatus& o : status.outputs) {
    Json j;
    j["name"] = o.name;
    j["enabled"] = o.enabled;
    j["healthy"] = o.healthy;
    j["state"] = o.state;
    j["queued"] = o.queued;
    j["delivered"] = o.delivered;
    j["rejected"] = reasons_json(o.rejected);
    j["refused_last"] = Json::array();
    for (const RefusedStatus& r : o.refused_last) {
      j["refused_last"].push_back(
          {{"at_ms", r.at.ms}, {"serial", r.serial}, {"frame", r.frame}, {"words", r.words}});
    }
    if (o.last_success) j["last_success_ms"] = o.last_success->ms;
    put(j, "last_error", o.last_error);
    out.push_back(std::move(j));
  }
  return out;
}

Json health_json(const GatewayStatus& status) {
  Json out = Json::array();
  for (const StageHealth& h : status.health) {
    Json j = {{"stage", h.stage}, {"ok", h.ok}};
    put(j, "reason", h.reason);
    out.push_back(std::move(j));
  }
  return out;
}

Json log_json(const GatewayStatus& status, std::uint64_t after_id) {
  Json out = Json::array();
  for (const LogLine& line : status.log) {
    if (line.id <= after_id) continue;
    out.push_back(
        {{"id", line.id}, {"time_ms", line.time.ms}, {"level", line.level}, {"text", line.text}});
  }
  return out;
}

Json coverage_json(const BandStatus& band) {
  Json j;
  put(j, "wanted_hz", band.wanted_hz, 0);
  put(j, "watched_hz", band.watched_hz, 0);
  j["stretches"] = Json::array();
  for (const BandStretch& s : band.stretches) {
    Json stretch;
    put(stretch, "low_hz", s.low_hz, 0);
    put(stretch, "high_hz", s.high_hz, 0);
    stretch["watched"] = s.watched();
    put(stretch, "unwatched_s", s.unwatched_s, 0);
    j["stretches"].push_back(std::move(stretch));
  }
  j["missed_mhz"] = Json::array();
  for (const double hz : band.missed_hz) j["missed_mhz"].push_back(std::round(hz / 1e3) / 1e3);
  return j;
}

void put_receivers(Json& j, const GatewayStatus& status) {
  j["now_ms"] = status.now.ms;
  put(j, "uptime_s", status.uptime_s, 0);
  j["clock_synchronised"] = status.clock_synchronised;
  j["devices"] = devices_json(status);
  j["coverage"] = coverage_json(status.band);
  j["candidates"] = status.candidates;
  j["probing"] = status.probing;
  j["health"] = health_json(status);
}

Json status_json(const GatewayStatus& status, bool with_paths) {
  Json j;
  j["version"] = status.version;
  Json station;
  put(station, "callsign", status.station.callsign);
  put(station, "antenna", status.station.antenna);
  if (status.station.position) {
    put(station, "lat", status.station.position->latitude_deg, 5);
    put(station, "lon", status.station.position->longitude_deg, 5);
    put(station, "alt_m", status.station.position->altitude_m, 0);
  }
  j["station"] = station.is_null() ? Json::object() : station;
  if (status.band_max_hz > 0) {
    j["band"] = {{"min_hz", status.band_min_hz}, {"max_hz", status.band_max_hz}};
  }
  put_receivers(j, status);
  j["tracks"] = Json::array();
  for (const TrackStatus& t : status.tracks) j["tracks"].push_back(track_json(t, with_paths));
  j["outputs"] = outputs_json(status);
  j["held"] = reasons_json(status.held);
  j["counters"] = Json::object();
  for (const StageCounter& c : status.counters) j["counters"][c.stage][c.name] = c.value;
  return j;
}

}  // namespace

std::string snapshot_message(const GatewayStatus& status, std::span<const SpectrumStatus> spectra) {
  Json j = {{"type", "snapshot"}};
  j["status"] = status_json(status, true);
  j["log"] = log_json(status, 0);
  j["spectra"] = Json::array();
  for (const SpectrumStatus& s : spectra) j["spectra"].push_back(spectrum_json(s));
  return dump(j);
}

std::string track_message(const TrackStatus& track) {
  return dump({{"type", "track"}, {"track", track_json(track, false)}});
}

std::string track_gone_message(const std::string& id) {
  return dump({{"type", "track_gone"}, {"id", id}});
}

std::string spectrum_message(const SpectrumStatus& spectrum) {
  Json j = {{"type", "spectrum"}};
  j.update(spectrum_json(spectrum));
  return dump(j);
}

std::string receivers_message(const GatewayStatus& status) {
  Json j = {{"type", "receivers"}};
  put_receivers(j, status);
  return dump(j);
}

std::string uploads_message(const GatewayStatus& status) {
  return dump({{"type", "uploads"},
               {"outputs", outputs_json(status)},
               {"held", reasons_json(status.held)}});
}

std::string log_message(const GatewayStatus& status, std::uint64_t after_id) {
  return dump({{"type", "log"}, {"lines", log_json(status, after_id)}});
}

std::string status_document(const GatewayStatus& status) {
  return dump(status_json(status, false));
}

std::string tracks_document(const GatewayStatus& status) {
  Json j = Json::array();
  for (const TrackStatus& t : status.tracks) j.push_back(track_json(t, false));
  return dump(j);
}

std::string track_document(const TrackStatus& track) { return dump(track_json(track, true)); }

std::string health_document(const GatewayStatus& status) {
  const bool ok = std::all_of(status.health.begin(), status.health.end(),
                              [](const StageHealth& h) { return h.ok; });
  return dump({{"status", ok ? "ok" : "failing"}, {"stages", health_json(status)}});
}

std::string error_document(const std::string& text) { return dump({{"error", text}}); }

}  // namespace omnisonde::web
