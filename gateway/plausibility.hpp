// What cannot be true of a sonde is not uploaded: the limits of [filter], judged frame by frame.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "decoders/telemetry.hpp"
#include "gateway/config.hpp"

namespace omnisonde {

/// Geometry from the station to a sonde.
struct Sight {
  double distance_m = 0;     ///< along the ground (sphere of 6371 km; within 0.5 %)
  double bearing_deg = 0;    ///< true, 0..360
  double elevation_deg = 0;  ///< above the horizontal, earth's curvature included, refraction not
};

[[nodiscard]] Sight sight(const GeoPosition& station, const GeoPosition& sonde);

/// One thread. Judges each record against the limits and against the sonde's own frame before.
class Plausibility {
 public:
  Plausibility(FilterConfig limits, std::optional<GeoPosition> station)
      : limits_(limits), station_(station) {}

  /// @param now  our clock; nothing while it is not synchronised
  /// @returns    why this record must not be uploaded, in plain words; nothing if it may.
  [[nodiscard]] std::optional<std::string> fault(const Telemetry& record,
                                                 std::optional<UtcMillis> now);

 private:
  struct Fix {
    GeoPosition position;
    UtcMillis time;
  };
  [[nodiscard]] std::optional<std::string> speed_fault(const Telemetry& record);

  FilterConfig limits_;
  std::optional<GeoPosition> station_;
  std::map<std::string, Fix> last_;  ///< by type and serial
};

}  // namespace omnisonde
