#include "decoders/geo/orbit_files.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace omnisonde::geo {
namespace {

constexpr double kSecondsPerWeek = 604'800.0;

/// Takes the next line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// A number in C or Fortran notation ("-.123D-04"); nothing for anything else.
std::optional<double> number(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  std::array<char, 40> plain{};
  if (text.empty() || text.size() >= plain.size()) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    plain[i] = text[i] == 'D' || text[i] == 'd' ? 'E' : text[i];
  }
  double value = 0;
  const char* const end = plain.data() + text.size();
  const auto [stop, fault] = std::from_chars(plain.data(), end, value);
  if (fault != std::errc{} || stop != end || !std::isfinite(value)) return {};
  return value;
}

/// Columns [at, at + width) of a line; blank ones count as zero.
std::optional<double> column(std::string_view line, std::size_t at, std::size_t width) {
  if (at >= line.size() || trimmed(line.substr(at, width)).empty()) return 0.0;
  return number(line.substr(at, width));
}

// ---- RINEX ----

/// The numbers of one record: three of the first line, four of each further one.
struct RinexRecord {
  int prn = 0;
  CivilTime toc;
  double toc_fraction_s = 0;
  std::array<double, 3 + 4 * 7> values{};
};

bool read_epoch(std::string_view line, bool old, RinexRecord& record) {
  const std::array<std::size_t, 6> at = old ? std::array<std::size_t, 6>{3, 6, 9, 12, 15, 17}
                                            : std::array<std::size_t, 6>{4, 9, 12, 15, 18, 21};
  std::array<double, 6> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t width = i == 0 && !old ? 4 : (i == 5 && old ? 5 : 2);
    const auto value = at[i] < line.size() ? number(line.substr(at[i], width)) : std::nullopt;
    if (!value || *value < 0 || *value > 9999) return false;
    parts[i] = *value;
  }
  int year = static_cast<int>(parts[0]);
  if (old && year < 100) year += year < 80 ? 2000 : 1900;
  const auto whole = [&](std::size_t i) { return static_cast<int>(parts[i]); };
  record.toc = {year, whole(1), whole(2), whole(3), whole(4), whole(5)};
  record.toc_fraction_s = parts[5] - std::floor(parts[5]);
  const CivilTime& t = record.toc;
  return t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= 31 && t.hour < 25 &&
         t.minute < 61 && t.second < 62;
}

bool read_record(std::span<const std::string_view> lines, bool old, RinexRecord& record) {
  if (lines.size() < 7) return false;  // the last line (fit interval) may be missing
  const auto prn = number(lines[0].substr(old ? 0 : 1, 2));
  if (!prn || *prn < 1 || *prn > 32 || !read_epoch(lines[0], old, record)) return false;
  record.prn = static_cast<int>(*prn);
  const std::size_t indent = old ? 3 : 4;
  std::size_t count = 0;
  for (std::size_t row = 0; row < lines.size() && row < 8; ++row) {
    for (std::size_t k = row == 0 ? 1 : 0; k < 4; ++k) {
      const auto value = column(lines[row], indent + 19 * k, 19);
      if (!value) return false;
      record.values[count++] = *value;
    }
  }
  return true;
}

OrbitElements elements_of(const RinexRecord& record) {
  const auto& v = record.values;
  OrbitElements el;
  el.prn = record.prn;
  el.toc_s = static_cast<double>(from_civil(record.toc).ms - kGpsEpoch_ms) / 1000.0 +
             record.toc_fraction_s;
  el.af0_s = v[0];
  el.af1 = v[1];
  el.af2_per_s = v[2];
  el.crs_m = v[4];
  el.delta_n_radps = v[5];
  el.m0_rad = v[6];
  el.cuc_rad = v[7];
  el.eccentricity = v[8];
  el.cus_rad = v[9];
  el.sqrt_a = v[10];
  // The week in the file is full in some and modulo 1024 in others; the clock's date has both.
  el.toe_s = nearest_in_week(v[11], el.toc_s);
  el.cic_rad = v[12];
  el.omega0_rad = v[13];
  el.cis_rad = v[14];
  el.i0_rad = v[15];
  el.crc_m = v[16];
  el.omega_rad = v[17];
  el.omega_dot_radps = v[18];
  el.idot_radps = v[19];
  el.healthy = v[24] == 0;
  el.tgd_s = v[25];
  return el;
}

/// Version 4 puts a line "> EPH G01 LNAV" before each record; the other messages are not ours.
bool is_gps_message(std::string_view mark) {
  return mark.starts_with("> EPH G") && mark.find("LNAV") != std::string_view::npos;
}

void parse_rinex(std::string_view text, bool old, OrbitBook& book) {
  for (std::string_view line = "."; !text.empty();) {
    line = take_line(text);
    if (line.find("END OF HEADER") != std::string_view::npos) break;
  }
  std::vector<std::string_view> lines;
  bool wanted = true;
  const auto finish = [&] {
    RinexRecord record;
    if (!lines.empty() && (old || lines[0][0] == 'G') && read_record(lines, old, record)) {
      book.add(elements_of(record));
    }
    lines.clear();
  };
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with('>')) {
      finish();
      wanted = is_gps_message(line);
      continue;
    }
    const bool starts = !line.empty() && (old ? !trimmed(line.substr(0, 2)).empty()
                                              : line[0] != ' ' && line[0] != '\t');
    if (starts) finish();
    if (wanted && !trimmed(line).empty() && (starts || !lines.empty())) lines.push_back(line);
  }
  finish();
}

