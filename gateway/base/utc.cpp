#include "gateway/base/utc.hpp"

#include <array>
#include <cstdio>

namespace omnisonde {
namespace {

constexpr std::int64_t kMsPerDay = 86'400'000;

bool read_digits(std::string_view& text, int count, int& out) {
  if (text.size() < static_cast<std::size_t>(count)) return false;
  out = 0;
  for (int i = 0; i < count; ++i) {
    const char c = text[static_cast<std::size_t>(i)];
    if (c < '0' || c > '9') return false;
    out = out * 10 + (c - '0');
  }
  text.remove_prefix(static_cast<std::size_t>(count));
  return true;
}

bool read_one_of(std::string_view& text, std::string_view allowed) {
  if (text.empty() || allowed.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

int read_fraction_ms(std::string_view& text) {
  int ms = 0;
  int scale = 100;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    ms += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return ms;
}

bool plausible(const CivilTime& t) {
  if (t.month < 1 || t.month > 12 || t.day < 1 || t.hour > 23 || t.minute > 59 || t.second > 59) {
    return false;
  }
  // A date survives the round trip through day numbers only if it exists (no 31 April).
  const CivilTime back = to_civil(from_civil(t));
  return back.day == t.day && back.month == t.month;
}

}  // namespace

CivilTime to_civil(UtcMillis t) {
  std::int64_t days = t.ms / kMsPerDay;
  std::int64_t rest = t.ms % kMsPerDay;
  if (rest < 0) {
    rest += kMsPerDay;
    --days;
  }
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  CivilTime out;
  out.day = static_cast<int>(doy - (153 * mp + 2) / 5 + 1);
  out.month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  out.year = static_cast<int>(yoe + era * 400 + (out.month <= 2 ? 1 : 0));
  out.hour = static_cast<int>(rest / 3'600'000);
  out.minute = static_cast<int>(rest / 60'000 % 60);
  out.second = static_cast<int>(rest / 1000 % 60);
  out.millisecond = static_cast<int>(rest % 1000);
  return out;
}

std::string to_iso8601(UtcMillis t) {
  const CivilTime c = to_civil(t);
  std::array<char, 80> text{};
  const int n = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                              c.year, c.month, c.day, c.hour, c.minute, c.second, c.millisecond);
  return {text.data(), static_cast<std::size_t>(n)};
}

std::optional<UtcMillis> parse_iso8601(std::string_view text) {
  CivilTime t;
  const bool shape =
      read_digits(text, 4, t.year) && read_one_of(text, "-") && read_digits(text, 2, t.month) &&
      read_one_of(text, "-") && read_digits(text, 2, t.day) && read_one_of(text, "T ") &&
      read_digits(text, 2, t.hour) && read_one_of(text, ":") && read_digits(text, 2, t.minute) &&
      read_one_of(text, ":") && read_digits(text, 2, t.second);
  if (!shape) return std::nullopt;
  if (read_one_of(text, ".")) t.millisecond = read_fraction_ms(text);
  const bool zone_ok = text.empty() || text == "Z" || text == "+00:00";
  if (!zone_ok || !plausible(t)) return std::nullopt;
  return from_civil(t);
}

}  // namespace omnisonde
