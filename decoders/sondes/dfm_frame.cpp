#include "decoders/sondes/dfm_frame.hpp"

#include <algorithm>
#include <cmath>

#include "decoders/fec/hamming.hpp"

namespace omnisonde::dfm {
namespace {

constexpr float kMaxLlr = 1000.0F;
// Log odds of a nibble that may be called good by itself (1 wrong in 1000).
constexpr float kGoodLogOdds = 6.9F;

// Noise test. Each |llr| is clipped at the frame's median, so that the statistic does not depend on
// how heavy the tails of the receiver's LLRs are. The best codewords then agree with noise to
// 0.66..0.74 of the sum with a spread of 0.18/sqrt(codewords) at most (measured: constant, uniform,
// Gaussian, Laplace, t(3) and squared Gaussian LLRs), and with a signal of 5 % wrong bits to 0.97.
constexpr double kNoiseAgreement = 0.73;
constexpr double kNoiseSpread = 0.90;  // five times 0.18
// Sync bits of a true frame agree to 0.9 at 5 % wrong bits. This only keeps out steady carriers,
// whose "all zeros" are codewords.
constexpr float kMinSyncAgreement = 0.2F;

constexpr float kScaleStep = 0.1F;

float cleaned(float llr) {
  if (!std::isfinite(llr)) return 0;
  return std::clamp(llr, -kMaxLlr, kMaxLlr);
}

bool sync_agrees(std::span<const float, kFrameBits> llr) {
  float agreement = 0;
  float total = 0;
  for (std::size_t i = 0; i < kSyncBits.size(); ++i) {
    agreement += kSyncBits[i] == '1' ? llr[i] : -llr[i];
    total += std::fabs(llr[i]);
  }
  return agreement >= kMinSyncAgreement * total;  // a lost sync (all erased) is no objection
}

float median_magnitude(std::span<const float, kFrameBits> llr) {
  std::array<float, kFrameBits> magnitude{};
  std::size_t count = 0;
  for (std::size_t i = kSyncBits.size(); i < kFrameBits; ++i) {
    if (llr[i] != 0) magnitude[count++] = std::fabs(llr[i]);
  }
  if (count == 0) return 0;
  const auto middle = magnitude.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(magnitude.begin(), middle,
                   magnitude.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

// Sums over codewords of the clipped |llr| that agree with the decision and of all of them.
class NoiseTest {
 public:
  explicit NoiseTest(float clip) : clip_(clip) {}

  void add(std::span<const float, 8> llr, std::uint8_t word) {
    double weight = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const double magnitude = static_cast<double>(std::min(std::fabs(llr[bit]), clip_));
      const bool one = ((word << bit) & 0x80) != 0;
      agreed_ += (llr[bit] > 0) == one ? magnitude : -magnitude;
      weight += magnitude;
    }
    total_ += weight;
    squares_ += weight * weight;
  }

  [[nodiscard]] bool is_noise() const {
    if (total_ <= 0) return true;
    const double codewords = total_ * total_ / squares_;  // fewer when some are faded or erased
    return agreed_ < total_ * (kNoiseAgreement + kNoiseSpread / std::sqrt(codewords));
  }

 private:
  float clip_;
  double agreed_ = 0, total_ = 0, squares_ = 0;
};

// A steady tone in step with the code comes out as codewords: the audio tones of an iMet give runs
// of 5 and A. Zeros and ones run in true frames as well, where a block is empty or a sign extended.
constexpr std::size_t kToneRun = 4, kToneNibbles = 16, kEmptyNibbles = 31;

bool is_tone(std::span<const std::uint8_t> nibbles) {
  std::size_t in_runs = 0, empty = 0;
  for (std::size_t from = 0, to = 0; from < nibbles.size(); from = to) {
    while (to < nibbles.size() && nibbles[to] == nibbles[from]) ++to;
    const bool plain = nibbles[from] == 0 || nibbles[from] == 0xF;
    if (plain) {
      empty += to - from;
    } else if (to - from >= kToneRun) {
      in_runs += to - from;
    }
  }
  return in_runs >= kToneNibbles || empty >= kEmptyNibbles;
}

}  // namespace

double doubt_of(float log_odds) noexcept {
  return 1.0 / (1.0 + std::exp(static_cast<double>(std::min(log_odds, fec::kMaxLogOdds))));
}

bool FrameDecoder::decode(std::span<const float> llr, Frame& out) noexcept {
  if (llr.size() != kFrameBits) return false;
  std::array<float, kFrameBits> soft{};
  std::ranges::transform(llr, soft.begin(), [](float x) { return cleaned(x); });
  if (!sync_agrees(soft)) return false;

  out.bytes.assign(kFrameNibbles, 0);
  out.reliability.assign(kFrameNibbles, 0);
  out.byte_ok.assign(kFrameNibbles, 0);
  out.bits_corrected = 0;
  out.effort = Effort::kHard;
  const bool complete = std::ranges::find(soft, 0.0F) == soft.end();
  NoiseTest noise(median_magnitude(soft));
  for (const BlockLayout& block : kBlocks) {
    for (std::size_t i = 0; i < block.codewords; ++i) {
      std::array<float, 8> word{};
      for (std::size_t j = 0; j < 8; ++j) {
        word[j] = scale_ * soft[block.first_bit + block.codewords * j + i];
      }
      const fec::Hamming84Soft got = fec::hamming84_decode_soft(word);
      std::ranges::transform(word, word.begin(), [this](float x) { return x / scale_; });
      noise.add(word, fec::hamming84_encode(got.nibble));
      const std::size_t at = block.first_nibble + i;
      out.bytes[at] = got.nibble;
      out.reliability[at] = std::max(got.log_odds, 0.0F);
      out.byte_ok[at] = got.log_odds >= kGoodLogOdds ? 1 : 0;
      out.bits_corrected += got.flipped;
      if (got.flipped > 1) out.effort = Effort::kErasures;
    }
  }
  // Chance alone lets all 33 come within one bit of a codeword once in 2e8 frames.
  const bool nearly_clean = out.effort == Effort::kHard && complete;
  if (!nearly_clean && noise.is_noise()) return false;
  if (is_tone(out.bytes)) return false;
  learn_scale(soft, out.bits_corrected);
  return true;
}

void FrameDecoder::learn_scale(std::span<const float, kFrameBits> llr, int flipped) noexcept {
  // Calibrated LLRs foretell how many bits are wrong; the code tells how many were. With more wrong
  // bits than foretold the LLRs are too large, and the other way round.
  double foretold = 0;
  for (std::size_t i = kSyncBits.size(); i < kFrameBits; ++i) {
    if (llr[i] != 0)
      foretold += 1.0 / (1.0 + std::exp(static_cast<double>(scale_ * std::fabs(llr[i]))));
  }
  // Clean frames foretell next to nothing and so move it little; a burst moves it only so far.
  const double step = std::clamp((foretold - flipped) / (foretold + 1.0), -3.0, 1.0);
  scale_ = std::clamp(scale_ * std::exp(kScaleStep * static_cast<float>(step)), 0.25F, 4.0F);
}

}  // namespace omnisonde::dfm
