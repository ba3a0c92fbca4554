#include "decoders/geo/gps_time.hpp"

#include <array>

namespace omnisonde::geo {
namespace {

struct Leap {
  UtcMillis from;
  int ahead_s;
};

// IERS Bulletin C. Nothing older than the first sondes of the types here matters.
constexpr std::array kLeaps = {
    Leap{from_civil({2017, 1, 1}), 18}, Leap{from_civil({2015, 7, 1}), 17},
    Leap{from_civil({2012, 7, 1}), 16}, Leap{from_civil({2009, 1, 1}), 15},
    Leap{from_civil({2006, 1, 1}), 14}, Leap{from_civil({1999, 1, 1}), 13},
};

}  // namespace

std::optional<UtcMillis> gps_clock(const GpsTime& time) {
  if (time.week <= 0 || time.week >= 10'000) return {};
  if (time.tow_ms < 0 || time.tow_ms > kWeek_ms) return {};
  return UtcMillis{kGpsEpoch_ms + time.week * kWeek_ms + time.tow_ms};
}

int gps_ahead_of_utc_s(UtcMillis utc) {
  for (const Leap& leap : kLeaps) {
    if (utc >= leap.from) return leap.ahead_s;
  }
  return kLeaps.back().ahead_s;
}

UtcMillis utc_from_gps_clock(UtcMillis gps) {
  const int guess_s = gps_ahead_of_utc_s({gps.ms - 18'000});
  const int ahead_s = gps_ahead_of_utc_s({gps.ms - guess_s * 1000});
  return {gps.ms - ahead_s * 1000};
}

GpsTime gps_time(UtcMillis utc) {
  const std::int64_t ms = utc.ms + gps_ahead_of_utc_s(utc) * 1000 - kGpsEpoch_ms;
  const std::int64_t week = ms >= 0 ? ms / kWeek_ms : (ms - kWeek_ms + 1) / kWeek_ms;
  return {static_cast<int>(week), ms - week * kWeek_ms};
}

}  // namespace omnisonde::geo
