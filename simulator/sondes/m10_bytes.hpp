// What M10, M20 and pilot sondes put into their frames, from a flight's state.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simulator/transmitter.hpp"

namespace omnisonde::sim::m10 {

using Bytes = std::vector<std::uint8_t>;

enum class Board { kTrimble, kGtop, kM20, kPilot };

/// Which sonde, by the words of a variant: "Gtop/76", "M20/7".
struct Variant {
  Board board = Board::kTrimble;
  std::uint8_t length = 0x64;  ///< length byte without XDATA
  unsigned firmware = 5;       ///< M20
  double chip_rate_hz = 9616;
};
[[nodiscard]] Variant variant_of(const std::string& name);

/// Frames with their checksum.
/// @param serial   "310-2-11329"; for the M20 "911-2-00059", all zeros for one never programmed
/// @param counter  the sonde's own, one up per frame
[[nodiscard]] Bytes m10_frame(const Variant& variant, const std::string& serial,
                              std::uint8_t counter, const FlightState& state);
[[nodiscard]] Bytes m20_frame(const Variant& variant, const std::string& serial,
                              std::uint8_t counter, std::span<const std::uint8_t> xdata,
                              const FlightState& state);
[[nodiscard]] Bytes pilot_frame(const FlightState& state);
/// Satellite levels: the second burst of a Trimble M10.
[[nodiscard]] Bytes levels_frame(const FlightState& state);

/// The GPS part of both pilot sondes, 28 bytes.
[[nodiscard]] Bytes pilot_gps(const FlightState& state);

/// Big-endian and little-endian numbers into `bytes` at `at`.
void put_be(Bytes& bytes, std::size_t at, std::size_t count, std::int64_t value);
void put_le(Bytes& bytes, std::size_t at, std::size_t count, std::int64_t value);

}  // namespace omnisonde::sim::m10
