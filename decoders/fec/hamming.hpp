// Extended Hamming code (8,4): distance 4, corrects one wrong bit, detects two.
// Used by Graw DFM. Source of the parity equations: formats sheet of the DFM family; the table of
// words follows from them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace omnisonde::fec {

/// The 16 code words by data nibble; the data are the high four bits (systematic).
/// With data a b c d (a first): a b c d (b^c^d) (a^c^d) (a^b^d) (a^b^c).
inline constexpr std::array<std::uint8_t, 16> kHamming84Words = {
    0x00, 0x1E, 0x2D, 0x33, 0x4B, 0x55, 0x66, 0x78, 0x87, 0x99, 0xAA, 0xB4, 0xCC, 0xD2, 0xE1, 0xFF};

/// @param nibble  data in the low four bits; the others are ignored.
[[nodiscard]] constexpr std::uint8_t hamming84_encode(std::uint8_t nibble) {
  return kHamming84Words[nibble & 0xFU];
}

struct Hamming84Hard {
  std::uint8_t nibble = 0;  ///< meaningless when !ok
  int corrected = 0;        ///< 0 or 1
  bool ok = false;          ///< false: two wrong bits (or any even number) were detected
};

/// Nearest word by bit distance; refuses a word at distance 2 from several code words.
[[nodiscard]] Hamming84Hard hamming84_decode(std::uint8_t word) noexcept;

struct Hamming84Soft {
  std::uint8_t nibble = 0;
  float log_odds = 0;  ///< ln P(this nibble) / P(any other), for calibrated LLRs; <= kMaxLogOdds
  float metric = 0;    ///< sum of |llr| that agree minus those that do not
  int flipped = 0;     ///< bits whose sign disagrees with the chosen word
};

/// Beyond this certainty the figure says nothing (the model of the noise is wrong before that).
inline constexpr float kMaxLogOdds = 60.0F;

/// Maximum-likelihood word for eight LLRs.
/// @param llr  ln P(1)/P(0), first bit of the word first; finite values; 0 is an erasure.
/// Never worse than `hamming84_decode` of the signs, and decides among the words at distance 2.
[[nodiscard]] Hamming84Soft hamming84_decode_soft(std::span<const float, 8> llr) noexcept;

}  // namespace omnisonde::fec
