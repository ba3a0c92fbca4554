// Correction of words that carry a checksum and no other code: the cheapest few changes that make
// the checksum right. A CRC is linear, so each change shifts it by a fixed syndrome, and sets of
// changes are found without trying whole words.
//
// Each set that is looked at is a chance of 2^-16 to be right by accident: whoever asks for many
// needs further checks (structure, ranges) to refuse those.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace omnisonde::fec {

/// Something that may be different from what was decided: a flipped bit, another character.
struct CrcChange {
  float cost = 0;              ///< log odds against it, >= 0
  std::uint16_t syndrome = 0;  ///< xor of the checksums with and without it
  std::uint16_t place = 0;     ///< changes of one place exclude each other
  std::uint16_t value = 0;     ///< the caller's
};

/// Indices into the changes; `count` of them are used.
struct CrcChangeSet {
  std::array<std::uint16_t, 3> index{};
  std::size_t count = 0;
  float cost = 0;
};

/// Sets of at most three changes whose syndromes add up to `target`, the cheapest first. For
/// target 0 the empty set is among them.
/// @param changes  up to some dozens: the work grows with their cube
/// @param most     how many sets to return at most
[[nodiscard]] std::vector<CrcChangeSet> find_crc_changes(std::span<const CrcChange> changes,
                                                         std::uint16_t target, std::size_t most);

}  // namespace omnisonde::fec
