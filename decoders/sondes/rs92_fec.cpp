#include "decoders/sondes/rs92_fec.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace omnisonde::rs92 {
namespace {

// What code and checksums together must show. At most 27 decodes are tried per call and four calls
// made per frame: 2^(7 - 40), far below the 1e-4 that the ladder allows.
constexpr double kFrameBits_evidence = 40;
// With a flight's knowledge put in first, the checksums of configuration and auxiliary data may
// hold by that alone; only those of measurement and GPS count then.
constexpr double kPrimedBits_evidence = 30;
constexpr double kCrcBits = 16;
// A start or stop bit that is wrong for sure tells of noise around it as one wrong bit would.
constexpr float kFramingWeight = 1.0F;

double evidence_of_checksums(std::span<const std::uint8_t> frame, Effort effort) {
  double bits = 0;
  for (const Block& block : kBlocks) {
    const bool predictable = block.kind == kConfiguration.kind || block.kind == kAuxiliary.kind;
    if (effort >= Effort::kPriors && predictable) continue;
    if (is_good(frame, block)) bits += kCrcBits;
  }
  return bits;
}

}  // namespace

float error_chance(float llr) {
  return std::isfinite(llr) ? 1.0F / (1.0F + std::exp(std::fabs(llr))) : 0.5F;
}

void FrameCorrector::slice(std::span<const float> llr) {
  for (std::size_t i = 0; i < kFrameBytes; ++i) {
    unsigned byte = 0;
    float least = INFINITY;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const float value = llr[bit_index(i, bit)];
      if (value > 0) byte |= 1U << bit;
      least = std::min(least, std::isfinite(value) ? std::fabs(value) : 0.0F);
    }
    hard_[i] = static_cast<std::uint8_t>(byte);
    reliability_[i] = least;
  }
}

void FrameCorrector::weigh(std::span<const float> llr) {
  for (std::size_t i = 0; i < kFrameBytes; ++i) {
    float sum = 0;
    for (unsigned bit = 0; bit < 8; ++bit) sum += error_chance(llr[bit_index(i, bit)]);
    const float start = llr[kCharBits * i], stop = llr[kCharBits * i + 9];
    if (start > 0) sum += kFramingWeight * (1 - error_chance(start));
    if (stop < 0) sum += kFramingWeight * (1 - error_chance(stop));
    weakness_[i] = sum;
  }
}

bool FrameCorrector::run(std::span<const float> llr, Effort effort,
                         std::span<const std::uint8_t> serial, Frame& out) {
  slice(llr);
  work_ = hard_;
  if (try_decode({}, effort, out)) return true;
  if (effort == Effort::kHard) return false;
  weigh(llr);
  trust_checksums();
  if (try_erasures(effort, out)) return true;
  put_fixed(llr);
  if (try_decode({}, effort, out) || try_erasures(effort, out)) return true;
  return salvage(serial, out);
}

// A checksum that holds (by accident once in 65536) clears its whole block.
void FrameCorrector::trust_checksums() {
  for (const Block& block : kBlocks) {
    if (!is_good(work_, block)) continue;
    std::fill_n(weakness_.begin() + static_cast<std::ptrdiff_t>(block.at - 2), block.length + 4,
                0.0F);
  }
}

// Bytes that every frame has, unless the signal speaks against them: then this is no RS92.
void FrameCorrector::put_fixed(std::span<const float> llr) {
  double sum = 0, total = 0;
  for (const FixedByte& fixed : kFixed) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const double value = static_cast<double>(llr[bit_index(fixed.at, bit)]);
      if (!std::isfinite(value)) continue;
      sum += (fixed.value >> bit & 1U) != 0 ? value : -value;
      total += std::fabs(value);
    }
  }
  if (sum < 0.3 * total) return;
  for (const FixedByte& fixed : kFixed) {
    work_[fixed.at] = fixed.value;
    weakness_[fixed.at] = 0;
  }
  trust_checksums();
}

// Generalised minimum distance decoding: gives up 2, 4 .. 24 of the weakest bytes. (G. D. Forney,
// IEEE Trans. Inform. Theory 12, 1966.)
bool FrameCorrector::try_erasures(Effort effort, Frame& out) {
  std::array<std::uint8_t, kWordLength> order{};
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  std::partial_sort(order.begin(), order.begin() + kParityBytes, order.end(),
                    [&](std::uint8_t a, std::uint8_t b) {
                      return weakness_[frame_position(a)] > weakness_[frame_position(b)];
                    });
  for (std::size_t erased = 2; erased <= kParityBytes; erased += 2) {
    if (try_decode(std::span(order).first(erased), effort, out)) return true;
  }
  return false;
}

bool FrameCorrector::try_decode(std::span<const std::uint8_t> erasures, Effort effort, Frame& out) {
  std::array<std::uint8_t, kWordLength> word{};
  for (std::size_t k = 0; k < word.size(); ++k) word[k] = work_[frame_position(k)];
  const auto how = code().decode(word, erasures);
  if (!how) return false;
  std::array<std::uint8_t, kFrameBytes> frame{};
  for (std::size_t i = 0; i < kWordAt; ++i) frame[i] = kFixed[i].value;
  for (std::size_t k = 0; k < word.size(); ++k) frame[frame_position(k)] = word[k];
  if (!is_good(frame, kConfiguration)) return false;
  const double evidence =
      code().evidence_bits(kWordLength, *how) + evidence_of_checksums(frame, effort);
  const double needed = effort >= Effort::kPriors ? kPrimedBits_evidence : kFrameBits_evidence;
  if (evidence < needed) return false;
  finish(frame, true, out);
  return true;
}

// The code has failed (a fade has taken too much), but of a sonde that is known the blocks for
// identity and position have come whole: 32 bits of checksums and 64 of serial speak for them.
// (With the flight's knowledge put in first only the 16 of the GPS block may be left, and then the
// satellites have to agree as well.)
bool FrameCorrector::salvage(std::span<const std::uint8_t> serial, Frame& out) {
  if (serial.size() != 8 || !is_good(work_, kConfiguration) || !is_good(work_, kGps)) return false;
  if (!std::ranges::equal(serial, kConfiguration.of(work_).subspan(kSerialAt, 8))) return false;
  finish(work_, false, out);
  return true;
}

void FrameCorrector::finish(std::span<const std::uint8_t> frame, bool whole, Frame& out) const {
  out.bytes.assign(frame.begin(), frame.end());
  out.reliability.assign(reliability_.begin(), reliability_.end());
  // The other blocks' checksums may have made up for a code that had nothing left to check with: a
  // block whose own does not hold then is made up.
  whole = whole && std::ranges::all_of(kBlocks, [&](const Block& b) { return is_good(frame, b); });
  out.byte_ok.assign(kFrameBytes, whole ? 1 : 0);
  for (const Block& block : kBlocks) {
    if (whole || !is_good(frame, block)) continue;
    std::fill_n(out.byte_ok.begin() + static_cast<std::ptrdiff_t>(block.at - 2), block.length + 4,
                std::uint8_t{1});
  }
  out.bits_corrected = 0;
  for (std::size_t i = 0; i < kFrameBytes; ++i) {
    if (out.byte_ok[i] != 0) {
      out.bits_corrected += std::popcount(static_cast<unsigned>(frame[i] ^ hard_[i]));
    }
  }
}

}  // namespace omnisonde::rs92
