#include "decoders/sondes/wxr301_frame.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace omnisonde::wxr301 {
namespace {

// Sum over the block of the bits' chances of being wrong. At the limit two are wrong in 3 % of the
// frames and a sixteenth of these goes unnoticed: 2e-3.
constexpr double kMostDoubt = 0.25;
// One bit may be repaired if it stands out: the others together this good, and that much better.
constexpr double kRestDoubt = 0.1;
constexpr float kStandsOut = 4;

/// Bits [first, first + count) of the bytes as one little-endian number.
std::uint32_t field(std::span<const std::uint8_t> bytes, std::size_t first, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = first + i;
    value |= static_cast<std::uint32_t>(bytes[at / 8] >> at % 8 & 1U) << i;
  }
  return value;
}

/// The lowest `bits` bits as two's complement.
std::int32_t with_sign(std::uint32_t value, unsigned bits) {
  return static_cast<std::int32_t>(value << (32 - bits)) >> (32 - bits);
}

bool checks_hold(std::span<const std::uint8_t> bytes) {
  std::uint8_t folded = 0, sum = 0;
  for (const std::uint8_t byte : bytes.first(kDataBytes)) {
    folded = static_cast<std::uint8_t>(folded ^ byte);
    sum = static_cast<std::uint8_t>(sum + byte);
  }
  return folded == bytes[kDataBytes] && sum == bytes[kDataBytes + 1];
}

double doubt(float llr) { return 1 / (1 + std::exp(std::fabs(static_cast<double>(llr)))); }

}  // namespace

std::array<std::uint8_t, 64> pn9() {
  std::array<std::uint8_t, 64> mask{};
  unsigned state = 0x1FF;  // the next bit is the lowest
  for (std::size_t i = 0; i < 8 * mask.size(); ++i) {
    const unsigned bit = state & 1U;
    mask[i / 8] = static_cast<std::uint8_t>(mask[i / 8] << 1 | bit);
    state = state >> 1 | ((state ^ state >> 5) & 1U) << 8;
  }
  return mask;
}

Head head_of(std::span<const std::uint8_t> block) {
  return {field(block, 0, 32), static_cast<std::uint16_t>(field(block, 32, 16)), block[6]};
}

// Negative numbers have not been seen: two's complement is assumed. Another code would put the
// sonde off the earth, save near the poles and west of 155 W.
Fix fix_of(std::span<const std::uint8_t> block) {
  Fix fix;
  const std::uint32_t hhmmss = field(block, 7 * 8, 18);
  const std::uint32_t hour = hhmmss / 10'000, minute = hhmmss / 100 % 100, second = hhmmss % 100;
  fix.time_ok = hour < 24 && minute < 60 && second < 60;
  fix.time_of_day_ms = std::int64_t{(hour * 60 + minute) * 60 + second} * 1000;
  fix.altitude_dm = field(block, 13 * 8 + 4, 19);
  fix.latitude_e5 = with_sign(field(block, 15 * 8 + 7, 25), 25);
  fix.longitude_e5 = with_sign(field(block, 19 * 8, 26), 26);
  return fix;
}

std::optional<Block> read_block(std::span<const float> llr, const Layout& layout, bool repair) {
  if (llr.size() != layout.frame_bits()) return {};
  static const std::array<std::uint8_t, 64> kMask = pn9();
  Block block;
  block.reliability.fill(1e6F);
  double doubts = 0, worst_doubt = 0;
  std::size_t worst = 0;
  float least = INFINITY, second = INFINITY;
  for (std::size_t i = 0; i < kBlockBits; ++i) {
    const float raw = llr[layout.block_at() + i];
    const float x = std::isfinite(raw) ? raw : 0.0F;
    const unsigned shift = 7 - i % 8;
    if (x > 0) block.bytes[i / 8] = static_cast<std::uint8_t>(block.bytes[i / 8] | 1U << shift);
    const float size = std::fabs(x);
    block.reliability[i / 8] = std::min(block.reliability[i / 8], size);
    doubts += doubt(x);
    if (size < least) {
      second = least;
      least = size;
      worst = i;
      worst_doubt = doubt(x);
    } else {
      second = std::min(second, size);
    }
  }
  if (layout.whitened) {
    for (std::size_t i = 0; i < kBlockBytes; ++i) block.bytes[i] ^= kMask[layout.skipped_bytes + i];
  }
  bool good = doubts <= kMostDoubt && checks_hold(block.bytes);
  if (!good && repair && doubts - worst_doubt <= kRestDoubt && second - least >= kStandsOut) {
    block.bytes[worst / 8] ^= static_cast<std::uint8_t>(0x80U >> worst % 8);
    block.repaired_bits = 1;
    good = checks_hold(block.bytes);
  }
  const std::uint8_t kind = block.bytes[6];
  if (!good || (kind != 1 && kind != 2) || head_of(block.bytes).serial == 0) return {};
  return block;
}

}  // namespace omnisonde::wxr301
