#include "uploader/feeds/names.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace omnisonde::uploader {
namespace {

struct Family {
  std::string_view type;    // ours, which is the hub's
  std::string_view prefix;  // of the id
  std::string_view name;    // auto_rx's type
  bool by_subtype;          // the subtype, where known, is the type
};
// Source: radiosonde_auto_rx 1.8.2, its decoders' ids and types.
constexpr std::array kFamilies{
    Family{"RS41", "", "RS41", true},
    Family{"RS92", "", "RS92", false},
    Family{"DFM", "DFM-", "DFM", true},
    Family{"PS-15", "DFM-", "PS15", false},
    Family{"M10", "M10-", "M10", false},
    Family{"M20", "M20-", "M20", false},
    Family{"iMet-1", "IMET-", "IMET", false},
    Family{"iMet-4", "IMET-", "IMET", false},
    Family{"iMet-50", "IMET5-", "IMET5", false},
    Family{"iMet-54", "IMET5-", "IMET5", false},
    Family{"LMS6-403", "LMS6-", "LMS6", false},
    Family{"LMS6-1680", "LMS6-", "MK2LMS", false},
    Family{"iMS-100", "IMS100-", "IMS100", false},
    Family{"RS-11G", "RS11G-", "RS11G", false},
    Family{"MRZ", "MRZ-", "MRZ", false},
    Family{"MTS01", "MTS01-", "MTS01", false},
    Family{"WxR-301D", "WXR-", "WXR301", false},
    Family{"WxR-301D-5k", "WXR-", "WXRPN9", false},
};

const Family* family_of(const Telemetry& t) {
  const auto* const found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                         [&](const Family& f) { return f.type == t.type; });
  return found == kFamilies.end() ? nullptr : found;
}

// "SRS-C50" -> "SRSC50": the id's first dash ends the prefix.
std::string bare(std::string_view type) {
  std::string out;
  for (const char c : type) {
    if (c != '-' && c != '_' && c != ' ') out += c;
  }
  return out;
}

// An underscore parts the pieces of a log's name.
std::string without_underscores(std::string text) {
  std::replace(text.begin(), text.end(), '_', '-');
  std::replace(text.begin(), text.end(), '/', '-');
  return text;
}

