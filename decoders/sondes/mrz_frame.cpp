#include "decoders/sondes/mrz_frame.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "decoders/fec/crc_list.hpp"

namespace omnisonde::mrz {
namespace {

constexpr float kMaxLlr = 200;
// Bits that may be wrong, of which up to three are: 1351 sets, of which a CRC of 16 bits lets one
// in 48 frames pass by accident. Hence only what two copies agree upon counts.
constexpr std::size_t kDoubtfulBits = 20;
constexpr std::size_t kGuesses = 2;  // of one copy
// Sums of so many copies are decided: with the copy itself and the two of the rung with priors no
// more than 7 words are held against the CRC alone, 1e-4 of true frames beyond repair may pass.
// (Noise has to fit plausible() as well: 2^-20 of that.)
constexpr std::array<bool, 7> kSumTried = {false, false, true, true, true, false, true};
constexpr fec::Crc16Params kCrc{
    .polynomial = 0x8005, .init = 0xFFFF, .reflected = true, .xor_out = 0};

std::size_t index_byte(Layout layout) { return layout == Layout::kEcef ? 40 : 37; }

std::uint16_t received_checksum(std::span<const std::uint8_t> word, std::size_t body) {
  return static_cast<std::uint16_t>(word[body] | word[body + 1] << 8U);
}

// What every frame has besides its checksum: 4 + 4.4 bits of times of day + 8 + 2 * 2.1.
bool plausible(std::span<const std::uint8_t> body, Layout layout) {
  return (body[0] & 0xF0U) == 0x80 && body[1] < 24 && body[2] < 60 && body[3] < 60 &&
         body[index_byte(layout)] == (body[0] & 0x0FU) + 1;
}

// The most a word can owe to one bit: all ones in two bytes, as +1 (all agree) .. -1.
float all_ones(std::span<const float> llr, std::size_t byte) {
  float sum = 0, total = 1e-9F;
  for (std::size_t bit = 8 * (kSyncBytes + byte); bit < 8 * (kSyncBytes + byte + 2); ++bit) {
    if (!std::isfinite(llr[bit])) continue;
    sum -= llr[bit];  // complemented on air
    total += std::fabs(llr[bit]);
  }
  return sum / total;
}

float smallest(std::span<const float> llr, std::size_t byte) {
  float least = kMaxLlr;
  for (std::size_t i = 0; i < 8; ++i) {
    least = std::min(least, std::fabs(llr[8 * (kSyncBytes + byte) + i]));
  }
  return least;
}

}  // namespace

std::uint16_t checksum(std::span<const std::uint8_t> body) {
  static const fec::Crc16 kCrc16(kCrc);
  return kCrc16(body);
}

FrameDecoder::FrameDecoder()
    : linear_({.polynomial = 0x8005, .init = 0, .reflected = true, .xor_out = 0}) {}

std::size_t FrameDecoder::bits_of(std::span<const float> head) const {
  if (layout_known_ || head.size() < kHeadBits) return frame_bits(layout_);
  // Only when it is plain: a frame taken for the longer one can still turn out to be the other.
  const bool latlon = all_ones(head, 27) > 0.5F && all_ones(head, 27) > all_ones(head, 30);
  return frame_bits(latlon ? Layout::kLatLon : Layout::kEcef);
}

void FrameDecoder::remember(const Copy& copy) {
  if (copies_count_ > 0 && copies_[0] == copy) return;  // the same frame on the next rung
  std::rotate(copies_.begin(), copies_.end() - 1, copies_.end());
  copies_[0] = copy;
  copies_count_ = std::min(copies_count_ + 1, kCopies);
}

bool FrameDecoder::decode(std::span<const float> llr, Effort effort, Frame& out) {
  if (llr.size() < frame_bits(Layout::kLatLon)) return false;
  const std::size_t bits = std::min(llr.size(), kMaxFrameBits);
  Copy sum{};
  for (std::size_t i = 0; i < bits; ++i) {
    sum[i] = std::isfinite(llr[i]) ? std::clamp(-llr[i], -kMaxLlr, kMaxLlr) : 0;
  }
  out.effort = effort;
  const bool priors = effort >= Effort::kPriors;
  if (!priors) remember(sum);  // priors are no part of a copy
  bool good = settle(sum, bits, effort == Effort::kErasures, out);
  for (std::size_t i = 1; i < copies_count_ && !good && effort > Effort::kHard; ++i) {
    for (std::size_t bit = 0; bit < kMaxFrameBits; ++bit) sum[bit] += copies_[i][bit];
    if (priors ? i + 1 == copies_count_ : kSumTried[i + 1]) good = settle(sum, bits, false, out);
  }
  if (good) {
    copies_count_ = 0;
    guesses_ = {};
  }
  return good;
}

bool FrameDecoder::settle(const Copy& llr, std::size_t bits, bool search, Frame& out) {
  for (const Layout layout : {Layout::kEcef, Layout::kLatLon}) {
    if (bits < frame_bits(layout) || (layout_known_ && layout != layout_)) continue;
    if (!read(llr, layout, search, out)) continue;
    layout_known_ = true;
    layout_ = layout;
    return true;
  }
  return false;
}

bool FrameDecoder::read(const Copy& llr, Layout layout, bool search, Frame& out) {
  const std::size_t body = body_bytes(layout);
  Word word{};
  for (std::size_t bit = 0; bit < 8 * (body + 2); ++bit) {
    if (llr[8 * kSyncBytes + bit] > 0) word[bit / 8] |= static_cast<std::uint8_t>(0x80U >> bit % 8);
  }
  const auto target = static_cast<std::uint16_t>(checksum(std::span(word).first(body)) ^
                                                 received_checksum(word, body));
  out.bits_corrected = 0;
  if (target != 0 ? !search || !correct(llr, layout, word, target, out) : !plausible(word, layout))
    return false;
  out.bytes.assign(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(body));
  out.reliability.resize(body);
  for (std::size_t i = 0; i < body; ++i) out.reliability[i] = smallest(llr, i);
  out.byte_ok.assign(body, 1);
  return true;
}

bool FrameDecoder::correct(const Copy& llr, Layout layout, Word& word, std::uint16_t target,
                           Frame& out) {
  const std::size_t body = body_bytes(layout);
  std::array<std::uint16_t, kMaxFrameBits> order{};  // bits of the word, the least certain first
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(8 * (body + 2));
  std::iota(order.begin(), end, std::uint16_t{0});
  const auto certainty = [&](std::uint16_t bit) { return std::fabs(llr[8 * kSyncBytes + bit]); };
  std::partial_sort(order.begin(), order.begin() + kDoubtfulBits, end,
                    [&](auto a, auto b) { return certainty(a) < certainty(b); });
  std::vector<fec::CrcChange> changes;
  for (std::size_t i = 0; i < kDoubtfulBits; ++i) {
    Word error{};
    error[order[i] / 8] = static_cast<std::uint8_t>(0x80U >> order[i] % 8);
    const auto syndrome = static_cast<std::uint16_t>(linear_(std::span(error).first(body)) ^
                                                     received_checksum(error, body));
    changes.push_back({certainty(order[i]), syndrome, order[i], 0});
  }
  for (const fec::CrcChangeSet& set : fec::find_crc_changes(changes, target, kGuesses)) {
    Word fixed = word;
    for (std::size_t i = 0; i < set.count; ++i) {
      const std::size_t bit = changes[set.index[i]].place;
      fixed[bit / 8] ^= static_cast<std::uint8_t>(0x80U >> bit % 8);
    }
    if (!plausible(fixed, layout) || !confirmed(fixed)) continue;
    word = fixed;
    out.bits_corrected = static_cast<int>(set.count);
    return true;
  }
  return false;
}

// Whether an earlier copy has led to the same; if not a later one may.
bool FrameDecoder::confirmed(const Word& word) {
  if (std::ranges::find(guesses_, word) != guesses_.end()) return true;
  guesses_[next_guess_++ % guesses_.size()] = word;
  return false;
}

}  // namespace omnisonde::mrz
