// Meisei iMS-100 and RS-11G: from soft chips to a frame of 24 words.
//
//   1200 chips = 600 bits biphase-space = two sub-frames A and B of 300 bits:
//   header (24 bits), then 6 blocks of 46 bits: word (16), odd parity, word, odd parity, 12 checks
// of BCH(63,51) shortened. Words A0..A11 are 0..11 here, B0..B11 are 12..23; Frame::bytes has them
// highest byte first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "decoders/fec/bch.hpp"
#include "decoders/sonde.hpp"

namespace omnisonde::meisei {

inline constexpr std::string_view kSyncBits = "101010101011010100101011001101001100101011001101";
inline constexpr std::size_t kWords = 24;
inline constexpr std::size_t kFrameBits = 600;
inline constexpr std::size_t kFrameChips = 2 * kFrameBits;
inline constexpr std::size_t kBlocks = 12;
inline constexpr std::size_t kB = 12;  ///< index of word B0
inline constexpr std::array<std::uint32_t, 2> kHeaders = {0x049DCE, 0xFB6230};

using Words = std::array<std::uint16_t, kWords>;

/// The bits of a frame, first sent first (for encoders and tests).
[[nodiscard]] std::vector<std::uint8_t> frame_bits(const Words& words);

/// Whether this is an iMS-100; else an RS-11G. By the low byte of A7, 0xC1 and 0xA2.
[[nodiscard]] constexpr bool is_ims100(std::uint16_t a7) { return (a7 & 0xFFU) >= 0xC0; }

/// Of an iMS-100: sum of A10, A11, B0 .. B10, to be found in B11.
[[nodiscard]] std::uint16_t checksum(const Words& words);

/// What a frame is expected to hold: bits of words by value and mask, for even and odd frames.
struct Expected {
  std::array<Words, 2> value{}, mask{};
};

/// No state between frames.
class FrameDecoder {
 public:
  FrameDecoder();

  /// @param llr   1200 chips; either polarity; not finite counts as erased
  /// @param out   bytes: 48; reliability: log odds of each byte's block; byte_ok: of blocks that
  ///              are certain. Effort::kDeep takes frames of which a third is not.
  bool decode(std::span<const float> llr, Effort effort, const Expected& expected,
              Frame& out) const;

 private:
  struct Block {
    std::array<std::uint16_t, 2> words{};
    float log_odds = 0;
    int flipped = 0;
    bool ok = false;
  };
  using Bits = std::array<float, kFrameBits>;

  [[nodiscard]] Block read_block(const Bits& bits, std::size_t block, Effort effort) const;
  void expect(const Expected& expected, Bits& bits) const;

  fec::Bch63 code_;
};

}  // namespace omnisonde::meisei
