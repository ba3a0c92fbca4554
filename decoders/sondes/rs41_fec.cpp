#include "decoders/sondes/rs41_fec.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "decoders/fec/crc.hpp"

namespace omnisonde::rs41 {
namespace {

// A word whose own evidence is this good needs no checksum. At most 26 decodes are tried per word
// and both words must pass: 2 * (26 - 5) = 42 bits against an accident.
constexpr double kSolidBits = 26;
// What code and checksums together must show otherwise: up to 2^10 pairs are tried, so an accident
// has a chance of 2^-34 per frame, far below the 1e-4 that the ladder allows.
constexpr double kFrameBits = 44;
constexpr double kCrcBits = 16;
constexpr std::size_t kMaxCandidates = 28;

/// Whether soft bits speak for given bytes: 1 = all of them, 0 = as much against as for.
double agreement(std::span<const float> llr, std::size_t first,
                 std::span<const std::uint8_t> bytes) {
  double sum = 0;
  double total = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned on_air = bytes[i] ^ kMask[(first + i) % kMask.size()];
    for (unsigned bit = 0; bit < 8; ++bit) {
      const double value = static_cast<double>(llr[8 * (first + i) + bit]);
      if (!std::isfinite(value)) continue;
      sum += (on_air >> bit & 1U) != 0 ? value : -value;
      total += std::fabs(value);
    }
  }
  return total > 0 ? sum / total : 0;
}

bool has_status_crc(std::span<const std::uint8_t> frame) {
  constexpr std::size_t kPayloadAt = kBlocksAt + 2;
  if (frame[kBlocksAt] != kStatus || frame[kBlocksAt + 1] != 0x28) return false;
  const unsigned crc = frame[kPayloadAt + 0x28] | frame[kPayloadAt + 0x29] << 8;
  return fec::crc16_ccitt_false(frame.subspan(kPayloadAt, 0x28)) == crc;
}

struct Checksums {
  int good = 0;  ///< blocks that hold; padding does not count, we may have written it ourselves
  bool all = false;
  bool essential = false;  ///< status, position and time (or the encrypted block in their place)
};

Checksums judge(const BlockList& list) {
  Checksums sums{0, list.complete, false};
  for (const Block& block : list.all()) {
    if (!block.crc_ok) sums.all = false;
    if (block.crc_ok && block.kind != kPadding) ++sums.good;
  }
  const bool located = list.good(kGpsInfo, 30) != nullptr && list.good(kPosition, 21) != nullptr;
  sums.essential =
      list.good(kStatus, 40) != nullptr &&
      (located || list.good(kUtcPosition, 38) != nullptr || list.good(kEncrypted, 1) != nullptr);
  return sums;
}

}  // namespace

FrameCorrector::FrameCorrector() {
  for (Word& word : words_) word.candidates.reserve(kMaxCandidates);
}

void FrameCorrector::slice(std::span<const float> llr) {
  for (std::size_t i = 0; i < bytes_count_; ++i) {
    unsigned byte = 0;
    float least = INFINITY;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const float value = llr[8 * i + bit];
      if (value > 0) byte |= 1U << bit;
      const float size = std::isfinite(value) ? std::fabs(value) : 0.0F;
      least = std::min(least, size);
    }
    hard_[i] = static_cast<std::uint8_t>(byte ^ kMask[i % kMask.size()]);
    reliability_[i] = least;
  }
}

bool FrameCorrector::run(std::span<const float> llr, std::size_t frame_bytes, Effort effort,
                         const FlightHint& hint, Frame& out) {
  bytes_count_ = frame_bytes;
  slice(llr);
  work_ = hard_;
  for (std::size_t w = 0; w < 2; ++w) {
    words_[w].solid = false;
    words_[w].candidates.clear();
    try_decode(w, {});
  }
  if (settle(out)) return true;
  if (effort == Effort::kHard) return false;

  for (std::size_t i = 0; i < bytes_count_; ++i) {
    weakness_[i] = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const float value = llr[8 * i + bit];
      weakness_[i] += std::isfinite(value) ? std::exp(-std::fabs(value)) : 1.0F;
    }
  }
  for (std::size_t w = 0; w < 2; ++w) try_erasures(w);
  if (settle(out)) return true;

  choose_headers(llr, hint);
  patch();
  for (std::size_t w = 0; w < 2; ++w) {
    if (!words_[w].solid) try_decode(w, {});
    try_erasures(w);
  }
  return settle(out) || settle_by_checksums(effort, hint, out);
}

