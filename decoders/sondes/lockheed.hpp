// What the Lockheed Martin (Sippican) sondes have in common: checksum, date and navigation fields.
// Facts: rs1729/RS and radiosonde_auto_rx (lms6Xmod, mk2a1680mod), and frames published there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "decoders/telemetry.hpp"

namespace omnisonde::lockheed {

/// CRC-16, polynomial 0x1021, start 0, highest bit first; sent high byte first.
[[nodiscard]] std::uint16_t checksum(std::span<const std::uint8_t> bytes) noexcept;

/// Whether the last two bytes are the checksum of those before.
[[nodiscard]] bool checksum_holds(std::span<const std::uint8_t> bytes) noexcept;

/// A GPS time of week becomes a date by the receiver's clock: of all weeks the one nearest to it.
/// @returns nothing outside the week, and nothing while the clock is not set.
[[nodiscard]] std::optional<UtcMillis> gps_clock_near(std::int64_t tow_ms, UtcMillis received);

/// The fields at offset 10 of an LMS6 frame and of an MK2A position packet: time of week in ms,
/// four unknown bytes, latitude, longitude, altitude in mm, velocity east, north, up in mm/s.
inline constexpr std::size_t kNavigationAt = 10;
inline constexpr std::size_t kNavigationEnd = 39;

/// Reads them. @param bytes  at least kNavigationEnd  @param degrees_per_unit  of the angles
void read_navigation(std::span<const std::uint8_t> bytes, double degrees_per_unit,
                     UtcMillis received, Telemetry& t);

/// Says in hold_reason why a gateway must not send it, if there is a reason; an impossible position
/// is taken away.
void judge(Telemetry& t, double lowest_m, UtcMillis received);

}  // namespace omnisonde::lockheed
