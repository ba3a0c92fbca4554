// RS41: what a frame looks like. Shared by the decoder, its error correction and the test encoder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "decoders/fec/reed_solomon.hpp"

namespace omnisonde::rs41 {

inline constexpr std::size_t kNormalBytes = 320;
inline constexpr std::size_t kExtendedBytes = 518;
inline constexpr std::size_t kParityAt = 8;  ///< word 0, then word 1
inline constexpr std::size_t kParityBytes = 24;
inline constexpr std::size_t kTypeAt = 56;
inline constexpr std::size_t kBlocksAt = 57;
inline constexpr std::uint8_t kNormalType = 0x0F;
inline constexpr std::uint8_t kExtendedType = 0xF0;

/// Unwhitened sync bytes; they are frame bytes 0..7.
inline constexpr std::array<std::uint8_t, 8> kSync = {0x86, 0x35, 0xF4, 0x40,
                                                      0x93, 0xDF, 0x1A, 0x60};

/// Whitening: frame byte i goes on air as frame[i] ^ kMask[i % 64].
inline constexpr std::array<std::uint8_t, 64> kMask = {
    0x96, 0x83, 0x3E, 0x51, 0xB1, 0x49, 0x08, 0x98, 0x32, 0x05, 0x59, 0x0E, 0xF9, 0x44, 0xC6, 0x26,
    0x21, 0x60, 0xC2, 0xEA, 0x79, 0x5D, 0x6D, 0xA1, 0x54, 0x69, 0x47, 0x0C, 0xDC, 0xE8, 0x5C, 0xF1,
    0xF7, 0x76, 0x82, 0x7F, 0x07, 0x99, 0xA2, 0x2C, 0x93, 0x7C, 0x30, 0x63, 0xF5, 0x10, 0x2E, 0x61,
    0xD0, 0xBC, 0xB4, 0xB6, 0x06, 0xAA, 0xF4, 0x23, 0x78, 0x6E, 0x3B, 0xAE, 0xBF, 0x7B, 0x4C, 0xC1};

/// Block kinds; the numbers are the ones on air.
enum Kind : std::uint8_t {
  kPadding = 0x76,
  kStatus = 0x79,
  kMeasurement = 0x7A,
  kPosition = 0x7B,
  kGpsInfo = 0x7C,
  kGpsRaw = 0x7D,
  kXdata = 0x7E,
  kShortMeasurement = 0x7F,
  kEncrypted = 0x80,
  kUtcPosition = 0x82,
  kSatellites = 0x83,
  kUnknown96 = 0x96,
};

/// One block: kind, length, payload, CRC-16 of the payload.
struct Block {
  std::uint8_t kind = 0;
  std::size_t at = 0;  ///< of the payload
  std::size_t length = 0;
  bool crc_ok = false;
};

/// The blocks of a frame in order, as far as they could be followed.
struct BlockList {
  std::array<Block, 24> blocks;
  std::size_t count = 0;
  bool complete = false;  ///< the last block ends exactly where the frame does

  /// The first block of that kind with a good CRC and at least `length` bytes, or null.
  [[nodiscard]] const Block* good(std::uint8_t kind, std::size_t length) const;
  [[nodiscard]] std::span<const Block> all() const& { return {blocks.data(), count}; }
  std::span<const Block> all() const&& = delete;  // would dangle, also in a range-for
};

/// Walks the blocks by kind and length; any bytes are accepted.
[[nodiscard]] BlockList walk_blocks(std::span<const std::uint8_t> frame);

/// Kinds and lengths of a frame's blocks, first to last.
struct Layout {
  struct Entry {
    std::uint8_t kind;
    std::uint8_t length;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::array<Entry, 24> entries{};
  std::size_t count = 0;
};

/// The layouts of a normal frame that are known to exist (formats/rs41.md, "Block order"), and of
/// an extended one up to its first XDATA block.
[[nodiscard]] std::span<const Layout> known_layouts(std::size_t frame_bytes);
[[nodiscard]] Layout layout_of(const BlockList& blocks);

/// RS(255,231), shortened for normal frames.
[[nodiscard]] const fec::ReedSolomon& code();

/// Symbols of one codeword, parity included: 156 or 255.
[[nodiscard]] constexpr std::size_t word_length(std::size_t frame_bytes) {
  return kParityBytes + (frame_bytes - kTypeAt) / 2;
}

/// Where the coefficient of x^k of codeword 0 or 1 stands in the frame.
[[nodiscard]] constexpr std::size_t frame_position(std::size_t word, std::size_t k) {
  return k < kParityBytes ? kParityAt + kParityBytes * word + k
                          : kTypeAt + 2 * (k - kParityBytes) + word;
}

/// Which of the 51 calibration rows a frame carries (seen in every public capture).
[[nodiscard]] constexpr unsigned subframe_of(std::uint16_t frame_number) {
  return static_cast<std::uint16_t>(frame_number - 1U) % 51U;
}

}  // namespace omnisonde::rs41
