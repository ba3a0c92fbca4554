// APRS-IS lines. Sources: APRS Protocol Reference 1.0.1 (objects, positions), aprs.org/datum.txt
// (the two digits of !w..!), and the layout that radiosonde trackers agree on.
#pragma once

#include <optional>
#include <string>

#include "decoders/telemetry.hpp"

namespace omnisonde::uploader {

/// Our destination "call". APZ... is what the protocol keeps for programs without an allotted one.
inline constexpr const char* kAprsDestination = "APZOMN";

/// "user N0CALL-1 pass 12345 vers omnisonde 0.1.0\r\n".
[[nodiscard]] std::string aprs_login(const std::string& callsign, const std::string& passcode);

/// A whole line: "CALL>APZOMN,PATH,TCPIP,qAR,CALL:BODY\r\n". Line breaks and other control
/// characters in `body` are dropped.
[[nodiscard]] std::string aprs_line(const std::string& callsign, const std::string& path,
                                    const std::string& body);

/// The sonde as an object. @param comment  see comment_tokens.
/// @returns nothing for types that have no agreed object name.
[[nodiscard]] std::optional<std::string> aprs_object(const Telemetry& t,
                                                     const std::string& comment);

/// The station as a position report. @param symbol  table and code, two characters.
[[nodiscard]] std::string aprs_beacon(const GeoPosition& at, const std::string& symbol,
                                      const std::string& comment);

}  // namespace omnisonde::uploader
