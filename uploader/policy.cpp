#include "uploader/policy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <string_view>

#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

constexpr double kMaxAltitude_m = 50'000;
constexpr double kMaxDistance_m = 1'000'000;
constexpr int kMinSatellites = 4;
constexpr std::int64_t kMaxAge_ms = 48LL * 3600 * 1000;
constexpr std::int64_t kMaxAhead_ms = 60'000;

// The hub looks for these names inside `type`; anything else is rejected.
constexpr std::array<std::string_view, 22> kKnownTypes = {
    "RS41", "RS92",   "RD41",     "RD94",    "DFM",     "PS-15",   "M10",     "M20",
    "LMS6", "iMet-1", "iMet-4",   "iMet-50", "iMet-54", "iMet-5x", "iMS-100", "RS-11G",
    "MRZ",  "MTS01",  "WxR-301D", "C50",     "CF-06",   "GTH6"};

// These send no date: it comes from the gateway's clock, and is wrong when that is.
constexpr std::array<std::string_view, 7> kDateFromGateway = {"iMet", "LMS6",  "WxR-301D", "RD41",
                                                              "RD94", "CF-06", "GTH6"};
// Serials of these must not hold the decoder's placeholder `x`.
constexpr std::array<std::string_view, 6> kNoPlaceholder = {"DFM",    "PS-15", "iMS-100",
                                                            "RS-11G", "MRZ",   "C50"};

template <std::size_t N>
bool holds_any(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(), [text](std::string_view name) {
    return text.find(name) != std::string_view::npos;
  });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::string number(double value, const char* unit) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.6g%s", value, unit);
  return text.data();
}

std::optional<Refusal> refuse(const char* key, std::string words) {
  return Refusal{key, std::move(words)};
}

std::optional<Refusal> missing_part(const Telemetry& t) {
  if (t.encrypted) return refuse("encrypted", "the sonde is encrypted: its data are not public");
  if (!t.hold_reason.empty()) return Refusal{"held: " + t.hold_reason, t.hold_reason};
  if (t.serial.empty()) return refuse("no_serial", "the serial number is not known yet");
  if (!t.datetime) return refuse("no_time", "the sonde has sent no time");
  if (!t.frame_number) return refuse("no_frame_number", "the record has no frame number");
  if (!t.position) return refuse("no_position", "the sonde has no position");
  return std::nullopt;
}

std::optional<Refusal> bad_position(const GeoPosition& p, const StationConfig& station) {
  if (!std::isfinite(p.latitude_deg) || !std::isfinite(p.longitude_deg) ||
      !std::isfinite(p.altitude_m) || std::abs(p.latitude_deg) > 90 ||
      std::abs(p.longitude_deg) > 180) {
    return refuse("impossible_position", "the position is not on the earth");
  }
  if (rounded(p.latitude_deg, kDegreeDecimals) == 0 &&
      rounded(p.longitude_deg, kDegreeDecimals) == 0) {
    return refuse("zero_position", "the position is 0, 0");
  }
  const double altitude_m = rounded(p.altitude_m, kMetreDecimals);
  if (altitude_m > kMaxAltitude_m) {
    return refuse("altitude_too_high", "the altitude of " + number(altitude_m, " m") +
                                           " is above the hub's limit of 50 km");
  }
  if (altitude_m == 0) return refuse("altitude_zero", "the altitude is exactly 0 m");
  const bool place_known = station.position && station.position->latitude_deg != 0 &&
                           station.position->longitude_deg != 0;
  if (!place_known) return std::nullopt;
  const double distance_m = straight_distance_m(p, *station.position);
  if (distance_m > kMaxDistance_m) {
    return refuse("too_far", "the sonde is " + number(distance_m / 1000, " km") +
                                 " away, beyond the hub's limit of 1000 km");
  }
  return std::nullopt;
}

