// The packets of an iMet group: from soft bits to checked bytes, and from bytes to values.
//
// A group is sent once a second after an idle mark, as UART bytes (start 0, eight bits lowest
// first, stop 1) without gaps. Each packet is 01, type, body, CRC:
//   01 PTU 14 bytes | 04 PTUX 20 | 02 GPS 18 | 05 GPSX 30 | 03 XDATA 5 + its byte 2
// CRC-16, polynomial 0x1021, start 0x1D0F, high byte first; all other numbers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/sonde.hpp"

namespace omnisonde::imet {

inline constexpr std::size_t kMarks = 21;  // of the idle before the group
inline constexpr std::size_t kByteBits = 10;
inline constexpr std::size_t kMaxBytes = 100;
inline constexpr std::size_t kFrameBits = kMarks + kMaxBytes * kByteBits;
/// Idle, the byte 01 and the start bit of the next.
inline constexpr std::string_view kSync = "11111111111111111111101000000010";

[[nodiscard]] std::uint16_t packet_crc(std::span<const std::uint8_t> data);

/// Reads the packets of a group from its LLRs (kMarks idle bits, then the bytes).
/// @param trials  how often altogether a packet whose CRC fails may be tried with its weakest bits
///                turned
/// @returns       whether a position and a measurement packet passed; `out.bytes` then holds the
///                packets that did, in order
[[nodiscard]] bool read_group(std::span<const float> llr, int trials, Frame& out);

struct Ptu {
  std::uint16_t number = 0;
  float pressure_hpa = 0, temperature_c = 0, humidity_pct = 0, battery_v = 0;
};
struct Gps {
  GeoPosition position;
  int satellites = 0;
  int hour = 0, minute = 0, second = 0;
  struct Velocity {
    float east_mps, north_mps, up_mps;
  };
  std::optional<Velocity> velocity;
};
struct Group {
  std::optional<Ptu> ptu;
  std::optional<Gps> gps;
  std::string xdata;  ///< upper-case hex, several packets joined by '#'
};
/// Reads packets back to back; what fails its CRC ends the reading.
[[nodiscard]] Group parse_group(std::span<const std::uint8_t> bytes);

}  // namespace omnisonde::imet
