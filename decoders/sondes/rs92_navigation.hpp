// RS92: from the GPS block's pseudoranges to position, velocity and date.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "decoders/geo/gps_fix.hpp"
#include "decoders/geo/orbit_book.hpp"
#include "decoders/sondes/rs92_frame.hpp"
#include "decoders/telemetry.hpp"

namespace omnisonde::rs92 {

/// Metres per count of the code counter: light travels a 1024th of a C/A chip.
inline constexpr double kCount_m = geo::kLight_mps / 1'023'000.0 / 1024.0;
/// Counts of rate per count of code and second.
inline constexpr double kRateScale = 385.0;

/// One usable satellite of the GPS block.
struct Slot {
  int prn = 0;
  int other_prn = 0;  ///< what it is instead if the bit lent to its neighbour's PRN 32 is its own
  std::int32_t code = 0;
  std::uint32_t rate = 0;

  [[nodiscard]] double range_m() const { return -kCount_m * code; }
  [[nodiscard]] double rate_mps() const { return -kCount_m * rate / kRateScale; }
};

struct Slots {
  std::array<Slot, kSlots> slot{};
  std::size_t count = 0;
};

/// The twelve PRNs as they stand in the list: 5 bits each, see formats/rs92.md section 5.
struct PrnList {
  std::array<int, kSlots> prn{};
  std::array<int, kSlots> other{};  ///< 0 where there is no doubt
};
[[nodiscard]] PrnList read_prns(std::span<const std::uint8_t> list,
                                std::span<const std::uint8_t> status);

/// Satellites with a usable status and a sensible code counter. @param payload  122 bytes.
[[nodiscard]] Slots read_slots(std::span<const std::uint8_t> payload);

/// Fills in time, position, velocity and satellites, as far as they can be known.
/// @param orbits    may be null.
/// @param received  wall clock for the week, which the sonde does not send; before 1990 it counts
///                  as unknown, and the orbits' date is taken.
/// @returns         why there is nothing to upload, or an empty text.
std::string put_navigation(std::span<const std::uint8_t> payload, const geo::OrbitBook* orbits,
                           UtcMillis received, Telemetry& t);

}  // namespace omnisonde::rs92