std::optional<std::uint64_t> number_of(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The last `digits` hex digits, no leading zeros unless `padded`.
std::string hex(std::uint64_t value, std::size_t digits, bool padded = false) {
  char text[24];
  std::snprintf(text, sizeof text, padded ? "%06llX" : "%llX",
                static_cast<unsigned long long>(value));
  const std::string all = text;
  return all.size() > digits ? all.substr(all.size() - digits) : all;
}

struct ModemSerial {  // "310-2-11329", of M10 and M20
  std::string_view batch, lot, number;
};

std::optional<ModemSerial> modem_serial(std::string_view serial) {
  const std::size_t first = serial.find('-');
  const std::size_t last = serial.rfind('-');
  if (first != 3 || last == first || serial.size() - last != 6) return std::nullopt;
  return ModemSerial{serial.substr(0, first), serial.substr(first + 1, last - first - 1),
                     serial.substr(last + 1)};
}

// M10: the bytes of the serial in another order, from its printed form. Source: dxlAPRS' name.
std::optional<std::string> m10_name(const std::string& serial) {
  const auto parts = modem_serial(serial);
  if (!parts) return std::nullopt;
  const auto high = number_of(parts->batch.substr(0, 1), 16);
  const auto low = number_of(parts->batch.substr(1));
  const auto lot = number_of(parts->lot, 16);
  const auto head = number_of(parts->number.substr(0, 1));
  const auto tail = number_of(parts->number.substr(1));
  if (!high || !low || !lot || !head || !tail || *head > 7 || *tail > 8191) return std::nullopt;
  char text[16];
  std::snprintf(text, sizeof text, "ME%01X%01X%01X%02X%02X", static_cast<unsigned>(*high & 15U),
                static_cast<unsigned>(*low & 15U), static_cast<unsigned>(*lot & 15U),
                static_cast<unsigned>(*head << 5U | *tail >> 8U),
                static_cast<unsigned>(*tail & 255U));
  return text;
}

// M20: "ME", the first byte of the serial (date, and the lot's lowest bit) in hex, the last part.
std::optional<std::string> m20_name(const std::string& serial) {
  const auto parts = modem_serial(serial);
  if (!parts) return std::nullopt;
  const auto year = number_of(parts->batch.substr(0, 1));
  const auto month = number_of(parts->batch.substr(1));
  const auto lot = number_of(parts->lot);
  if (!year || !month || !lot || *month < 1 || *lot < 1) return std::nullopt;
  const auto byte = static_cast<unsigned>((*year * 12 + *month - 1) | ((*lot - 1) & 1U) << 7U);
  char text[16];
  std::snprintf(text, sizeof text, "ME%02X", byte & 255U);
  return text + std::string(parts->number);
}

// MRZ: both parts of the serial side by side as one number.
std::optional<std::string> mrz_name(std::string serial) {
  std::erase(serial, '-');
  const auto value = number_of(serial);
  return value ? std::optional("MRZ" + hex(*value, 6, true)) : std::nullopt;
}

std::optional<std::string> from_number(const char* prefix, std::string_view serial,
                                       std::size_t digits) {
  const auto value = number_of(serial);
  return value ? std::optional(prefix + hex(*value, digits)) : std::nullopt;
}

std::optional<std::string> unpadded_name(const Telemetry& t) {
  const std::string& type = t.type;
  if (type == "RS41" || type == "RS92") return t.serial;
  if (type == "DFM" || type == "PS-15") {
    const auto value = number_of(t.serial);
    return value ? std::optional("D" + std::to_string(*value)) : std::nullopt;
  }
  if (type == "M10") return m10_name(t.serial);
  if (type == "M20") return m20_name(t.serial);
  if (type == "MRZ") return mrz_name(t.serial);
  if (type.starts_with("iMet")) {
    return "IMET" + (t.serial.size() > 5 ? t.serial.substr(t.serial.size() - 5) : t.serial);
  }
  if (type.starts_with("LMS")) return from_number("LMS6", t.serial, 5);
  if (type.starts_with("WxR")) return from_number("WXR", t.serial, 6);
  if (type == "iMS-100" || type == "RS-11G") return from_number("IMS", t.serial, 6);
  if (type == "MTS01") return from_number("MTS", t.serial, 6);
  return std::nullopt;
}

}  // namespace

std::string autorx_id(const Telemetry& t) {
  const Family* family = family_of(t);
  const std::string prefix = family != nullptr ? std::string(family->prefix) : bare(t.type) + "-";
  return without_underscores(prefix + t.serial);
}

std::string autorx_type(const Telemetry& t) {
  const Family* family = family_of(t);
  if (family == nullptr) return without_underscores(t.type);
  if (family->by_subtype && !t.subtype.empty()) return without_underscores(t.subtype);
  return std::string(family->name);
}

double tuned_mhz(const Telemetry& t) {
  constexpr double kRaster_hz = 10'000;
  return std::round(t.rx.frequency_hz / kRaster_hz) * kRaster_hz / 1e6;
}

std::string time_of_day(UtcMillis time) {
  const CivilTime c = to_civil(time);
  char text[48];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", c.hour, c.minute, c.second);
  return text;
}

// to_chars rounds the exact binary value half to even, as printf does in glibc.
std::string fixed(double value, int decimals) {
  std::array<char, 400> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value,
                                    std::chars_format::fixed, decimals);
  return {text.data(), result.ptr};
}

std::optional<std::string> aprs_object_name(const Telemetry& t) {
  auto name = unpadded_name(t);
  if (name) name->resize(9, ' ');
  return name;
}

}  // namespace omnisonde::uploader
