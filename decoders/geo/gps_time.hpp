// GPS time: weeks and milliseconds since 1980-01-06, without leap seconds.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/base/utc.hpp"

namespace omnisonde::geo {

inline constexpr std::int64_t kGpsEpoch_ms = 315'964'800'000;  // 1980-01-06T00:00:00Z
inline constexpr std::int64_t kWeek_ms = 604'800'000;

struct GpsTime {
  int week = 0;             ///< full, not modulo 1024
  std::int64_t tow_ms = 0;  ///< 0 .. kWeek_ms - 1
};

/// The reading of a clock that shows GPS time as if it were UTC (TimeReference::kGps).
/// @returns nothing unless 0 < week < 10000 and the time of week is inside the week (a second over
/// is let through: receivers send 604800000 on the leap).
[[nodiscard]] std::optional<UtcMillis> gps_clock(const GpsTime& time);

/// How far GPS time is ahead of UTC, seconds (18 since 2017-01-01). Source: IERS Bulletin C; later
/// leap seconds have not been announced.
[[nodiscard]] int gps_ahead_of_utc_s(UtcMillis utc);

/// The UTC of a GPS clock reading.
[[nodiscard]] UtcMillis utc_from_gps_clock(UtcMillis gps);

/// Week and time of week at a UTC.
[[nodiscard]] GpsTime gps_time(UtcMillis utc);

}  // namespace omnisonde::geo
