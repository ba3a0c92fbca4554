// From a frame with a good checksum to a record, one function per kind of frame.
#pragma once

#include <cstdint>
#include <span>

#include "decoders/sonde.hpp"

namespace omnisonde::m10 {

/// @param frame  kind kTrimble or kGtop, at least 0x65 bytes.
[[nodiscard]] Telemetry read_m10(std::span<const std::uint8_t> frame,
                                 const ReceiveContext& context);

/// @param frame  kind kM20, at least 0x44 bytes.
[[nodiscard]] Telemetry read_m20(std::span<const std::uint8_t> frame,
                                 const ReceiveContext& context);

}  // namespace omnisonde::m10