// Puts down bytes as known, unless the signal speaks against them. (A stretch without any signal
// does not.)
void FrameCorrector::know(std::span<const float> llr, std::size_t first,
                          std::span<const std::uint8_t> bytes) {
  const double spoken = agreement(llr, first, bytes);
  if (spoken != 0 && spoken < 0.3) return;
  for (std::size_t i = 0; i < bytes.size(); ++i) known_[first + i] = bytes[i];
}

// Which of the possible layouts is it? The headers that agree best with the soft bits (and with a
// word that is already solid) win.
void FrameCorrector::choose_headers(std::span<const float> llr, const FlightHint& hint) {
  known_.fill(-1);
  const Layout* best = hint.layout;
  double best_score = std::numeric_limits<double>::lowest();
  for (const Layout& layout : known_layouts(bytes_count_)) {
    double score = 0;
    std::size_t at = kBlocksAt;
    for (std::size_t i = 0; i < layout.count; ++i) {
      const std::array header = {layout.entries[i].kind, layout.entries[i].length};
      score += agreement(llr, at, header);
      at += 4U + layout.entries[i].length;
    }
    score /= static_cast<double>(layout.count);
    if (hint.layout == nullptr && score > best_score) {
      best_score = score;
      best = &layout;
    }
  }
  const bool extended = bytes_count_ == kExtendedBytes;
  known_[kTypeAt] = extended ? kExtendedType : kNormalType;
  std::size_t at = kBlocksAt;
  static constexpr std::array<std::uint8_t, kExtendedBytes> kZeros{};
  for (std::size_t i = 0; best != nullptr && i < best->count; ++i) {
    const Layout::Entry& entry = best->entries[i];
    if (at + 4U + entry.length > bytes_count_) return;
    know(llr, at, std::array{entry.kind, entry.length});
    if (entry.kind == kPadding) {
      const auto zeros = std::span(kZeros).first(entry.length);
      const unsigned crc = fec::crc16_ccitt_false(zeros);
      know(llr, at + 2, zeros);
      know(llr, at + 2 + entry.length,
           std::array{static_cast<std::uint8_t>(crc & 0xFFU), static_cast<std::uint8_t>(crc >> 8)});
    }
    at += 4U + entry.length;
  }
  // One ozone string ends before 327; the padding's CRC is in the last two bytes.
  constexpr std::size_t kUsuallyZeroFrom = 327;
  if (extended && at < kUsuallyZeroFrom) {
    know(llr, kUsuallyZeroFrom, std::span(kZeros).first(kExtendedBytes - 2 - kUsuallyZeroFrom));
  }
}

void FrameCorrector::patch() {
  for (std::size_t i = 0; i < bytes_count_; ++i) {
    if (known_[i] < 0) continue;
    work_[i] = static_cast<std::uint8_t>(known_[i]);
    weakness_[i] = 0;
  }
}

void FrameCorrector::gather(std::size_t word, std::span<std::uint8_t> symbols) const {
  for (std::size_t k = 0; k < symbols.size(); ++k) symbols[k] = work_[frame_position(word, k)];
}

bool FrameCorrector::try_decode(std::size_t word, std::span<const std::uint8_t> erasures) {
  const std::size_t length = word_length(bytes_count_);
  Word& state = words_[word];
  Candidate candidate;
  const std::span symbols = std::span(candidate.symbols).first(length);
  gather(word, symbols);
  const auto how = code().decode(symbols, erasures);
  if (!how) return false;
  candidate.evidence_bits = code().evidence_bits(length, *how);
  if (candidate.evidence_bits >= kSolidBits) {
    state.solid = true;
    state.candidates.assign(1, candidate);
    return true;
  }
  const bool repeated = std::ranges::any_of(state.candidates, [&](const Candidate& other) {
    return std::ranges::equal(symbols, std::span(other.symbols).first(length));
  });
  if (!repeated && state.candidates.size() < kMaxCandidates) state.candidates.push_back(candidate);
  return false;
}

