// The feeds' settings with what stands elsewhere: the station, and secrets out of their files.
#pragma once

#include "gateway/base/expected.hpp"
#include "gateway/config.hpp"
#include "uploader/feeds/config.hpp"

namespace omnisonde {

/// @returns an Error for a secret that cannot be read.
[[nodiscard]] Expected<uploader::FeedsConfig> feeds_config(const Config& config,
                                                           const uploader::StationConfig& station);

}  // namespace omnisonde
