// The bursts of the Weathex WxR-301D as bits, bytes and fields.
//
//   plain      AA AA AA 2D D4, one byte (55 or AA), block
//   PN9        AA AA AA C1 94 C1, two bytes, block; whitened from the byte after C1 94 C1 on
//   block      53 bytes, their xor, their sum mod 256
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "decoders/sonde.hpp"

namespace omnisonde::wxr301 {

inline constexpr std::size_t kDataBytes = 53, kBlockBytes = 55;
inline constexpr std::size_t kBlockBits = 8 * kBlockBytes;

/// Where a variant's block lies.
struct Layout {
  std::string_view sync_bits;
  std::size_t skipped_bytes;  ///< between sync and block
  bool whitened;

  [[nodiscard]] constexpr std::size_t block_at() const {
    return sync_bits.size() + 8 * skipped_bytes;
  }
  [[nodiscard]] constexpr std::size_t frame_bits() const { return block_at() + kBlockBits; }
};
inline constexpr Layout kPlain{"1010101010101010101010100010110111010100", 1, false};
inline constexpr Layout kPn9{"101010101010101010101010110000011001010011000001", 2, true};

/// PN9: x^9 + x^5 + 1 from all ones, most significant bit first; 64 bytes.
[[nodiscard]] std::array<std::uint8_t, 64> pn9();

/// What every block begins with.
struct Head {
  std::uint32_t serial = 0;
  std::uint16_t counter = 0;
  std::uint8_t kind = 0;  ///< 1: sensors (layout unknown), 2: GPS
};
[[nodiscard]] Head head_of(std::span<const std::uint8_t> block);

/// Fields of a GPS block.
struct Fix {
  std::int64_t time_of_day_ms = 0;
  bool time_ok = false;
  std::int32_t latitude_e5 = 0, longitude_e5 = 0;
  std::uint32_t altitude_dm = 0;
};
[[nodiscard]] Fix fix_of(std::span<const std::uint8_t> block);

/// Signs, unwhitened, and whether they are a block.
struct Block {
  std::array<std::uint8_t, kBlockBytes> bytes{};
  std::array<float, kBlockBytes> reliability{};
  int repaired_bits = 0;
};

/// @param llr     frame_bits() soft bits; not finite counts as erased
/// @param repair  one bit may be put right where it stands out as the one that is wrong: only for
///                a sonde whose serial is known
/// @returns nothing unless xor and sum hold, the kind is 1 or 2, and the soft bits themselves
/// promise that hardly any is wrong: two errors in one bit column pass xor and sum once in 16, so
/// that these alone do not vouch for a weak frame.
[[nodiscard]] std::optional<Block> read_block(std::span<const float> llr, const Layout& layout,
                                              bool repair);

}  // namespace omnisonde::wxr301
