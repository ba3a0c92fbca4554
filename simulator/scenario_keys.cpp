#include "simulator/scenario_keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>
#include <sstream>
#include <vector>

namespace omnisonde::sim {
namespace {

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double> parse_number(std::string_view text) {
  const std::string_view body = trim(text);
  double value = 0;
  const auto [end, fault] = std::from_chars(body.data(), body.data() + body.size(), value);
  if (fault != std::errc{} || end != body.data() + body.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::string quoted(std::string_view text) {
  std::string out = "`";
  out += text;
  out += '`';
  return out;
}

std::string plain(double value) {
  std::ostringstream out;
  out.precision(12);
  out << value;
  return out.str();
}

struct Range {
  double low, high;
};

/// Reads a number in `range`, times `scale`, into `target` (a double or an optional<double>).
template <typename Target>
KeyVerdict number(const std::string& value, Range range, Target& target, double scale = 1) {
  const std::optional<double> parsed = parse_number(value);
  if (!parsed) return quoted(value) + " is not a number";
  if (*parsed < range.low || *parsed > range.high) {
    return value + " is out of range, " + plain(range.low) + " to " + plain(range.high);
  }
  target = *parsed * scale;
  return std::nullopt;
}

KeyVerdict truth_value(const std::string& value, bool& target) {
  if (value == "yes" || value == "no") {
    target = value == "yes";
    return std::nullopt;
  }
  return quoted(value) + " is neither yes nor no";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// "10-12.5, 30-31"
KeyVerdict outages(const std::string& value, std::vector<std::pair<double, double>>& target) {
  target.clear();
  for (const std::string_view part : split(value, ',')) {
    const std::size_t dash = part.find('-');
    const auto from = parse_number(part.substr(0, dash));
    const auto to =
        dash == std::string_view::npos ? std::nullopt : parse_number(part.substr(dash + 1));
    if (!from || !to || *from < 0 || *to <= *from) {
      return quoted(part) + " is no interval in s such as 10-12.5";
    }
    target.emplace_back(*from, *to);
  }
  return std::nullopt;
}

// "0:5/270, 9000:25/280" = altitude m : speed m/s / from degrees
KeyVerdict wind_profile(const std::string& value, std::vector<WindLayer>& target) {
  target.clear();
  for (const std::string_view part : split(value, ',')) {
    const std::size_t colon = part.find(':');
    const std::size_t slash = part.find('/');
    const bool shaped = colon < slash && slash != std::string_view::npos;
    const auto altitude = shaped ? parse_number(part.substr(0, colon)) : std::nullopt;
    const auto speed =
        shaped ? parse_number(part.substr(colon + 1, slash - colon - 1)) : std::nullopt;
    const auto from = shaped ? parse_number(part.substr(slash + 1)) : std::nullopt;
    if (!altitude || !speed || !from || *speed < 0 || *speed > 150 || *from < 0 || *from > 360) {
      return quoted(part) + " is no wind such as 9000:25/280 (m:m/s/degrees)";
    }
    if (!target.empty() && *altitude <= target.back().altitude_m) return "altitudes must rise";
    target.push_back({*altitude, *speed, *from});
  }
  return std::nullopt;
}

KeyVerdict set_format(StreamSpec& stream, const std::string& value) {
  for (const auto format : {dsp::SampleFormat::kCu8, dsp::SampleFormat::kCs8,
                            dsp::SampleFormat::kCs16, dsp::SampleFormat::kCf32}) {
    if (value != dsp::format_name(format)) continue;
    stream.format = format;
    return std::nullopt;
  }
  return quoted(value) + " is none of cu8, cs8, cs16, cf32";
}

KeyVerdict set_start(StreamSpec& stream, const std::string& value) {
  stream.start.reset();
  if (value == "now") return std::nullopt;
  stream.start = parse_iso8601(value);
  if (stream.start) return std::nullopt;
  return quoted(value) + " is neither now nor a time such as 2026-10-20T12:00:00Z";
}

KeyVerdict set_rate(StreamSpec& stream, const std::string& value) {
  double rate = 0;
  if (KeyVerdict verdict = number(value, {48e3, 20e6}, rate)) return verdict;
  if (std::fmod(rate, 1000) != 0) return value + " is not a multiple of 1000";
  stream.sample_rate_hz = rate;
  return std::nullopt;
}

KeyVerdict set_seed(StreamSpec& stream, const std::string& value) {
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), stream.seed);
  if (fault == std::errc{} && end == value.data() + value.size()) return std::nullopt;
  return quoted(value) + " is not a whole number";
}

template <typename Object>
struct Key {
  std::string_view name;
  KeyVerdict (*set)(Object& object, const std::string& value);
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

template <typename Object>
KeyVerdict apply(std::span<const Key<Object>> keys, Object& object, std::string_view name,
                 const std::string& value) {
  std::string_view nearest;
  std::size_t best = std::numeric_limits<std::size_t>::max();
  for (const Key<Object>& key : keys) {
    if (key.name == name) return key.set(object, value);
    const std::size_t distance = edit_distance(key.name, name);
    if (distance < best) {
      best = distance;
      nearest = key.name;
    }
  }
  return "unknown key, did you mean " + quoted(nearest) + "?";
}

using Stream = StreamSpec;
using Value = const std::string&;
constexpr std::array kStreamKeys = {
    Key<Stream>{"sample_rate_hz", &set_rate},
    Key<Stream>{"center_mhz",
                [](Stream& s, Value v) {
                  return number(v, {0.1, 6000}, s.centre_hz, 1e6);
                }},
    Key<Stream>{"format", &set_format},
    Key<Stream>{"duration_s",
                [](Stream& s, Value v) {
                  return number(v, {0, 1e6}, s.duration_s);
                }},
    Key<Stream>{"start", &set_start},
    Key<Stream>{"noise_dbfs",
                [](Stream& s, Value v) {
                  return number(v, {-200, 0}, s.noise_dbfs);
                }},
    Key<Stream>{"seed", &set_seed},
    Key<Stream>{"dc_offset",
                [](Stream& s, Value v) {
                  return number(v, {-1, 1}, s.dc_offset);
                }},
    Key<Stream>{"iq_gain_db",
                [](Stream& s, Value v) {
                  return number(v, {-6, 6}, s.iq_gain_db);
                }},
    Key<Stream>{"iq_phase_deg",
                [](Stream& s, Value v) {
                  return number(v, {-45, 45}, s.iq_phase_deg);
                }},
    Key<Stream>{"crystal_ppm",
                [](Stream& s, Value v) {
                  return number(v, {-500, 500}, s.crystal_ppm);
                }},
};

constexpr std::array kStationKeys = {
    Key<StationPlace>{"latitude_deg",
                      [](StationPlace& s, Value v) {
                        return number(v, {-89, 89}, s.latitude_deg);
                      }},
    Key<StationPlace>{"longitude_deg",
                      [](StationPlace& s, Value v) {
                        return number(v, {-180, 180}, s.longitude_deg);
                      }},
};

struct Sonde {
  SondePlan& plan;
  SondePlace& place;
};
constexpr Range kSeconds{0, 1e6};
constexpr std::array kSondeKeys = {
    Key<Sonde>{"type",
               [](Sonde& s, Value v) -> KeyVerdict {
                 s.plan.type = v;
                 return v.empty() ? KeyVerdict("is empty") : std::nullopt;
               }},
    Key<Sonde>{"variant",
               [](Sonde& s, Value v) -> KeyVerdict {
                 s.plan.identity.variant = v;
                 return std::nullopt;
               }},
    Key<Sonde>{"serial",
               [](Sonde& s, Value v) -> KeyVerdict {
                 s.plan.identity.serial = v;
                 return std::nullopt;
               }},
    Key<Sonde>{"frequency_mhz",
               [](Sonde& s, Value v) {
                 s.place.frequency_missing = false;
                 return number(v, {0.1, 6000}, s.plan.identity.frequency_hz, 1e6);
               }},
    Key<Sonde>{"latitude_deg",
               [](Sonde& s, Value v) { return number(v, {-89, 89}, s.place.latitude_deg); }},
    Key<Sonde>{"longitude_deg",
               [](Sonde& s, Value v) { return number(v, {-180, 180}, s.place.longitude_deg); }},
    Key<Sonde>{"distance_km",
               [](Sonde& s, Value v) { return number(v, {0, 1000}, s.place.distance_km); }},
    Key<Sonde>{"bearing_deg",
               [](Sonde& s, Value v) { return number(v, {0, 360}, s.place.bearing_deg); }},
    Key<Sonde>{
        "altitude_m",
        [](Sonde& s, Value v) { return number(v, {-400, 45e3}, s.plan.flight.start.altitude_m); }},
    Key<Sonde>{"climb_m_s",
               [](Sonde& s, Value v) { return number(v, {0, 20}, s.plan.flight.climb_mps); }},
    Key<Sonde>{
        "burst_altitude_m",
        [](Sonde& s, Value v) { return number(v, {0, 45e3}, s.plan.flight.burst_altitude_m); }},
    Key<Sonde>{"descent_m_s",
               [](Sonde& s, Value v) { return number(v, {1, 30}, s.plan.flight.descent_mps); }},
    Key<Sonde>{
        "ground_altitude_m",
        [](Sonde& s, Value v) { return number(v, {-400, 5e3}, s.plan.flight.ground_altitude_m); }},
    Key<Sonde>{"wind_m_s",
               [](Sonde& s, Value v) { return number(v, {0, 150}, s.place.wind_speed_mps); }},
    Key<Sonde>{"wind_from_deg",
               [](Sonde& s, Value v) { return number(v, {0, 360}, s.place.wind_from_deg); }},
    Key<Sonde>{"wind_profile",
               [](Sonde& s, Value v) { return wind_profile(v, s.plan.flight.wind); }},
    Key<Sonde>{"ebn0_db", [](Sonde& s, Value v) { return number(v, {-20, 150}, s.plan.ebn0_db); }},
    Key<Sonde>{
        "offset_hz",
        [](Sonde& s, Value v) { return number(v, {-1e5, 1e5}, s.plan.impairments.offset_hz); }},
    Key<Sonde>{"drift_hz_per_s",
               [](Sonde& s, Value v) {
                 return number(v, {-1e4, 1e4}, s.plan.impairments.drift_hz_per_s);
               }},
    Key<Sonde>{
        "drift_span_hz",
        [](Sonde& s, Value v) { return number(v, {0, 1e5}, s.plan.impairments.drift_span_hz); }},
    Key<Sonde>{
        "clock_ppm",
        [](Sonde& s, Value v) { return number(v, {-2000, 2000}, s.plan.impairments.clock_ppm); }},
    Key<Sonde>{
        "deviation_hz",
        [](Sonde& s, Value v) { return number(v, {100, 1e5}, s.plan.impairments.deviation_hz); }},
    Key<Sonde>{"fade_hz",
               [](Sonde& s, Value v) { return number(v, {0, 50}, s.plan.impairments.fade_hz); }},
    Key<Sonde>{"outages_s",
               [](Sonde& s, Value v) { return outages(v, s.plan.impairments.outages_s); }},
    Key<Sonde>{"inverted",
               [](Sonde& s, Value v) { return truth_value(v, s.plan.impairments.inverted); }},
    Key<Sonde>{"start_s", [](Sonde& s, Value v) { return number(v, kSeconds, s.plan.start_s); }},
    Key<Sonde>{"stop_s", [](Sonde& s, Value v) { return number(v, kSeconds, s.plan.stop_s); }},
    Key<Sonde>{"xdata",
               [](Sonde& s, Value v) -> KeyVerdict {
                 s.plan.identity.xdata = v;
                 return std::nullopt;
               }},
    Key<Sonde>{"encrypted",
               [](Sonde& s, Value v) { return truth_value(v, s.plan.identity.encrypted); }},
};

}  // namespace

KeyVerdict set_stream_key(StreamSpec& stream, std::string_view key, const std::string& value) {
  return apply<Stream>(kStreamKeys, stream, key, value);
}

KeyVerdict set_station_key(StationPlace& station, std::string_view key, const std::string& value) {
  return apply<StationPlace>(kStationKeys, station, key, value);
}

KeyVerdict set_sonde_key(SondePlan& plan, SondePlace& place, std::string_view key,
                         const std::string& value) {
  Sonde sonde{plan, place};
  return apply<Sonde>(kSondeKeys, sonde, key, value);
}

void place_sonde(SondePlan& plan, const SondePlace& place, const StationPlace& station) {
  constexpr double kKmPerDegree = 111.195;  // sphere of 6371 km
  const double bearing = place.bearing_deg.value_or(0) * std::numbers::pi / 180;
  const double distance_km = place.distance_km.value_or(0);
  const double north_deg = distance_km * std::cos(bearing) / kKmPerDegree;
  const double scale = std::cos(station.latitude_deg * std::numbers::pi / 180);
  const double east_deg = distance_km * std::sin(bearing) / (kKmPerDegree * scale);
  plan.flight.start.latitude_deg = place.latitude_deg.value_or(station.latitude_deg + north_deg);
  plan.flight.start.longitude_deg = place.longitude_deg.value_or(station.longitude_deg + east_deg);
  if (plan.flight.wind.empty()) {
    plan.flight.wind.push_back({0, place.wind_speed_mps, place.wind_from_deg});
  }
}

}  // namespace omnisonde::sim
