// The iMet-54 burst as bits: UART octets, interleaved Hamming (8,4) words, checksums.
//
//   bits    0..59   sync: 00 55 24 24 24 24 as UART octets (start 0, eight bits, stop 1)
//          60..69   header octet: 42 in the burst variant; 03, 43 or C3 in the continuous one
//          70..2229 27 blocks of 8 octets; bit k of the octets of a block is its k-th codeword,
//                   and eight codewords are eight nibbles, high one first: 4 bytes
// The continuous variant goes on to 54 blocks; what the second half holds is not known.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "decoders/sonde.hpp"

namespace omnisonde::imet54 {

inline constexpr std::string_view kSyncBits =
    "000000000101010101010001001001000100100100010010010001001001";
inline constexpr std::size_t kBitsPerOctet = 10;
inline constexpr std::size_t kHeaderAt = 60, kBlocksAt = 70;  // bits
inline constexpr std::size_t kBlocks = 27, kWordsPerBlock = 8;
inline constexpr std::size_t kFrameBits = kBlocksAt + kBlocks * 8 * kBitsPerOctet;
inline constexpr std::size_t kFrameBytes = 4 * kBlocks;
inline constexpr std::size_t kNibbles = 2 * kFrameBytes;
inline constexpr std::size_t kMainBytes = 52;  ///< what the continuous variant's checksum covers

/// Codewords by nibble; the first bit on air is the least significant.
inline constexpr std::array<std::uint8_t, 16> kWords = {
    0x00, 0x87, 0x99, 0x1E, 0xAA, 0x2D, 0x33, 0xB4, 0x4B, 0xCC, 0xD2, 0x55, 0xE1, 0x66, 0x78, 0xFF};

/// Place of bit `bit` of the n-th codeword among the frame's bits.
[[nodiscard]] constexpr std::size_t word_bit(std::size_t nibble, std::size_t bit) {
  const std::size_t octet = nibble / kWordsPerBlock * 8 + bit;
  return kBlocksAt + octet * kBitsPerOctet + 1 + nibble % kWordsPerBlock;
}

/// The check value that the last eight bytes of a burst are compared with.
/// @param frame  kFrameBytes bytes; 100, 101, 106 and 107 do not count.
[[nodiscard]] std::uint32_t burst_check(std::span<const std::uint8_t> frame) noexcept;

/// CRC-32 of header and main part of the continuous variant. @param frame  >= kMainBytes bytes
[[nodiscard]] std::uint32_t main_check(std::uint8_t header,
                                       std::span<const std::uint8_t> frame) noexcept;

/// Decodes one frame: best of the 16 words for each nibble, then the checksums; at kErasures and
/// above also with the least certain words replaced by their runners-up.
/// @param out  bytes: 108; reliability: log odds of the weaker nibble against its runner-up;
///             byte_ok: all (burst), 0..0x37 (continuous), or 0..0x33 (no checksum, but no wrong
///             bit either)
/// @returns false if no check holds. Noise: octets without start and stop bits are refused before
/// any checksum is looked at (1e-9), and 24 trials of 20 bits make 2.3e-5 of what is left.
bool decode(std::span<const float> llr, Effort effort, Frame& out) noexcept;

}  // namespace omnisonde::imet54
