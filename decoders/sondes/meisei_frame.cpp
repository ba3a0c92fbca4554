#include "decoders/sondes/meisei_frame.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "decoders/fec/biphase.hpp"

namespace omnisonde::meisei {
namespace {

constexpr std::size_t kBlockBits = 46;
constexpr std::size_t kHeaderBits = 24;
constexpr std::size_t kSubframeBits = 300;
// The two words with their parities, in a code word of 46 bits.
constexpr std::array<std::uint64_t, 2> kOddMasks = {std::uint64_t{0x1FFFF} << 29U,
                                                    std::uint64_t{0x1FFFF} << 12U};
constexpr float kMaxLlr = 200;
constexpr float kHeaderPrior = 8;
constexpr float kExpectedPrior = 3;
// Wrong blocks in a frame, expected. An iMS-100 has its checksum besides.
constexpr double kMaxDoubt = 1e-3, kMaxDoubtUnchecked = 1e-4;
constexpr float kCertain = 9;  // log odds of a block that counts when others do not
// Of noise one block in 15 is within two bits of a word with both parities right: that all 12 are
// is out of the question, that 8 are certain as well.
constexpr std::size_t kLeastCertain = 8;
constexpr std::size_t kModelBlock = 3;  // A6, A7
// Header bits of a true frame agree to 0.9 at 5 % wrong bits.
constexpr float kMinHeaderAgreement = 0.4F;

std::size_t first_bit(std::size_t block) {
  return block / 6 * kSubframeBits + kHeaderBits + block % 6 * kBlockBits;
}

bool header_bit(std::size_t subframe, std::size_t bit) {
  return (kHeaders[subframe] >> (kHeaderBits - 1 - bit) & 1U) != 0;
}

// The headers as received, without what is known of them.
bool headers_agree(std::span<const float> bits) {
  float sum = 0, total = 0;
  for (std::size_t subframe = 0; subframe < 2; ++subframe) {
    for (std::size_t i = 0; i < kHeaderBits; ++i) {
      const float x = bits[subframe * kSubframeBits + i];
      sum += header_bit(subframe, i) ? x : -x;
      total += std::fabs(x);
    }
  }
  return total > 0 && sum >= kMinHeaderAgreement * total;
}

std::uint64_t with_parity(std::uint16_t word) {
  return std::uint64_t{word} << 1U | (std::popcount(word) % 2 == 0 ? 1U : 0U);
}

}  // namespace

std::uint16_t checksum(const Words& words) {
  unsigned sum = words[10] + words[11];
  for (std::size_t i = kB; i < kB + 11; ++i) sum += words[i];
  return static_cast<std::uint16_t>(sum);
}

std::vector<std::uint8_t> frame_bits(const Words& words) {
  const fec::Bch63 code(kBlockBits);
  std::vector<std::uint8_t> bits;
  const auto put = [&bits](std::uint64_t value, std::size_t count) {
    for (std::size_t i = count; i > 0; --i) {
      bits.push_back(static_cast<std::uint8_t>(value >> (i - 1) & 1U));
    }
  };
  for (std::size_t block = 0; block < kBlocks; ++block) {
    if (block % 6 == 0) put(kHeaders[block / 6], kHeaderBits);
    const std::uint64_t message =
        with_parity(words[2 * block]) << 17U | with_parity(words[2 * block + 1]);
    put(code.encode(message), kBlockBits);
  }
  return bits;
}

FrameDecoder::FrameDecoder() : code_(kBlockBits) {}

FrameDecoder::Block FrameDecoder::read_block(const Bits& bits, std::size_t block,
                                             Effort effort) const {
  const auto llr = std::span(bits).subspan(first_bit(block), kBlockBits);
  fec::Bch63::Decoded decoded;
  if (effort == Effort::kHard) {
    std::uint64_t word = 0;
    for (const float x : llr) word = word << 1U | (x > 0 ? 1U : 0U);
    decoded.flipped = code_.correct(word);
    decoded.word = word;
    decoded.ok = decoded.flipped >= 0 && std::ranges::all_of(kOddMasks, [&](std::uint64_t mask) {
                   return std::popcount(word & mask) % 2 == 1;
                 });
    if (!decoded.ok) return {};
  }
  // Also for clean words: how certain they are is a matter of their neighbours.
  const fec::Bch63::Decoded soft = code_.decode_soft(llr, kOddMasks);
  if (effort == Effort::kHard && soft.word != decoded.word) return {};
  Block out;
  out.words = {static_cast<std::uint16_t>(soft.word >> 30U),
               static_cast<std::uint16_t>(soft.word >> 13U)};
  out.log_odds = soft.log_odds;
  out.flipped = soft.flipped;
  out.ok = soft.ok;
  return out;
}

// Which frame of a pair this is shows in the high byte of A7, 0x30 or 0x31, when nowhere else.
void FrameDecoder::expect(const Expected& expected, Bits& bits) const {
  const std::size_t last_of_byte = first_bit(kModelBlock) + 17 + 7;
  const std::size_t odd = bits[last_of_byte] > 0 ? 1 : 0;
  for (std::size_t word = 0; word < kWords; ++word) {
    const std::size_t first = first_bit(word / 2) + word % 2 * 17;
    for (std::size_t i = 0; i < 16; ++i) {
      const unsigned bit = 1U << (15 - i);
      if ((expected.mask[odd][word] & bit) == 0) continue;
      bits[first + i] += (expected.value[odd][word] & bit) != 0 ? kExpectedPrior : -kExpectedPrior;
    }
  }
}

bool FrameDecoder::decode(std::span<const float> llr, Effort effort, const Expected& expected,
                          Frame& out) const {
  if (llr.size() != kFrameChips) return false;
  std::array<float, kFrameChips> chips{};
  for (std::size_t i = 0; i < kFrameChips; ++i) {
    chips[i] = std::isfinite(llr[i]) ? std::clamp(llr[i], -kMaxLlr, kMaxLlr) : 0;
  }
  Bits bits{}, priors{};
  fec::biphase_decode(chips, fec::Biphase::kSpace, 0, {}, bits);
  if (!headers_agree(bits)) return false;
  for (std::size_t i = 0; i < 2 * kHeaderBits; ++i) {
    const std::size_t subframe = i / kHeaderBits;
    priors[subframe * kSubframeBits + i % kHeaderBits] =
        header_bit(subframe, i % kHeaderBits) ? kHeaderPrior : -kHeaderPrior;
  }
  if (effort >= Effort::kPriors) expect(expected, priors);
  fec::biphase_decode(chips, fec::Biphase::kSpace, 0, priors, bits);

  double doubt = 0;
  std::size_t certain = 0;
  Words words{};
  out.bytes.assign(2 * kWords, 0);
  out.reliability.assign(2 * kWords, 0);
  out.byte_ok.assign(2 * kWords, 0);
  out.bits_corrected = 0;
  for (std::size_t i = 0; i < kBlocks; ++i) {
    const Block block = read_block(bits, i, effort);
    doubt += block.ok ? 1 / (1 + std::exp(static_cast<double>(block.log_odds))) : 1;
    const bool sure = block.ok && block.log_odds >= kCertain;
    certain += sure ? 1 : 0;
    out.bits_corrected += block.ok ? block.flipped : 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::uint16_t word = block.words[k / 2];
      words[2 * i + k / 2] = word;
      out.bytes[4 * i + k] = static_cast<std::uint8_t>(k % 2 == 0 ? word >> 8U : word);
      out.reliability[4 * i + k] = std::max(0.0F, block.log_odds);
      out.byte_ok[4 * i + k] = sure ? 1 : 0;
    }
  }
  const bool model_certain = out.byte_ok[4 * kModelBlock] != 0 && out.byte_ok[0] != 0;
  out.effort = effort;
  const bool has_checksum = is_ims100(words[7]);
  if (doubt <= (has_checksum ? kMaxDoubt : kMaxDoubtUnchecked)) {
    if (has_checksum && checksum(words) != words[kB + 11]) return false;
    std::ranges::fill(out.byte_ok, std::uint8_t{1});
    return true;
  }
  return effort == Effort::kDeep && certain >= kLeastCertain && model_certain;
}

}  // namespace omnisonde::meisei
