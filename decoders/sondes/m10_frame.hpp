// The frame that Meteomodem's M10, M20 and M10-modulated pilot sondes share: chips before the data,
// length and type byte, checksum. The map stands in m10.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace omnisonde::m10 {

/// Chips that every frame is found by: the end of the preamble, the sync, and the first two bits
/// (01) of nearly every length byte. The pilot sonde's (00) differs in one of these four chips, one
/// with more than 58 bytes of XDATA (10) in two: 28 chips are found all the same.
inline constexpr std::string_view kSyncChips =
    "11001100"
    "1010011001001100"
    "1101";
inline constexpr std::size_t kMarkAt = 8;  ///< where the sync begins in kSyncChips
inline constexpr std::size_t kMarkChips = 16;
inline constexpr std::size_t kDataAt = kMarkAt + kMarkChips;  ///< first chip of the data
inline constexpr std::size_t kChipsPerByte = 16;
inline constexpr std::size_t kHeadChips = kDataAt + 2 * kChipsPerByte + 1;

enum class Kind : std::uint8_t { kTrimble, kGtop, kM20, kPilot };

inline constexpr std::uint8_t kTypeTrimble = 0x9F, kTypeGtop = 0xAF, kTypeM20 = 0x20;
inline constexpr std::uint8_t kTypeLevels = 0x49;   ///< satellite levels, never a report
inline constexpr std::uint8_t kPilotLength = 0x2E;  ///< its type byte is not documented
/// The longest: an M20 with 64 bytes of XDATA.
inline constexpr std::uint8_t kLongest = 0x45 + 64;
inline constexpr std::size_t kMostBytes = kLongest + 1;

/// What a frame with these first two bytes is; nothing where it is no report or unknown.
[[nodiscard]] std::optional<Kind> kind_of(std::uint8_t length, std::uint8_t type);

/// Bytes of the frame whose first kHeadChips LLRs these are: the most probable length and type.
/// @returns nothing when the sync is not there, or no known pair of bytes is at all likely.
[[nodiscard]] std::optional<std::size_t> frame_bytes(std::span<const float> head);

/// Chips of a frame of so many bytes, kSyncChips' first 24 included.
[[nodiscard]] constexpr std::size_t frame_chips(std::size_t bytes) {
  return kDataAt + kChipsPerByte * bytes;
}

/// The makers' 16-bit checksum; linear over GF(2), 0 for nothing.
[[nodiscard]] std::uint16_t checksum(std::span<const std::uint8_t> bytes);

}  // namespace omnisonde::m10
