// Telemetry as JSON, in the hub's names and units. Source: the hub's API as in docs/uploader.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "decoders/telemetry.hpp"
#include "uploader/config.hpp"

namespace omnisonde::uploader {

/// Name and version that the hub knows us by. (The hub's rules match names by substring: this one
/// contains no other program's.)
[[nodiscard]] const char* software_name();
[[nodiscard]] const char* software_version();

/// The fields a sonde's record has, in the hub's names and units: deg, m, m/s, deg C, %, hPa, V,
/// MHz, dB. Absent or not finite means omitted: there is never a null (the hub answers one null
/// with 400 for the whole batch). Positions are rounded to 1e-7 deg and 1 cm.
[[nodiscard]] nlohmann::ordered_json telemetry_fields(const Telemetry& t);

/// The record as uploaded: telemetry_fields plus who heard it and when it was received.
[[nodiscard]] nlohmann::ordered_json hub_record(const Telemetry& t, const StationConfig& station);

/// The station's report (`PUT /listeners`). `uploader_position` is always there, null if private:
/// the hub's function crashes without it.
[[nodiscard]] nlohmann::ordered_json station_record(const StationConfig& station);

/// JSON text on one line; bytes that are not UTF-8 are replaced instead of throwing.
[[nodiscard]] std::string to_text(const nlohmann::ordered_json& json);

/// `value` with at most `decimals` decimals; what the record shows, and so what rules judge.
[[nodiscard]] double rounded(double value, int decimals);

inline constexpr int kDegreeDecimals = 7;  ///< 1 cm; DFM sends 1e-7 deg
inline constexpr int kMetreDecimals = 2;
inline constexpr int kValueDecimals = 2;  ///< humidity, pressure, heading, ...

}  // namespace omnisonde::uploader
