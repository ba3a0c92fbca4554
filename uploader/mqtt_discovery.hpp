// What Home Assistant is told so that it finds the station and its sondes by itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace omnisonde::uploader {

/// A retained message: topic, payload.
using DiscoveryMessage = std::pair<std::string, std::string>;

/// The station's own entities: whether it is online, how many records wait.
/// @param base     topics of the station, "<root>/<station>/".
/// @param station  as one level of a topic.
[[nodiscard]] std::vector<DiscoveryMessage> station_discovery(const std::string& base,
                                                              const std::string& station);

/// A sonde on the map, fed by latest/<serial>.
[[nodiscard]] DiscoveryMessage sonde_discovery(const std::string& base, const std::string& station,
                                               const std::string& serial);

}  // namespace omnisonde::uploader
