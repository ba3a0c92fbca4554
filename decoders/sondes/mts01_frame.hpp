// Meteosis MTS01: from soft bits to a whole frame.
//
//   byte 0..4      AA AA B4 2B 80
//        5..132    text, comma separated, zeros behind it
//        133, 134  CRC-16 over the text field, its 16 bits mirrored, low byte first
// No code but the checksum. What helps is that the text knows few characters: each byte is decided
// among those, then the least certain choices are tried the other way.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "decoders/fec/crc.hpp"
#include "decoders/sonde.hpp"

namespace omnisonde::mts01 {

inline constexpr std::string_view kSyncBits = "1010101010101010101101000010101110000000";
inline constexpr std::size_t kSyncBytes = 5;
inline constexpr std::size_t kTextBytes = 128;
inline constexpr std::size_t kFrameBits = 8 * (kSyncBytes + kTextBytes + 2);

/// The two bytes behind the text as they are sent, the first in the high half.
[[nodiscard]] std::uint16_t checksum(std::span<const std::uint8_t> text);

/// What is in front of the first zero byte.
[[nodiscard]] std::string_view text_of(std::span<const std::uint8_t> bytes);

/// The text split at its commas; fields beyond the size of `fields` are dropped.
/// @returns how many there are.
std::size_t split(std::string_view text, std::span<std::string_view> fields);

/// A number that fills its field.
[[nodiscard]] bool read_number(std::string_view field, double& value);

/// "YYMMDDhhmmss" of this century as ms since 1970; false if there is no such moment.
[[nodiscard]] bool read_time(std::string_view field, std::int64_t& utc_ms);

class FrameDecoder {
 public:
  FrameDecoder();

  /// @param llr  1080 values as on air; not finite counts as erased.
  /// @param out  bytes: the 128 bytes of the text field.
  bool decode(std::span<const float> llr, Effort effort, Frame& out);

 private:
  struct Guess {
    std::array<std::uint8_t, kTextBytes + 2> bytes{};
    std::array<std::uint8_t, kTextBytes> second{};  ///< next best character
    std::array<float, kTextBytes> margin{};         ///< log odds of the best against it
  };

  Guess choose_characters(std::span<const float> llr) const;
  bool correct(std::span<const float> llr, Guess& guess) const;
  void learn_characters(std::span<const std::uint8_t> bytes);

  fec::Crc16 linear_;              ///< the checksum of a difference
  std::array<bool, 256> known_{};  ///< characters that texts are made of
};

}  // namespace omnisonde::mts01
