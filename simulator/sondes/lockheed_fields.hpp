// What the test encoders of the Lockheed Martin sondes have in common.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "simulator/transmitter.hpp"

namespace omnisonde::sim::lockheed {

using Bytes = std::vector<std::uint8_t>;

/// Appends the lowest `count` bytes of a number, the highest first.
void put_be(Bytes& out, std::int64_t value, std::size_t count);

/// Appends the CRC-16 of all that is there.
void put_checksum(Bytes& out);

/// Appends offsets 10..38 of an LMS6 frame and puts what they say into `truth`.
void put_navigation(Bytes& out, const FlightState& state, double units_per_degree,
                    Telemetry& truth);

/// Speed and heading of a state, as a record has them.
void put_motion(const FlightState& state, Telemetry& truth);

/// Appends `count` bytes that look like measurements: reproducible, different for each seed.
void put_noise(Bytes& out, std::size_t count, std::uint64_t seed);

/// The GPS clock's reading at that moment, as a record has it.
[[nodiscard]] UtcMillis gps_clock(UtcMillis utc);

/// @returns the number, or `fallback` for anything else.
[[nodiscard]] std::uint32_t serial_of(std::string_view text, std::uint32_t fallback);

}  // namespace omnisonde::sim::lockheed
