// What cannot be true of a sonde is not uploaded: the limits of [filter], judged frame by frame.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "decoders/sonde.hpp"
#include "decoders/telemetry.hpp"
#include "gateway/config.hpp"

namespace omnisonde {

/// Why a record cannot be true.
struct Implausible {
  std::string reason;  ///< one of few, for counters: "faster than any sonde"
  std::string words;   ///< with the numbers at fault and the setting that decides
};

/// One thread. Judges each record against the limits, and against the sonde's own fixes before.
class Plausibility {
 public:
  Plausibility(FilterConfig limits, std::optional<GeoPosition> station)
      : limits_(limits), station_(station) {}

  /// The station has moved (gpsd).
  void set_station(const GeoPosition& station) { station_ = station; }

  /// @param now  our clock; nothing while it is not synchronised
  /// @returns    why this record must not be uploaded; nothing if it may.
  [[nodiscard]] std::optional<Implausible> fault(const Telemetry& record,
                                                 std::optional<UtcMillis> now);

 private:
  struct Fix {
    GeoPosition position;
    UtcMillis time;
    std::optional<UtcMillis> received;  ///< by our clock, while that is good
  };
  /// What one sonde has told. A fix that does not fit the last good one is refused, but when more
  /// fixes agree with each other than have agreed with that one, that one was the wrong one.
  struct Flight {
    Fix last;
    int support = 1;  ///< fixes that speak for `last`
    Fix stray;        ///< the last one refused
    int strays = 0;   ///< refused ones that agree with each other, `stray` the last
  };
  [[nodiscard]] std::optional<Implausible> clock_fault(const Telemetry& record,
                                                       UtcMillis now) const;
  [[nodiscard]] std::optional<Implausible> flight_fault(const Telemetry& record, bool clock_good);
  [[nodiscard]] std::optional<Implausible> departure(const Fix& before, const Fix& after,
                                                     const FlightGrain& grain) const;

  FilterConfig limits_;
  std::optional<GeoPosition> station_;
  std::map<std::string, Flight> flights_;  ///< by type and serial
};

}  // namespace omnisonde
