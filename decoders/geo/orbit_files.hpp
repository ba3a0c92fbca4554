// GPS orbits from text: RINEX navigation messages (versions 2, 3 and 4; IGS/RTCM), SEM and YUMA
// almanacs (IS-GPS-200's parameters in the two layouts of the US Coast Guard). No files here: who
// has the text hands it in.
#pragma once

#include <string_view>

#include "decoders/geo/orbit_book.hpp"
#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde::geo {

/// Reads any of the formats; which one is told by the text itself. Records of other systems
/// (GLONASS, Galileo, ...) are passed over, damaged ones too.
/// @param about  a time within nine years of the orbits: almanacs count weeks modulo 1024.
/// @returns      an Error for a text of another kind or without a single GPS orbit.
[[nodiscard]] Expected<OrbitBook> parse_orbits(std::string_view text, UtcMillis about);

}  // namespace omnisonde::geo
