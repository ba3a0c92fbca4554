// The DFM frame as bits: deinterleaving, Hamming decoding, and the decision frame or noise.
//
//   bits     0..15  sync 0x45CF
//           16..71  CONF, 7 codewords
//           72..175 DAT1, 13 codewords
//          176..279 DAT2, 13 codewords
// Inside a block of L codewords the transmitted bit L*j+i is bit j of codeword i.
// A decoded frame is 33 nibbles, one per byte of Frame::bytes: 7 CONF, 13 DAT1, 13 DAT2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "decoders/sonde.hpp"

namespace omnisonde::dfm {

inline constexpr std::string_view kSyncBits = "0100010111001111";
inline constexpr std::size_t kFrameBits = 280;
inline constexpr std::size_t kConfNibbles = 7;
inline constexpr std::size_t kDatNibbles = 13;
inline constexpr std::size_t kFrameNibbles = kConfNibbles + 2 * kDatNibbles;
inline constexpr std::int64_t kFrameMs = 224;

/// One interleaved block of a frame.
struct BlockLayout {
  std::size_t first_bit, codewords, first_nibble;
};
inline constexpr std::array<BlockLayout, 3> kBlocks = {{
    {16, kConfNibbles, 0},
    {72, kDatNibbles, kConfNibbles},
    {176, kDatNibbles, kConfNibbles + kDatNibbles},
}};

/// Probability that a nibble with these log odds is wrong; never below that of fec::kMaxLogOdds.
[[nodiscard]] double doubt_of(float log_odds) noexcept;

/// Turns LLRs into frames. It learns the scale of the LLRs, since no checksum tells good blocks
/// from bad ones: everything rests on the odds of each codeword being right.
class FrameDecoder {
 public:
  /// @param llr  280 values, polarity put right, sync first; not finite counts as erased.
  /// @param out  bytes: 33 nibbles; reliability: log odds of each (>= 0); byte_ok: log odds good
  ///             enough for a value to be used alone; effort: kHard if signs alone would have done.
  /// @returns    false for what looks like noise (in 1e6 random frames fewer than one passes) or
  ///             like a steady tone, or whose sync bits say otherwise.
  bool decode(std::span<const float> llr, Frame& out) noexcept;

  /// True LLR over given LLR, as learnt so far; 1 at the start, within [1/4, 4].
  [[nodiscard]] float llr_scale() const noexcept { return scale_; }

 private:
  void learn_scale(std::span<const float, kFrameBits> llr, int flipped) noexcept;

  float scale_ = 1.0F;
};

}  // namespace omnisonde::dfm
