// The packets of Meteolabor's SRS-C50 and SRS-C34: nine UART bytes, lowest bit first.
//   00 FF | id | four bytes of value, highest first | two check bytes
// Check: over id and value, s1 = sum of the bytes, s2 = sum of the running s1 (both mod 256); sent
// are s1 and the complement of s2. A C34 puts two more mark bits behind each byte.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "decoders/sonde.hpp"

namespace omnisonde::c50 {

enum class Model : std::uint8_t { kC50, kC34 };

inline constexpr std::size_t kBytes = 9;
[[nodiscard]] constexpr std::size_t byte_bits(Model model) {
  return model == Model::kC50 ? 10 : 12;
}
[[nodiscard]] constexpr std::size_t frame_bits(Model model) { return kBytes * byte_bits(model); }
inline constexpr std::string_view kSyncC50 = "00000000010111111111";
inline constexpr std::string_view kSyncC34 = "000000000111011111111111";

enum Id : std::uint8_t {
  kTemperature = 0x03,
  kHumidity = 0x10,
  kDate = 0x14,
  kTime = 0x15,
  kLatitude = 0x16,
  kLongitude = 0x17,
  kAltitude = 0x18,
  kSpeed = 0x19,
  kCourse = 0x1A,
  kQuality = 0x1B,
  kSerial = 0x64,
};

struct Packet {
  std::uint8_t id = 0;
  std::uint32_t value = 0;
  [[nodiscard]] float as_float() const { return std::bit_cast<float>(value); }
};

[[nodiscard]] std::array<std::uint8_t, 2> check_bytes(std::span<const std::uint8_t, 5> body);

/// Start and stop bits must be where they belong, too.
/// @param trials  how often a packet whose check fails may be tried with its weakest bits turned
/// @returns       whether the check holds; `out.bytes` are then id and value
[[nodiscard]] bool read_packet(std::span<const float> llr, Model model, int trials, Frame& out);

/// @param value  DDMM.mmmmm x 10^5 of a C50, DDMM.mmmm x 10^4 of a C34
/// @param most   90 for latitudes, 180 for longitudes
/// @returns      degrees, or NaN when impossible. No source has seen a negative value: it is taken
/// as
///               two's complement, and as sign and magnitude where that makes no sense (which tells
///               the two apart for all latitudes, and for longitudes from 34 west on eastwards).
[[nodiscard]] double to_degrees(std::uint32_t value, Model model, int most);

}  // namespace omnisonde::c50
