// The keys of a scenario file: name, unit, range and where each value goes. Internal to the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "simulator/scenario.hpp"

namespace omnisonde::sim {

/// What is wrong with a key or its value; nothing when it was taken.
using KeyVerdict = std::optional<std::string>;

struct StationPlace {
  double latitude_deg = 52.21;  // Lindenberg, where the German weather service flies its sondes
  double longitude_deg = 14.12;
};

/// A sonde's position as given: absolute, or seen from the station.
struct SondePlace {
  std::optional<double> latitude_deg, longitude_deg, distance_km, bearing_deg;
  double wind_speed_mps = 10;
  double wind_from_deg = 270;
  bool frequency_missing = true;
};

[[nodiscard]] KeyVerdict set_stream_key(StreamSpec& stream, std::string_view key,
                                        const std::string& value);
[[nodiscard]] KeyVerdict set_station_key(StationPlace& station, std::string_view key,
                                         const std::string& value);
[[nodiscard]] KeyVerdict set_sonde_key(SondePlan& plan, SondePlace& place, std::string_view key,
                                       const std::string& value);

/// Works out start position and wind once all keys and the station are known.
void place_sonde(SondePlan& plan, const SondePlace& place, const StationPlace& station);

}  // namespace omnisonde::sim
