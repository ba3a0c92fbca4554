// Sondes as objects to an APRS-IS server that keeps them to itself, and the station's beacon.
#pragma once

#include <memory>

#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"
#include "uploader/feeds/feed.hpp"

namespace omnisonde::uploader {

/// Sends each sonde's newest record at most every interval, once three of its records have come (a
/// serial that was misread once makes no object). Connects when there is something to send and
/// stays connected; a login that the server does not verify sends nothing.
/// @returns an Error for a server that aprs_host_fault refuses or a wrong callsign.
[[nodiscard]] Expected<std::unique_ptr<Feed>> make_aprs_feed(const AprsFeedConfig& config,
                                                             const StationConfig& station,
                                                             Hooks hooks);

}  // namespace omnisonde::uploader