// ---- almanacs ----

/// Full GPS week from one modulo 1024.
double full_week(double week, UtcMillis about) {
  const double now = static_cast<double>(gps_time(about).week);
  const double part = week - 1024 * std::floor(week / 1024);
  return part + 1024 * std::round((now - part) / 1024);
}

/// SEM: "count name", "week toa", then fourteen numbers for each satellite; angles in semicircles.
void parse_sem(std::string_view text, UtcMillis about, OrbitBook& book) {
  std::string_view line;
  while (!text.empty() && trimmed(line).empty()) line = take_line(text);  // "31 CURRENT.ALM"
  std::vector<double> all;
  while (!text.empty()) {
    std::string_view rest = trimmed(take_line(text));
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
      const auto value = number(rest.substr(0, end));
      if (!value) return;
      all.push_back(*value);
      rest = trimmed(rest.substr(end));
    }
  }
  if (all.size() < 2) return;
  const GpsSeconds toa_s = full_week(all[0], about) * kSecondsPerWeek + all[1];
  constexpr double kPi = std::numbers::pi;
  for (std::size_t at = 2; at + 14 <= all.size(); at += 14) {
    const double* v = &all[at];
    OrbitElements el;
    el.prn = v[0] >= 1 && v[0] <= 32 ? static_cast<int>(v[0]) : 0;
    el.almanac = true;
    el.toe_s = el.toc_s = toa_s;
    el.eccentricity = v[3];
    el.i0_rad = (0.3 + v[4]) * kPi;
    el.omega_dot_radps = v[5] * kPi;
    el.sqrt_a = v[6];
    el.omega0_rad = v[7] * kPi;
    el.omega_rad = v[8] * kPi;
    el.m0_rad = v[9] * kPi;
    el.af0_s = v[10];
    el.af1 = v[11];
    el.healthy = v[12] == 0;
    book.add(el);
  }
}

/// One "name: value" line of a YUMA block; angles in radians. @returns false for another line.
bool read_yuma_line(std::string_view name, double value, OrbitElements& el, double& week) {
  const auto is = [name](std::string_view start) { return name.starts_with(start); };
  if (is("ID"))
    el.prn = value >= 1 && value <= 32 ? static_cast<int>(value) : 0;
  else if (is("Health"))
    el.healthy = value == 0;
  else if (is("Eccentricity"))
    el.eccentricity = value;
  else if (is("Time of Applicability"))
    el.toe_s = value;
  else if (is("Orbital Inclination"))
    el.i0_rad = value;
  else if (is("Rate of Right Ascen"))
    el.omega_dot_radps = value;
  else if (is("SQRT(A)"))
    el.sqrt_a = value;
  else if (is("Right Ascen at Week"))
    el.omega0_rad = value;
  else if (is("Argument of Perigee"))
    el.omega_rad = value;
  else if (is("Mean Anom"))
    el.m0_rad = value;
  else if (is("Af0"))
    el.af0_s = value;
  else if (is("Af1"))
    el.af1 = value;
  else if (is("week") || is("Week"))
    week = value;
  else
    return false;
  return true;
}

void parse_yuma(std::string_view text, UtcMillis about, OrbitBook& book) {
  OrbitElements el;
  double week = -1;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    const std::size_t colon = line.find(':');
    if (line.starts_with('*') || colon == std::string_view::npos) continue;
    const auto value = number(line.substr(colon + 1));
    if (!value) continue;
    if (line.starts_with("ID")) el = {};
    if (!read_yuma_line(line, *value, el, week) || week < 0) continue;
    el.almanac = true;  // "week" is a block's last line
    el.toe_s += full_week(week, about) * kSecondsPerWeek;
    el.toc_s = el.toe_s;
    book.add(el);
    el = {};
    week = -1;
  }
}

}  // namespace

Expected<OrbitBook> parse_orbits(std::string_view text, UtcMillis about) {
  OrbitBook book;
  std::string_view rest = text;
  const std::string_view first = take_line(rest);
  if (first.find("RINEX VERSION / TYPE") != std::string_view::npos) {
    const auto version = number(first.substr(0, 9));
    const char kind = first.size() > 20 ? first[20] : ' ';
    if (!version || *version < 1 || *version >= 5 || kind != 'N') {
      return Error{"a RINEX file, but without GPS navigation messages",
                   "take the navigation file (broadcast ephemeris, type N)"};
    }
    parse_rinex(rest, *version < 3, book);
  } else if (text.find("SQRT(A)") != std::string_view::npos) {
    parse_yuma(text, about, book);
  } else {
    parse_sem(text, about, book);
  }
  if (book.empty()) {
    return Error{"no GPS orbits in it",
                 "a RINEX navigation file (version 2 to 4) or a SEM or YUMA almanac is needed"};
  }
  return book;
}

}  // namespace omnisonde::geo
