// The date for sondes that send only a time of day or of week: the receiver's clock gives it.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/base/utc.hpp"

namespace omnisonde::geo {

/// A receiver whose clock has not been set says 1970.
[[nodiscard]] constexpr bool clock_is_set(UtcMillis received) {
  return received.ms >= 946'684'800'000;  // 2000-01-01
}

/// The instant nearest to `received` at which a clock that starts over every `cycle_ms` shows
/// `reading_ms`: across midnight that is the day before or after the receiver's.
/// @param reading_ms  0 .. cycle_ms - 1; a day (86'400'000) or a GPS week (604'800'000)
/// @param received    in the sonde's time scale; for a week: counted from its first Sunday
/// @returns nothing when the receiver's clock has not been set or the reading is outside.
[[nodiscard]] constexpr std::optional<UtcMillis> nearest_reading(std::int64_t reading_ms,
                                                                 std::int64_t cycle_ms,
                                                                 UtcMillis received) {
  if (!clock_is_set(received) || reading_ms < 0 || reading_ms >= cycle_ms) return {};
  std::int64_t at = received.ms - received.ms % cycle_ms + reading_ms;
  if (at - received.ms > cycle_ms / 2) at -= cycle_ms;
  if (received.ms - at > cycle_ms / 2) at += cycle_ms;
  return UtcMillis{at};
}

inline constexpr std::int64_t kDay_ms = 86'400'000;

/// A time of day (UTC) with its date. @see nearest_reading
[[nodiscard]] constexpr std::optional<UtcMillis> with_date(std::int64_t time_of_day_ms,
                                                           UtcMillis received) {
  return nearest_reading(time_of_day_ms, kDay_ms, received);
}

}  // namespace omnisonde::geo
