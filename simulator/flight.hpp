// Where a simulated balloon is at any time: climb, burst, fall on a parachute, wind; and the air
// around it.
#pragma once

#include <vector>

#include "simulator/transmitter.hpp"

namespace omnisonde::sim {

struct WindLayer {
  double altitude_m = 0;
  double speed_mps = 0;
  double from_deg = 270;  ///< where the wind comes from, as meteorologists say it
};

struct FlightPlan {
  GeoPosition start{.latitude_deg = 52.21, .longitude_deg = 14.12, .altitude_m = 1000};
  double climb_mps = 5;
  double burst_altitude_m = 30'000;
  double descent_mps = 6;        ///< under the parachute, at sea level; faster in thin air
  double ground_altitude_m = 0;  ///< it lies still once it is back here
  std::vector<WindLayer> wind;   ///< by rising altitude; linear between, constant outside
};

/// One flight. Asked for rising times it costs next to nothing; an earlier time starts again.
class Flight {
 public:
  /// @param start  UTC of time 0.
  Flight(FlightPlan plan, UtcMillis start);

  /// The state exactly at `time_s` >= 0 after the start; utc is rounded to 1 ms.
  [[nodiscard]] FlightState at(double time_s);

 private:
  struct Vertical {
    double altitude_m;
    double climb_mps;
  };
  [[nodiscard]] Vertical vertical(double time_s) const;
  /// Moves `position` with the wind at the middle of the interval.
  void blow(GeoPosition& position, double from_s, double to_s) const;

  FlightPlan plan_;
  UtcMillis start_;
  double burst_s_ = 0;
  double landing_s_ = 0;
  long grid_s_ = 0;            // whole seconds already integrated
  GeoPosition grid_position_;  // there; its altitude is not used
};

/// Air temperature, pressure and a plausible humidity. Source: ICAO standard atmosphere (Doc 7488)
/// up to 47 km; the humidity profile is ours.
struct Air {
  double temperature_c;
  double pressure_hpa;
  double humidity_pct;
};
[[nodiscard]] Air standard_air(double altitude_m);

}  // namespace omnisonde::sim
