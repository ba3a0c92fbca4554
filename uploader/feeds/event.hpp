// Something happened that people want to be told of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "decoders/telemetry.hpp"

namespace omnisonde::uploader {

enum class EventKind : std::uint8_t {
  kFirstHeard,
  kBurst,        ///< from ascent to descent
  kLandingNear,  ///< low, falling, and the last or the predicted place is within the radius
  kLanded,       ///< silent since it was low and falling, or lying still
  kEncrypted,
  kStationTrouble
};
inline constexpr std::size_t kEventKinds = 6;

/// "first_heard", "burst", "landing_near", "landed", "encrypted", "station_trouble".
[[nodiscard]] const char* event_name(EventKind kind);
[[nodiscard]] std::optional<EventKind> event_kind(const std::string& name);

struct Event {
  EventKind kind = EventKind::kFirstHeard;
  UtcMillis time;                        ///< our clock
  std::optional<Telemetry> sonde;        ///< its newest record; of a burst, the highest one
  std::optional<double> distance_m;      ///< from the station to the sonde, along the ground
  std::optional<double> bearing_deg;     ///< from the station, true north
  std::optional<GeoPosition> predicted;  ///< where it comes down if it goes on as now
  std::string text;                      ///< one sentence for people
};

/// Whether a stage of the gateway does its work.
struct StageState {
  std::string stage;
  bool ok = true;
  std::string reason;
};

}  // namespace omnisonde::uploader
