#include "gateway/plausibility.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "decoders/geo/ecef.hpp"
#include "uploader/feeds/sight.hpp"

namespace omnisonde {
namespace {

constexpr std::size_t kMostSondes = 500;
constexpr double kLowest_m = -1000;  // the Dead Sea, a geoid, and a sonde not yet settled
constexpr int kFewestSatellites = 4;
// A receiver that learns of the leap seconds in flight corrects itself by up to 18 s.
constexpr double kClockJump_s = 30;
constexpr int kMostSupport = 2;  // three fixes that agree outvote any reference

std::string words(const char* format, double value, double limit) {
  char text[160];
  const int n = std::snprintf(text, sizeof text, format, value, limit);
  return {text, static_cast<std::size_t>(n)};
}

}  // namespace

std::optional<Implausible> Plausibility::fault(const Telemetry& record,
                                               std::optional<UtcMillis> now) {
  if (!record.position) return std::nullopt;  // the decoder has said what is wrong with it
  const double altitude_m = record.position->altitude_m;
  if (!(altitude_m <= limits_.max_altitude_m)) {
    return Implausible{"too high", words("altitude %.0f m is above [filter] max_altitude_m = %.0f",
                                         altitude_m, limits_.max_altitude_m)};
  }
  if (altitude_m < kLowest_m) {
    return Implausible{
        "too low", words("altitude %.0f m is below any ground (%.0f m)", altitude_m, kLowest_m)};
  }
  if (record.satellites && *record.satellites < kFewestSatellites) {
    return Implausible{"fewer than 4 satellites", "fewer than 4 satellites"};
  }
  if (station_) {
    const double km = uploader::direction(*station_, *record.position).distance_m / 1000;
    if (!(km <= limits_.max_range_km)) {
      return Implausible{
          "too far away",
          words("%.0f km away is beyond [filter] max_range_km = %.0f", km, limits_.max_range_km)};
    }
  }
  if (now) {
    if (auto wrong = clock_fault(record, *now)) return wrong;
  }
  return flight_fault(record, now.has_value());
}

std::optional<Implausible> Plausibility::clock_fault(const Telemetry& record, UtcMillis now) const {
  if (!record.datetime) return std::nullopt;
  const double hours = std::abs(static_cast<double>(now.ms - record.datetime->ms)) / 3.6e6;
  if (hours <= limits_.max_clock_difference_h) return std::nullopt;
  return Implausible{
      "clock differs",
      words("its clock differs from ours by %.1f h, more than [filter] max_clock_difference_h = "
            "%.1f",
            hours, limits_.max_clock_difference_h)};
}

std::optional<Implausible> Plausibility::flight_fault(const Telemetry& record, bool clock_good) {
  if (record.serial.empty() || !record.datetime) return std::nullopt;
  Fix now{*record.position, *record.datetime, std::nullopt};
  if (clock_good && record.rx.received.ms != 0) now.received = record.rx.received;
  if (flights_.size() > kMostSondes) flights_.clear();
  const auto [entry, is_new] = flights_.try_emplace(record.type + "/" + record.serial);
  Flight& flight = entry->second;
  if (is_new) {
    flight.last = now;
    return std::nullopt;
  }
  const SondeType* type = find_sonde_type(record.type);
  const FlightGrain grain = type != nullptr ? type->spec->grain : FlightGrain{};
  auto wrong = departure(flight.last, now, grain);
  if (wrong) {
    flight.strays =
        flight.strays > 0 && !departure(flight.stray, now, grain) ? flight.strays + 1 : 1;
    flight.stray = now;
    if (flight.strays <= flight.support) return wrong;
    flight.support = 0;  // outvoted
  }
  flight.last = now;
  flight.support = std::min(flight.support + 1, kMostSupport);
  flight.strays = 0;
  return std::nullopt;
}

// By the sonde's own time: arrival times jitter, and frames are lost. Out of turn (released late,
// heard by two receivers) is no fault.
std::optional<Implausible> Plausibility::departure(const Fix& before, const Fix& after,
                                                   const FlightGrain& grain) const {
  const auto seconds = [](UtcMillis from, UtcMillis to) {
    return static_cast<double>(to.ms - from.ms) / 1000;
  };
  const double elapsed_s = seconds(before.time, after.time);
  if (before.received && after.received) {
    const double off_s = elapsed_s - seconds(*before.received, *after.received);
    if (std::abs(off_s) > kClockJump_s) {
      return Implausible{"clock jumped", words("its clock jumped by %.0f s, more than %.0f s",
                                               off_s, kClockJump_s)};
    }
  }
  const double metres = geo::distance_m(before.position, after.position);
  const double time_s = std::abs(elapsed_s) + grain.time_s;
  if (metres - grain.position_m <= limits_.max_speed_m_s * time_s) return std::nullopt;
  return Implausible{"too fast",
                     words("it moved at %.0f m/s, faster than [filter] max_speed_m_s = %.0f",
                           (metres - grain.position_m) / time_s, limits_.max_speed_m_s)};
}

}  // namespace omnisonde
