// The station's position from gpsd: the one feed that takes instead of giving.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "decoders/telemetry.hpp"
#include "gateway/base/expected.hpp"
#include "uploader/feeds/config.hpp"
#include "uploader/feeds/feed.hpp"

namespace omnisonde::uploader {

struct GpsdFix {
  GeoPosition position;       ///< altitude above mean sea level
  bool has_altitude = false;  ///< a 2D fix has none
};

/// @param line  one of gpsd's JSON objects.
/// @returns the fix of a TPV report of mode 2 or 3; nothing for anything else.
[[nodiscard]] std::optional<GpsdFix> gpsd_fix(const std::string& line);

/// Watches gpsd, connects anew for ever. `moved` is told the first fix, and then when the place has
/// changed by more than 10 m (a standing receiver's fix wanders by less), on the feed's thread.
[[nodiscard]] std::unique_ptr<Feed> make_gpsd_feed(const GpsdConfig& config,
                                                   std::optional<GeoPosition> known,
                                                   std::function<void(const GeoPosition&)> moved,
                                                   Hooks hooks);

}  // namespace omnisonde::uploader
