// Meteo-Radiy MRZ: from soft bits to a whole frame. A frame has no code but a CRC-16; it is sent
// six times in a row. So what single copies do not give their sums may; and the few least certain
// bits of a copy are tried the other way, which counts once another copy has come to the same.
//
//   byte (after AA AA BF 35)   ECEF   latlon
//   0   0x80 + n               x      x       n = 0..15
//   1   hour, minute, second   x      x
//   ..  position, sensors      ..     ..
//   n + 1                      40     37
//   configuration word n       41     38      4 bytes
//   CRC, low byte first        45     42
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "decoders/fec/crc.hpp"
#include "decoders/sonde.hpp"

namespace omnisonde::mrz {

/// AA AA BF 35 complemented: the type's 1 is high tone then low, a Manchester LLR's the other way.
inline constexpr std::string_view kSyncBits = "01010101010101010100000011001010";
inline constexpr std::size_t kSyncBytes = 4;

enum class Layout : std::uint8_t { kEcef, kLatLon };

/// Bytes between sync and CRC.
[[nodiscard]] constexpr std::size_t body_bytes(Layout layout) {
  return layout == Layout::kEcef ? 45 : 42;
}
[[nodiscard]] constexpr std::size_t frame_bits(Layout layout) {
  return 8 * (kSyncBytes + body_bytes(layout) + 2);
}
inline constexpr std::size_t kMaxFrameBits = frame_bits(Layout::kEcef);
/// Reaches over what tells the layouts apart: 0xFFFF at bytes 27, 28 or 30, 31.
inline constexpr std::size_t kHeadBits = 8 * (kSyncBytes + 32);

/// CRC-16 with the reflected polynomial 0xA001 from 0xFFFF on.
[[nodiscard]] std::uint16_t checksum(std::span<const std::uint8_t> body);

/// Turns LLRs into frames and keeps the last copies that gave none.
class FrameDecoder {
 public:
  FrameDecoder();

  /// Length of the frame whose first kHeadBits LLRs these are.
  [[nodiscard]] std::size_t bits_of(std::span<const float> head) const;

  /// @param llr  384 or 408 values as on air; not finite counts as erased.
  /// @param out  bytes: the body (45 or 42 bytes).
  bool decode(std::span<const float> llr, Effort effort, Frame& out);

 private:
  static constexpr std::size_t kCopies = 6;
  using Copy = std::array<float, kMaxFrameBits>;

  using Word = std::array<std::uint8_t, kMaxFrameBits / 8>;  // body and CRC

  bool settle(const Copy& llr, std::size_t bits, bool search, Frame& out);
  bool read(const Copy& llr, Layout layout, bool search, Frame& out);
  bool correct(const Copy& llr, Layout layout, Word& word, std::uint16_t target, Frame& out);
  bool confirmed(const Word& word);
  void remember(const Copy& copy);

  fec::Crc16 linear_;  ///< the checksum without its start value: that of a difference
  std::array<Copy, kCopies> copies_{};
  std::size_t copies_count_ = 0;
  std::array<Word, 2 * kCopies> guesses_{};  ///< corrections that wait for a second copy to agree
  std::size_t next_guess_ = 0;
  bool layout_known_ = false;
  Layout layout_ = Layout::kEcef;  ///< of the last good frame
};

}  // namespace omnisonde::mrz
