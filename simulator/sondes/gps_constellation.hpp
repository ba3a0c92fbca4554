// A made-up GPS for sondes that send pseudoranges: thirty-one satellites on plausible orbits, as
// the text of a RINEX navigation file. Encoder, tests and `omnisonde decode --ephemeris` read that
// text.
#pragma once

#include <string>

#include "gateway/base/utc.hpp"

namespace omnisonde::sim {

/// RINEX 2 navigation file with one element set per satellite every two hours, from 12 h before
/// `about` to 36 h behind it (both to the hour). PRN 31 is missing, PRN 29 is marked unhealthy.
/// Deterministic; files for different times agree where they overlap, to some centimetres.
[[nodiscard]] std::string gps_rinex(UtcMillis about);

}  // namespace omnisonde::sim
