#include "tests/support/hub_standin_rules.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

namespace omnisonde::testing {
namespace {

// SondeHub's limits; the numbers are those of docs/uploader.md.
constexpr double kHour_ms = 3600'000;
constexpr double kEarthRadius_m = 6'371'000;
constexpr std::size_t kMessage_bytes = 256 * 1024;

struct Bad {
  int status;
  std::string text;
};

std::optional<std::string> gunzip(const std::string& packed) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return std::nullopt;
  std::string in = packed;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  std::string out;
  std::array<char, 65536> piece{};
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(piece.data(), piece.size() - stream.avail_out);
    if (code == Z_BUF_ERROR) break;
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return std::nullopt;
  return out;
}

// Names a record must have, or the whole batch is lost.
std::optional<Bad> format_fault(const HubJson& record) {
  const Bad format{400, "Error processing request. Check payloads format."};
  if (!record.is_object()) return format;
  for (const char* name : {"software_name", "uploader_callsign", "serial", "type", "datetime"}) {
    if (!record.contains(name)) return format;
    if (!record[name].is_string()) return Bad{400, std::string(name) + ": expected string"};
  }
  for (const char* name : {"lat", "lon", "alt"}) {
    if (!record.contains(name) || record[name].is_null()) return format;
  }
  for (const char* name : {"lat", "lon", "alt", "humidity", "pressure", "sats", "heading"}) {
    if (record.contains(name) && !record[name].is_number()) {
      return Bad{400, "'<' not supported between instances of '" +
                          std::string(record[name].type_name()) + "' and 'int'"};
    }
  }
  if (record.contains("uploader_position") && !record["uploader_position"].is_null() &&
      (!record["uploader_position"].is_array() || record["uploader_position"].size() < 3)) {
    return Bad{400, "list index out of range"};
  }
  return std::nullopt;
}

bool holds(const std::string& text, const char* piece) {
  return text.find(piece) != std::string::npos;
}

double chord_m(double lat1, double lon1, double alt1, double lat2, double lon2, double alt2) {
  const auto place = [](double lat, double lon, double alt) {
    const double a = lat * M_PI / 180, o = lon * M_PI / 180, r = kEarthRadius_m + alt;
    return std::array{r * std::cos(a) * std::cos(o), r * std::cos(a) * std::sin(o),
                      r * std::sin(a)};
  };
  const auto p = place(lat1, lon1, alt1), q = place(lat2, lon2, alt2);
  return std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

std::string distance_fault(const HubJson& r) {
  const auto found = r.find("uploader_position");
  if (found == r.end() || !found->is_array()) return "";
  for (const HubJson& v : *found) {
    if (!v.is_number()) return "";
  }
  const double lat = (*found)[0], lon = (*found)[1], alt = (*found)[2];
  if (lat == 0 || lon == 0) return "";
  const double d = chord_m(r["lat"], r["lon"], r["alt"], lat, lon, alt);
  return d > 1'000'000 ? "Payload distance from uploader is above radius cap (1000 km)" : "";
}

std::string value_fault(const HubJson& r) {
  const double lat = r["lat"], lon = r["lon"], alt = r["alt"];
  if (lat == 0 && lon == 0) return "Zero Lat/Lon";
  if (alt > 50'000) return "Payload altitude is above altitude cap of 50000m";
  if (alt == 0) return "Payload altitude is exactly 0m";
  if (r.value("subtype", "") == "DL0UJ-12") return "Amateur balloon: use the amateur site";
  for (const char* name : {"humidity", "pressure"}) {
    if (r.contains(name) && r[name].get<double>() < 0) return std::string(name) + " is below 0";
  }
  if (r.contains("sats") && r["sats"].get<double>() < 4) {
    return "Payload can only see " + r["sats"].dump() + " SVs";
  }
  if (std::string fault = distance_fault(r); !fault.empty()) return fault;
  if (r.contains("heading") && r["heading"].get<double>() > 360) return "Heading is above 360";
  return "";
}

std::string clock_fault(const HubJson& r, UtcMillis now) {
  const std::string text = r["datetime"];
  const bool zoned = !text.empty() && (text.back() == 'Z' || holds(text, "+00:00"));
  const auto time = parse_iso8601(text);
  if (!zoned || !time) return "Unable to parse time";
  const double age_ms = static_cast<double>(now.ms - time->ms);
  if (age_ms > 48 * kHour_ms) return "Payload time is too far from current UTC time";
  if (age_ms < -60'000) return "Payload time is too far in the future";
  return "";
}

bool is_number(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string identity_fault(const HubJson& r) {
  const std::string type = r["type"], serial = r["serial"];
  std::string invalid = "Payload ID " + serial + " from type " + type + " is invalid";
  if (holds(type, "RS41") || holds(type, "RS92")) {
    const bool fits =
        serial.size() == 8 && serial[0] >= 'C' && serial[0] <= 'Z' && is_number(serial.substr(1));
    return fits ? "" : invalid;
  }
  if (holds(type, "RD41") || holds(type, "RD94")) {
    return serial.empty() || serial == "000000000" ? invalid : "";
  }
  for (const char* name : {"DFM", "PS-15", "iMS-100", "RS-11G", "MRZ", "C50"}) {
    if (holds(type, name)) return holds(serial, "x") ? invalid : "";
  }
  for (const char* name :
       {"M10", "M20", "LMS6", "iMet-1", "iMet-4", "iMet-5", "MTS01", "WxR-301D", "CF-06", "GTH6"}) {
    if (holds(type, name)) return "";
  }
  return invalid;
}

// @returns the rejection; sets `warning` (and changes the record) where the hub does.
std::string record_fault(HubJson& r, UtcMillis now, std::string& warning) {
  if (auto fault = value_fault(r); !fault.empty()) return fault;
  if (auto fault = clock_fault(r, now); !fault.empty()) return fault;
  if (auto fault = identity_fault(r); !fault.empty()) return fault;
  const std::string type = r["type"], serial = r["serial"], subtype = r.value("subtype", "");
  if (holds(type, "DFM") && holds(subtype, "DFM09")) {
    if (!is_number(serial)) return "DFM serial not a number";
    if (std::strtol(serial.c_str(), nullptr, 10) > 22'033'000) {
      r["subtype"] = "DFM17";
      if (r.contains("temp")) {
        r["invalid_temp"] = r["temp"];
        r.erase("temp");
      }
      warning = "DFM09 with a serial of a DFM17: changed";
      return "";
    }
  }
  if (r.contains("dev")) {
    return "All checks passed however payload contained dev flag so will not be uploaded";
  }
  return "";
}

std::vector<bool> outliers(const std::vector<HubJson*>& records) {
  std::vector<bool> wild(records.size(), false);
  if (records.size() <= 10) return wild;
  const double n = static_cast<double>(records.size());
  for (const char* name : {"lat", "lon", "alt"}) {
    std::vector<double> v;
    v.reserve(records.size());
    for (const HubJson* r : records) v.push_back(std::abs((*r)[name].get<double>()));
    if (std::string(name) != "lon") {
      for (std::size_t i = 0; i < v.size(); ++i) v[i] = (*records[i])[name].get<double>();
    }
    double mean = 0, square = 0;
    for (const double x : v) mean += x / n;
    for (const double x : v) square += (x - mean) * (x - mean) / (n - 1);
    const double sigma = std::sqrt(square);
    for (std::size_t i = 0; i < v.size() && sigma > 0; ++i) {
      if (std::abs(v[i] - mean) > 3 * sigma) wild[i] = true;
    }
  }
  return wild;
}

// The effects between records of one serial: outliers, the minimum of DFM and iMS-100, thinning.
void apply_batch_rules(std::vector<HubJson*> records, HubIngest& out) {
  const std::string type = (*records.front())["type"];
  const bool many = holds(type, "DFM") || holds(type, "iMS-100");
  const bool high = std::any_of(records.begin(), records.end(),
                                [](const HubJson* r) { return (*r)["alt"].get<double>() > 2500; });
  if (many && high && records.size() <= 10) {
    for (HubJson* r : records) {
      out.rejected.emplace_back("Not enough data to check for outliers above 1000m", *r);
    }
    return;
  }
  const std::vector<bool> wild = outliers(records);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool kept = records.size() < 3 || i % 2 == 0 || i + 1 == records.size();
    if (kept && wild[i]) {
      out.rejected.emplace_back("z-check failed: outlier in position", *records[i]);
      continue;
    }
    HubJson stored = *records[i];
    if (!kept) {
      stored["_thinned"] = true;
      ++out.thinned;
    }
    out.stored.push_back(std::move(stored));
  }
}

void answer(const std::vector<std::pair<std::string, HubJson>>& warnings, HubIngest& out) {
  if (out.rejected.empty() && warnings.empty()) {
    out.body = "^v^ telm logged";
    return;
  }
  HubJson body = {{"message", "some or all payloads could not be processed"},
                  {"errors", HubJson::array()},
                  {"warnings", HubJson::array()}};
  for (const auto& [message, r] : out.rejected) {
    body["errors"].push_back({{"error_message", message}, {"payload", r}});
  }
  for (const auto& [message, r] : warnings) {
    body["warnings"].push_back({{"warning_message", message}, {"payload", r}});
  }
  out.status = 202;
  out.content_type = "application/json";
  out.body = body.dump();
}

std::optional<Bad> request_fault(const std::string& body, bool gzip, HubJson& batch) {
  const auto text = gzip ? gunzip(body) : std::optional(body);
  if (!text) return Bad{400, "Could not decompress"};
  batch = HubJson::parse(*text, nullptr, false);
  if (batch.is_discarded()) return Bad{400, "Not valid json"};
  if (!batch.is_array()) return Bad{400, "Expecting list of payloads"};
  if (body.size() * 4 / 3 > kMessage_bytes) return Bad{400, "Error processing request. Too large"};
  for (const HubJson& r : batch) {
    if (auto fault = format_fault(r)) return fault;
  }
  return std::nullopt;
}

}  // namespace

HubIngest ingest_telemetry(const std::string& body, bool gzip, const std::string& user_agent,
                           UtcMillis now, const std::string& reject_first,
                           const std::string& poison) {
  HubIngest out;
  HubJson batch;
  auto fault = request_fault(body, gzip, batch);
  for (const HubJson& r : fault ? HubJson::array() : batch) {
    if (!poison.empty() && r["serial"] == poison) fault = Bad{400, "poison record"};
  }
  if (fault) {
    out.status = fault->status;
    out.body = fault->text;
    return out;
  }
  std::map<std::string, std::vector<HubJson*>> by_serial;
  std::vector<std::pair<std::string, HubJson>> warnings;
  bool first = true;
  for (HubJson& r : batch) {
    std::string warning;
    std::string reason = record_fault(r, now, warning);
    if (std::exchange(first, false) && !reject_first.empty()) reason = reject_first;
    r["user-agent"] = user_agent;
    r["position"] = r["lat"].dump() + "," + r["lon"].dump();
    if (!warning.empty()) warnings.emplace_back(warning, r);
    if (reason.empty()) {
      by_serial[r["serial"]].push_back(&r);
    } else {
      out.rejected.emplace_back(reason, r);
    }
  }
  for (auto& [serial, records] : by_serial) apply_batch_rules(records, out);
  out.warned = warnings.size();
  answer(warnings, out);
  return out;
}

HubListener ingest_listener(const std::string& body, bool gzip, UtcMillis now) {
  const auto text = gzip ? gunzip(body) : std::optional(body);
  if (!text) return {400, "Could not decompress", nullptr};
  HubJson report = HubJson::parse(*text, nullptr, false);
  if (report.is_discarded()) return {400, "JSON decode issue", nullptr};
  HubListener crashed{500, R"({"message":"Internal Server Error"})", nullptr};
  if (!report.is_object() || !report.contains("uploader_callsign") ||
      !report.contains("uploader_position")) {
    return crashed;
  }
  const std::string callsign = report.value("uploader_callsign", "");
  if (callsign == "CHANGEME" || callsign == "CHANGEME_RDZTTGO") {
    return {403, "callsign not allowed", nullptr};
  }
  report.erase("uploader_contact_email");
  report["ts"] = to_iso8601(now);
  return {200, "^v^ telm logged", report};
}

}  // namespace omnisonde::testing
