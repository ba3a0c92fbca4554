// RS92: what a frame looks like. Shared by the decoder, its error correction and the test encoder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decoders/fec/reed_solomon.hpp"

namespace omnisonde::rs92 {

inline constexpr std::size_t kFrameBytes = 240;
inline constexpr std::size_t kCharBits = 10;  ///< start bit 0, eight bits lowest first, stop bit 1
inline constexpr std::size_t kFrameBits = kFrameBytes * kCharBits;
inline constexpr std::size_t kParityBytes = 24;
inline constexpr std::size_t kWordAt = 6;  ///< of the bytes that the code protects
inline constexpr std::size_t kParityAt = 216;
inline constexpr std::size_t kWordLength = kParityBytes + kParityAt - kWordAt;

/// Bit of the frame that carries bit `bit` (0 = lowest) of byte `byte`.
[[nodiscard]] constexpr std::size_t bit_index(std::size_t byte, unsigned bit) {
  return kCharBits * byte + 1 + bit;
}

/// A block's payload; kind and length stand in the two bytes before it, its CRC in the two behind.
struct Block {
  std::size_t at;
  std::size_t length;
  std::uint8_t kind;

  [[nodiscard]] std::span<const std::uint8_t> of(std::span<const std::uint8_t> frame) const {
    return frame.subspan(at, length);
  }
};

/// The four blocks stand in the same places in every frame.
inline constexpr Block kConfiguration{8, 32, 0x65}, kMeasurement{44, 24, 0x69}, kGps{72, 122, 0x67},
    kAuxiliary{198, 10, 0x68};
inline constexpr std::array kBlocks = {kConfiguration, kMeasurement, kGps, kAuxiliary};

/// Fixed content: sync, block heads, the two blanks before the serial, end mark.
struct FixedByte {
  std::uint8_t at, value;
};
inline constexpr std::array kFixed = {
    FixedByte{0, 0x2A},   FixedByte{1, 0x2A},   FixedByte{2, 0x2A},   FixedByte{3, 0x2A},
    FixedByte{4, 0x2A},   FixedByte{5, 0x10},   FixedByte{6, 0x65},   FixedByte{7, 0x10},
    FixedByte{10, 0x20},  FixedByte{11, 0x20},  FixedByte{42, 0x69},  FixedByte{43, 0x0C},
    FixedByte{70, 0x67},  FixedByte{71, 0x3D},  FixedByte{196, 0x68}, FixedByte{197, 0x05},
    FixedByte{210, 0xFF}, FixedByte{211, 0x02}, FixedByte{212, 0x02}, FixedByte{213, 0x00},
    FixedByte{214, 0x02}, FixedByte{215, 0x00}};

/// Whether the block has its kind, its length and its CRC. @param frame  240 bytes.
[[nodiscard]] bool is_good(std::span<const std::uint8_t> frame, const Block& block);

/// CRC as it stands behind a payload: low byte first.
[[nodiscard]] std::array<std::uint8_t, 2> checksum(std::span<const std::uint8_t> payload);

/// RS(255,231), shortened to 234.
[[nodiscard]] const fec::ReedSolomon& code();

/// Where the coefficient of x^k stands in the frame.
[[nodiscard]] constexpr std::size_t frame_position(std::size_t k) {
  return k < kParityBytes ? kParityAt + k : kWordAt + k - kParityBytes;
}

// Payload offsets.
inline constexpr std::size_t kCounterAt = 0, kSerialAt = 4, kStateAt = 12, kRowIndexAt = 15,
                             kRowAt = 16;  // configuration
inline constexpr std::size_t kTowAt = 0, kPrnsAt = 6, kStatusAt = 14, kSlotsAt = 26;  // GPS
inline constexpr std::size_t kSlots = 12, kSlotBytes = 8;
/// A slot without a measurement.
inline constexpr std::array<std::uint8_t, kSlotBytes> kEmptySlot = {0xFF, 0xFF, 0xFF, 0x7F,
                                                                    0x55, 0x55, 0x55, 0x00};

inline constexpr std::size_t kRows = 32, kRowBytes = 16;

}  // namespace omnisonde::rs92
