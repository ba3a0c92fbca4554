// The sondes' paths in formats that map programs open.
#pragma once

#include <string>
#include <vector>

#include "gateway/status.hpp"

namespace omnisonde::web {

/// One line and one point (its newest place) per sonde that has a position. KML 2.2, heights above
/// sea level.
[[nodiscard]] std::string tracks_kml(const std::vector<TrackStatus>& tracks);

/// One track per sonde, with height and time of each point. GPX 1.1.
[[nodiscard]] std::string tracks_gpx(const std::vector<TrackStatus>& tracks);

/// One LineString and one Point per sonde (RFC 7946: longitude, latitude, metres).
[[nodiscard]] std::string tracks_geojson(const std::vector<TrackStatus>& tracks);

}  // namespace omnisonde::web
