// The GPS part of Meteomodem's pilot sondes, the same 28 bytes in both of their frames.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "decoders/telemetry.hpp"

namespace omnisonde::pilot {

inline constexpr std::string_view kType = "PilotSonde";
inline constexpr std::string_view kManufacturer = "Meteomodem";
inline constexpr std::size_t kGpsBytes = 28;

/// @param gps           satellites u8, fix u8 (1 none, 2 2D, 3 3D), latitude, longitude i32
///                      (1e-6 deg), altitude i32 (cm), velocity east, north, up i16 (cm/s), time
///                      u32 (hhmmss * 1000 + ms), date u32 (ddmmyy); all big-endian, UTC.
/// @param altitude_bits 32, or 24 where the upper byte means something else
/// @param form          the subtype: "M12" or "M10"
/// @returns a record for the log: such sondes have no serial, and the hub knows no such type.
[[nodiscard]] Telemetry read_gps(std::span<const std::uint8_t, kGpsBytes> gps, int altitude_bits,
                                 std::string_view form);

}  // namespace omnisonde::pilot
