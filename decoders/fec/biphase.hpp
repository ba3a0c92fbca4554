// Biphase-mark and biphase-space (FM1, FM0): two chips per bit, the line level changes at the start
// of every bit, and once more in its middle for one of the two values. Polarity carries nothing.
// Meteomodem M10 and M20 (mark), Meisei (space).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace omnisonde::fec {

enum class Biphase : std::uint8_t {
  kMark,   ///< a 1 changes the level in mid-bit
  kSpace,  ///< a 0 changes the level in mid-bit
};

/// Most probable bits, exactly (forward and backward over the two line levels): the change at each
/// edge is certain, so the chips on its two sides are two observations of one level.
/// @param chips         ln P(1)/P(0) of each chip, the first chip of the first bit first. 0 is an
///                      erasure; what is not finite counts as one. One chip more than 2 per bit
///                      (the first of the bit that follows) is used where given.
/// @param rule          which value changes the level in mid-bit.
/// @param level_before  ln P(1)/P(0) of the chip before the first; 0 when unknown.
/// @param priors        ln P(1)/P(0) of each bit before anything was received, one per bit, or
///                      empty. They help their neighbours as well, through the line levels.
/// @param bits          filled with ln P(1)/P(0) of each bit, priors included; at most
///                      chips.size() / 2 of them, the rest is set to 0.
/// Thread: any. Allocates: never.
void biphase_decode(std::span<const float> chips, Biphase rule, float level_before,
                    std::span<const float> priors, std::span<float> bits) noexcept;

/// The chips of `bits` (0 or 1 each) on a line that stood at `level_before` (0 or 1).
[[nodiscard]] std::vector<std::uint8_t> biphase_encode(std::span<const std::uint8_t> bits,
                                                       Biphase rule, std::uint8_t level_before);

}  // namespace omnisonde::fec
