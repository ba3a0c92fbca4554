// The orbits that a receiver knows: many element sets, found by satellite and time. A value: it is
// filled once (from text, see orbit_files.hpp), then shared and never changed.
#pragma once

#include <cstddef>
#include <vector>

#include "decoders/geo/ephemeris.hpp"

namespace omnisonde::geo {

class OrbitBook {
 public:
  /// Takes one set; implausible ones are left out. @returns whether it was taken.
  bool add(const OrbitElements& elements);

  [[nodiscard]] bool empty() const { return sets_.empty(); }
  [[nodiscard]] std::size_t size() const { return sets_.size(); }

  /// The set to use for a satellite: the one with the nearest reference time. A broadcast set of
  /// that day is preferred to any almanac.
  /// @returns null when there is none, or when the nearest says that the satellite is not healthy.
  [[nodiscard]] const OrbitElements* find(int prn, GpsSeconds time_s) const;

  /// Reference time of the set nearest to `time_s`. @param time_s anything; not for an empty book.
  [[nodiscard]] GpsSeconds nearest_reference_s(GpsSeconds time_s) const;

  /// Reference time of the newest set; not for an empty book.
  [[nodiscard]] GpsSeconds newest_reference_s() const;

 private:
  std::vector<OrbitElements> sets_;
};

}  // namespace omnisonde::geo
