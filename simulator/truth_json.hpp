// Truth records as JSON lines.
#pragma once

#include <string>

#include "decoders/telemetry.hpp"

namespace omnisonde::sim {

/// One line without its end: type, subtype, serial, frame, datetime, lat, lon, alt, vel_h, vel_v,
/// heading, temp, humidity, pressure, batt, sats, frequency (MHz), t (s) and, where they apply,
/// xdata and encrypted. What the sonde does not send is left out.
[[nodiscard]] std::string truth_json_line(const Telemetry& record);

}  // namespace omnisonde::sim
