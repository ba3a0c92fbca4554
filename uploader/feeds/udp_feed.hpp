// UDP datagrams for programs on the station's network: the Horus "payload summary" that ChaseMapper
// reads, and OziMux' telemetry line.
#pragma once

#include <memory>
#include <string>

#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"
#include "uploader/feeds/feed.hpp"

namespace omnisonde::uploader {

/// The JSON object of a payload summary. Speed in km/h; heading and speed -1, temp -273 when they
/// are not known; other fields are left out then. @param station  our callsign.
[[nodiscard]] std::string payload_summary(const Telemetry& t, const std::string& station);

/// "TELEMETRY,HH:MM:SS,lat,lon,altitude\n": 5 decimals, whole metres (cut off, not rounded).
[[nodiscard]] std::string ozimux_line(const Telemetry& t);

enum class UdpFormat : std::uint8_t { kPayloadSummary, kOzimux };

/// Sends each sonde's newest record every interval. A broadcast that the network refuses goes to
/// this machine instead.
/// @returns an Error for a host that udp_host_fault refuses.
[[nodiscard]] Expected<std::unique_ptr<Feed>> make_udp_feed(const UdpFeedConfig& config,
                                                            UdpFormat format, std::string station,
                                                            Hooks hooks);

}  // namespace omnisonde::uploader
