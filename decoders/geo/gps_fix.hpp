// Position and velocity from GPS pseudoranges: least squares over all satellites, with a check of
// the residuals that can name one bad satellite after the other (RAIM).
#pragma once

#include <optional>
#include <span>

#include "decoders/geo/ephemeris.hpp"

namespace omnisonde::geo {

/// One satellite as measured.
struct Pseudorange {
  SatelliteState satellite;  ///< at transmission
  double range_m = 0;        ///< with the receiver's clock offset, which all satellites share
  double rate_mps = 0;       ///< its change, with an offset that all share
};

/// What is believed.
struct FixLimits {
  double suspicious_m = 30;  ///< rms residual above which a satellite is dropped, if one can be
  double hopeless_m = 150;   ///< rms residual above which there is no solution
  double max_gdop = 10;
};

struct GpsFix {
  Ecef position_m{};
  Ecef velocity_mps{};
  int satellites = 0;  ///< used
  int dropped = 0;     ///< left out for their residuals
  double gdop = 0;     ///< geometric dilution of precision
  double residual_m =
      0;  ///< rms per degree of freedom; 0 with four satellites, which prove nothing
};

/// The earth is turned under the signal by its travel time (sagnac effect); no atmosphere: a common
/// delay goes into the clock, the rest is some metres of height near the ground.
/// @returns nothing with fewer than 4 satellites, a poor geometry, or residuals beyond the limits.
/// Source: E. Kaplan, C. Hegarty, "Understanding GPS", 2nd ed., 2.4 and 7.3; R. G. Brown, "A
/// baseline GPS RAIM scheme", Navigation 39 (1992).
[[nodiscard]] std::optional<GpsFix> solve_fix(std::span<const Pseudorange> measured,
                                              const FixLimits& limits);

}  // namespace omnisonde::geo
