// Points in time as milliseconds since 1970-01-01, and their text form. std only, no time zones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace omnisonde {

/// Milliseconds since 1970-01-01T00:00:00, leap seconds not counted (as Unix time).
struct UtcMillis {
  std::int64_t ms = 0;
  friend bool operator==(UtcMillis, UtcMillis) = default;
  friend auto operator<=>(UtcMillis, UtcMillis) = default;
};

/// A civil date and time of day; month 1..12, day 1..31, second 0..59.
struct CivilTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, millisecond = 0;
};

/// Days since 1970-01-01 of a proleptic Gregorian date. Source: H. Hinnant, "chrono-compatible
/// low-level date algorithms".
[[nodiscard]] constexpr std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t yoe = y - era * 400;
  const std::int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

[[nodiscard]] constexpr UtcMillis from_civil(const CivilTime& t) {
  const std::int64_t days = days_from_civil(t.year, t.month, t.day);
  return {((days * 24 + t.hour) * 60 + t.minute) * 60'000 + std::int64_t{t.second} * 1000 +
          t.millisecond};
}

[[nodiscard]] CivilTime to_civil(UtcMillis t);

/// "2026-10-20T12:01:08.000Z", always three fraction digits.
[[nodiscard]] std::string to_iso8601(UtcMillis t);

/// Reads "YYYY-MM-DDTHH:MM:SS[.fff...][Z|+00:00]" (blank for T allowed, no zone means UTC).
/// @returns nothing for anything else, including impossible dates.
[[nodiscard]] std::optional<UtcMillis> parse_iso8601(std::string_view text);

}  // namespace omnisonde