// Generalised minimum distance decoding: gives up 2, 4 .. 24 of the weakest bytes. (G. D. Forney,
// IEEE Trans. Inform. Theory 12, 1966.)
void FrameCorrector::try_erasures(std::size_t word) {
  if (words_[word].solid) return;
  std::array<std::uint8_t, fec::ReedSolomon::kMaxLength> order;
  const std::size_t length = word_length(bytes_count_);
  std::iota(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(length), std::uint8_t{0});
  std::partial_sort(
      order.begin(), order.begin() + kParityBytes,
      order.begin() + static_cast<std::ptrdiff_t>(length), [&](std::uint8_t a, std::uint8_t b) {
        return weakness_[frame_position(word, a)] > weakness_[frame_position(word, b)];
      });
  for (std::size_t erased = 2; erased <= kParityBytes; erased += 2) {
    if (try_decode(word, std::span(order).first(erased))) return;
  }
}

void FrameCorrector::assemble(const Candidate& even, const Candidate& odd) {
  std::ranges::copy(kSync, frame_.begin());
  for (std::size_t k = 0; k < word_length(bytes_count_); ++k) {
    frame_[frame_position(0, k)] = even.symbols[k];
    frame_[frame_position(1, k)] = odd.symbols[k];
  }
}

bool FrameCorrector::settle(Frame& out) {
  if (!words_[0].solid || !words_[1].solid) return false;
  assemble(words_[0].candidates[0], words_[1].candidates[0]);
  const bool extended = bytes_count_ == kExtendedBytes;
  if (frame_[kTypeAt] != (extended ? kExtendedType : kNormalType)) return false;
  finish(out, true);
  return true;
}

// At least one word proves little by itself: the blocks' checksums decide which pair is right.
bool FrameCorrector::settle_by_checksums(Effort effort, const FlightHint& hint, Frame& out) {
  for (std::size_t w = 0; w < 2; ++w) {
    if (words_[w].solid) continue;
    Candidate as_received{{}, 0};  // single blocks may be whole although the word is not
    gather(w, std::span(as_received.symbols).first(word_length(bytes_count_)));
    words_[w].candidates.push_back(as_received);
  }
  const auto frame = std::span<const std::uint8_t>(frame_).first(bytes_count_);
  int most = 0;
  std::array<const Candidate*, 2> best{};
  for (const Candidate& even : words_[0].candidates) {
    for (const Candidate& odd : words_[1].candidates) {
      assemble(even, odd);
      if (!has_status_crc(frame)) continue;
      const Checksums sums = judge(walk_blocks(frame));
      const double evidence = even.evidence_bits + odd.evidence_bits + kCrcBits * sums.good;
      if (!sums.essential || evidence < kFrameBits) continue;
      if (sums.all) {
        finish(out, true);
        return true;
      }
      if (sums.good > most) {
        most = sums.good;
        best = {&even, &odd};
      }
    }
  }
  // Part of a frame is worth having only from a sonde that is known already, and only when nothing
  // is left to try.
  if (effort < Effort::kPriors || best[0] == nullptr || hint.serial.size() != 8) return false;
  assemble(*best[0], *best[1]);
  if (!std::ranges::equal(hint.serial, frame.subspan(kBlocksAt + 4, 8))) return false;
  finish(out, false);
  return true;
}

void FrameCorrector::finish(Frame& out, bool vouched) const {
  const auto frame = std::span(frame_).first(bytes_count_);
  out.bytes.assign(frame.begin(), frame.end());
  out.reliability.assign(reliability_.begin(),
                         reliability_.begin() + static_cast<std::ptrdiff_t>(bytes_count_));
  out.byte_ok.assign(bytes_count_, vouched ? 1 : 0);
  if (!vouched) {
    const BlockList blocks = walk_blocks(frame);
    for (const Block& block : blocks.all()) {
      if (!block.crc_ok) continue;
      std::fill_n(out.byte_ok.begin() + static_cast<std::ptrdiff_t>(block.at - 2), block.length + 4,
                  std::uint8_t{1});
    }
    for (std::size_t w = 0; w < 2; ++w) {
      if (!words_[w].solid) continue;
      for (std::size_t k = 0; k < word_length(bytes_count_); ++k) {
        out.byte_ok[frame_position(w, k)] = 1;
      }
    }
  }
  out.bits_corrected = 0;
  for (std::size_t i = 0; i < bytes_count_; ++i) {
    if (out.byte_ok[i] != 0) {
      out.bits_corrected += std::popcount(static_cast<unsigned>(frame_[i] ^ hard_[i]));
    }
  }
}

}  // namespace omnisonde::rs41