std::optional<Refusal> bad_measurement(const Telemetry& t) {
  const auto value = [](float v) { return rounded(static_cast<double>(v), kValueDecimals); };
  if (t.humidity_pct && value(*t.humidity_pct) < 0) {
    return refuse("humidity_negative", "the humidity is below 0");
  }
  if (t.pressure_hpa && value(*t.pressure_hpa) < 0) {
    return refuse("pressure_negative", "the pressure is below 0");
  }
  if (t.satellites && *t.satellites < kMinSatellites) {
    return refuse("few_satellites", "the sonde sees fewer than 4 satellites");
  }
  if (t.heading_deg && value(*t.heading_deg) > 360) {
    return refuse("heading_above_360", "the heading is above 360 degrees");
  }
  return std::nullopt;
}

// Letter C..Z and exactly seven digits.
bool vaisala_serial(std::string_view serial) {
  return serial.size() == 8 && serial[0] >= 'C' && serial[0] <= 'Z' && all_digits(serial.substr(1));
}

bool serial_fits(const std::string& type, const std::string& subtype, const std::string& serial) {
  const auto type_has = [&type](const char* name) { return type.find(name) != std::string::npos; };
  if (type_has("RS41") || type_has("RS92")) return vaisala_serial(serial);
  if (type_has("RD41") || type_has("RD94")) return serial != "000000000";
  if (holds_any(type, kNoPlaceholder) && serial.find('x') != std::string::npos) return false;
  if (type_has("DFM") && subtype.find("DFM09") != std::string::npos) return all_digits(serial);
  return true;
}

std::optional<Refusal> bad_identity(const Telemetry& t) {
  if (!holds_any(t.type, kKnownTypes)) {
    return refuse("unknown_type", "the hub does not take type " + t.type);
  }
  if (!serial_fits(t.type, t.subtype, t.serial)) {
    return refuse("invalid_serial", "the hub does not take serial " + t.serial + " for " + t.type);
  }
  if (t.subtype == "DL0UJ-12") {
    return refuse("amateur_balloon", "an amateur balloon, not for this hub");
  }
  return std::nullopt;
}

std::array<double, 3> to_ecef_m(const GeoPosition& p) {
  constexpr double kSemiMajor_m = 6'378'137.0;  // WGS 84
  constexpr double kEccentricity2 = 6.694'379'990'14e-3;
  const double lat = p.latitude_deg * std::numbers::pi / 180;
  const double lon = p.longitude_deg * std::numbers::pi / 180;
  const double normal_m =
      kSemiMajor_m / std::sqrt(1 - kEccentricity2 * std::sin(lat) * std::sin(lat));
  return {(normal_m + p.altitude_m) * std::cos(lat) * std::cos(lon),
          (normal_m + p.altitude_m) * std::cos(lat) * std::sin(lon),
          (normal_m * (1 - kEccentricity2) + p.altitude_m) * std::sin(lat)};
}

}  // namespace

std::optional<Refusal> clock_refusal(UtcMillis datetime, UtcMillis now) {
  const std::int64_t age_ms = now.ms - datetime.ms;
  if (age_ms > kMaxAge_ms) return refuse("too_old", "the record is older than 48 h");
  if (age_ms < -kMaxAhead_ms) {
    return refuse("in_the_future", "the sonde's time is " +
                                       number(static_cast<double>(-age_ms) / 1000, " s") +
                                       " ahead of this computer's clock");
  }
  return std::nullopt;
}

std::optional<Refusal> refusal(const Telemetry& t, const StationConfig& station, UtcMillis now,
                               bool clock_good) {
  if (auto r = missing_part(t)) return r;
  if (auto r = bad_position(*t.position, station)) return r;
  if (auto r = bad_measurement(t)) return r;
  if (auto r = bad_identity(t)) return r;
  if (clock_good) return clock_refusal(*t.datetime, now);
  if (holds_any(t.type, kDateFromGateway)) {
    return refuse("clock_not_set",
                  "this type sends no date and this computer's clock is not synchronised");
  }
  return std::nullopt;
}

bool needs_many_records(const std::string& type) {
  return type.find("DFM") != std::string::npos || type.find("iMS-100") != std::string::npos;
}

double straight_distance_m(const GeoPosition& a, const GeoPosition& b) {
  const std::array<double, 3> p = to_ecef_m(a);
  const std::array<double, 3> q = to_ecef_m(b);
  return std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

}  // namespace omnisonde::uploader
