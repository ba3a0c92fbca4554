#include "decoders/sondes/m10_frame.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "decoders/fec/biphase.hpp"

namespace omnisonde::m10 {
namespace {

// A frame whose sync or first bytes are worse than this is none: with one bit in fifty wrong the
// checksum has no chance, while places in the preamble or in noise are far beyond.
constexpr float kWorstMark = 0.5F;   // correlation of the sync, 1 = perfect
constexpr float kWorstHead = 0.15F;  // share of the head's certainty that speaks against it

// Log odds of what is rarely seen against what every sonde sends.
constexpr float kCommon = 0, kRare = -6, kUnseen = -10;

using Head = std::array<float, 16>;

/// Log-likelihood of a byte, the certain one having 0.
float fit(std::span<const float> bits, unsigned byte) {
  float sum = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const bool one = (byte >> (7 - i) & 1U) != 0;
    sum += std::min(0.0F, one ? bits[i] : -bits[i]);
  }
  return sum;
}

float prior(Kind kind, unsigned length) {
  switch (kind) {
    case Kind::kTrimble:
    case Kind::kGtop:
      return length == 0x64 ? kCommon : length == 0x66 || length == 0x76 ? kRare : kUnseen;
    case Kind::kM20:
      return length == 0x45 ? kCommon : length == 0x43 ? kRare : kUnseen;
    case Kind::kPilot:
      return kUnseen;
  }
  return kUnseen;
}

bool has_mark(std::span<const float> head) {
  float with = 0, all = 0;
  for (std::size_t i = kMarkAt; i < kDataAt; ++i) {
    if (!std::isfinite(head[i])) continue;
    with += kSyncChips[i] == '1' ? head[i] : -head[i];
    all += std::fabs(head[i]);
  }
  return with > kWorstMark * all;
}

}  // namespace

std::optional<Kind> kind_of(std::uint8_t length, std::uint8_t type) {
  constexpr std::uint8_t kM10Shortest = 0x64, kM20Shortest = 0x43;
  if (length == kPilotLength) return Kind::kPilot;
  if (length > kLongest) return {};
  if (type == kTypeTrimble && length >= kM10Shortest) return Kind::kTrimble;
  if (type == kTypeGtop && length >= kM10Shortest) return Kind::kGtop;
  if (type == kTypeM20 && length >= kM20Shortest) return Kind::kM20;
  return {};
}

std::optional<std::size_t> frame_bytes(std::span<const float> head) {
  if (head.size() < kHeadChips || !has_mark(head)) return {};
  Head bits{};
  const auto chips = head.subspan(kDataAt, kHeadChips - kDataAt);
  fec::biphase_decode(chips, fec::Biphase::kMark, head[kDataAt - 1], {}, bits);
  float certainty = 0;
  for (const float bit : bits) certainty += std::fabs(bit);

  float best = -INFINITY;
  std::size_t bytes = 0;
  for (unsigned length = kPilotLength; length <= kLongest; ++length) {
    const float length_fit = fit(std::span(bits).first<8>(), length);
    for (const std::uint8_t type : {kTypeTrimble, kTypeGtop, kTypeM20}) {
      const auto kind = kind_of(static_cast<std::uint8_t>(length), type);
      if (!kind) continue;
      const bool any_type = *kind == Kind::kPilot;
      const float all = length_fit + (any_type ? 0 : fit(std::span(bits).last<8>(), type));
      if (all + prior(*kind, length) <= best) continue;
      best = all + prior(*kind, length);
      bytes = length + 1;
    }
  }
  // Satellite levels explain the type byte better than anything else, whatever their length.
  const float levels = fit(std::span(bits).last<8>(), kTypeLevels) + kUnseen;
  if (bytes != kPilotLength + 1U && levels > best) return {};
  if (-best > kWorstHead * certainty) return {};
  return bytes;
}

// Per byte: the byte turned right by one and its upper bits added to the lower, the lower half of
// the register mixed likewise, and the register's middle. Source: rs1729/RS (m10), confirmed by
// the check values in the tests.
std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
  unsigned c = 0;
  for (const std::uint8_t byte : bytes) {
    unsigned x = std::rotr(byte, 1);
    x ^= x >> 2;
    unsigned h = c >> 7 & 0xFFU;
    h ^= h >> 2;
    const unsigned odd = static_cast<unsigned>(std::popcount(c & 0x15U)) & 1U;
    const unsigned even = static_cast<unsigned>(std::popcount(c & 0x2AU)) & 1U;
    const unsigned t = (c & 0x3FU) | odd << 6 | even << 7;
    c = (c & 0xFFU) << 8 | (x ^ t ^ h);
  }
  return static_cast<std::uint16_t>(c);
}

}  // namespace omnisonde::m10
