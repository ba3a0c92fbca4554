// Points an antenna rotator at a sonde by Hamlib's rotctld.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"
#include "uploader/feeds/feed.hpp"

namespace omnisonde::uploader {

/// Which of the sondes heard now: config.serial where it is among them, else by config.follow.
/// Equal ones: the one with the smaller serial, so that the rotator does not swing between them.
/// @returns null for an empty list.
[[nodiscard]] const Telemetry* sonde_to_follow(const std::vector<Telemetry>& heard,
                                               const RotatorConfig& config,
                                               const GeoPosition& station);

/// rotctld's command to move: "P 271.5 12.0\n". Azimuth 0..360, elevation 0..90 (below the horizon
/// is 0).
[[nodiscard]] std::string move_command(double azimuth_deg, double elevation_deg);

/// Degrees between two azimuths the short way round, 0..180.
[[nodiscard]] double azimuth_apart_deg(double a_deg, double b_deg);

/// Moves every interval when the sonde is out of the deadband, parks when none is heard for long.
[[nodiscard]] Expected<std::unique_ptr<Feed>> make_rotator_feed(const RotatorConfig& config,
                                                                const StationConfig& station,
                                                                Hooks hooks);

}  // namespace omnisonde::uploader
