#include "decoders/sondes/imet54_frame.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace omnisonde::imet54 {
namespace {

constexpr std::uint32_t kPolynomial = 0x04C11DB7;
constexpr std::uint32_t kBurstXor = 0x1DAD5E66;
constexpr std::array<std::uint8_t, 3> kContinuousHeaders = {0x43, 0x03, 0xC3};
constexpr float kMaxLlr = 100.0F;
constexpr std::size_t kUncheckedAt = 100;  // two bytes that no check covers (part of one is one)
// Share of the weight of all start and stop bits that must agree; noise: 0 +- 0.06.
constexpr double kMinFraming = 0.35;
// A receiver tries a frame at most four times at kErasures and above: 96 trials of a 20-bit check
// are 9.2e-5 false accepts a frame, noise refused before not counted.
constexpr std::size_t kMaxTrials = 24;
// Two wrong bits leave four words equally near.
constexpr std::size_t kWeakest = 5, kOptions = 4;
constexpr unsigned kSets = 1U << 2 * kWeakest;  // two bits say which option a weak word takes
// Words of the part that must be received without a wrong bit when no checksum holds.
constexpr std::size_t kMainNibbles = 2 * kMainBytes;

using Nibbles = std::array<std::uint8_t, kNibbles>;
using Bytes = std::array<std::uint8_t, kFrameBytes>;

std::uint32_t feed(std::uint32_t crc, std::uint8_t byte) {
  crc ^= std::uint32_t{byte} << 24;
  for (int i = 0; i < 8; ++i) crc = (crc << 1) ^ ((crc & 0x80000000U) != 0 ? kPolynomial : 0U);
  return crc;
}

// The sonde's processor feeds whole words from memory: last byte first.
std::uint32_t feed_words(std::uint32_t crc, std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    for (std::size_t i = 4; i > 0; --i) crc = feed(crc, bytes[at + i - 1]);
  }
  return crc;
}

float clean(float llr) { return std::isfinite(llr) ? std::clamp(llr, -kMaxLlr, kMaxLlr) : 0.0F; }

/// Whether start and stop bits are where a UART puts them.
bool framing_agrees(std::span<const float> llr) {
  double agreed = 0, total = 0;
  for (std::size_t at = kHeaderAt; at < kFrameBits; at += kBitsPerOctet) {
    const float start = clean(llr[at]), stop = clean(llr[at + kBitsPerOctet - 1]);
    agreed += static_cast<double>(stop - start);
    total += static_cast<double>(std::fabs(stop) + std::fabs(start));
  }
  return total > 0 && agreed >= kMinFraming * total;
}

struct Word {
  std::array<std::uint8_t, kOptions> option{};  ///< nibbles, the likeliest first
  std::array<float, kOptions> cost{};           ///< log odds of the first against each
  int flipped = 0;
  bool complete = true;  ///< no bit of it was erased
};

Word decide(std::span<const float> llr, std::size_t nibble) {
  std::array<float, 16> metric{};
  std::uint8_t signs = 0, erased = 0;
  for (std::size_t bit = 0; bit < 8; ++bit) {
    const float x = clean(llr[word_bit(nibble, bit)]);
    const auto mask = static_cast<std::uint8_t>(1U << bit);
    if (x > 0) signs = static_cast<std::uint8_t>(signs | mask);
    if (x == 0) erased = static_cast<std::uint8_t>(erased | mask);
    for (std::size_t k = 0; k < 16; ++k) metric[k] += (kWords[k] & mask) != 0 ? x : -x;
  }
  std::array<std::uint8_t, 16> order{};
  for (std::uint8_t k = 0; k < 16; ++k) order[k] = k;
  std::partial_sort(order.begin(), order.begin() + kOptions, order.end(),
                    [&metric](std::uint8_t a, std::uint8_t b) {
                      return metric[a] != metric[b] ? metric[a] > metric[b] : a < b;
                    });
  Word word;
  for (std::size_t i = 0; i < kOptions; ++i) {
    word.option[i] = order[i];
    word.cost[i] = 0.5F * (metric[order[0]] - metric[order[i]]);
  }
  word.flipped = std::popcount(static_cast<unsigned>((signs ^ kWords[order[0]]) & ~erased));
  word.complete = erased == 0;
  return word;
}

Bytes pack(const Nibbles& nibbles) {
  Bytes bytes{};
  for (std::size_t i = 0; i < kFrameBytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>(nibbles[2 * i] << 4 | nibbles[2 * i + 1]);
  }
  return bytes;
}

bool burst_holds(const Bytes& b) {
  const std::uint32_t check = burst_check(b);
  return check >> 16 == static_cast<unsigned>(b[106] << 8 | b[107]) &&
         (check >> 12 & 0xFU) == static_cast<unsigned>(b[100] >> 4);
}

bool main_holds(const Bytes& b) {
  const std::uint32_t sent = static_cast<std::uint32_t>(b[52]) << 24 |
                             static_cast<std::uint32_t>(b[53]) << 16 |
                             static_cast<std::uint32_t>(b[54]) << 8 | b[55];
  return std::ranges::any_of(kContinuousHeaders,
                             [&](std::uint8_t header) { return main_check(header, b) == sent; });
}

// Where no checksum holds (one whose constant differs from sonde to sonde, perhaps) the content
// must at least be a fix.
bool looks_like_a_fix(const Bytes& b) {
  const auto word = [&b](std::size_t at) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(b[at]) << 24 |
                                     static_cast<std::uint32_t>(b[at + 1]) << 16 |
                                     static_cast<std::uint32_t>(b[at + 2]) << 8 | b[at + 3]);
  };
  const bool place = word(8) != 0 || word(12) != 0;
  return word(0) != 0 && place && word(4) >= 0 && word(4) <= 235'959'999 &&
         std::abs(std::int64_t{word(8)}) <= 90'000'000 &&
         std::abs(std::int64_t{word(12)}) <= 180'000'000 && word(16) >= -4000 &&
         word(16) <= 600'000 && (b[0x2B] & 0x30U) == 0x30U;
}

/// A frame's words and what they may be instead.
class Choice {
 public:
  explicit Choice(std::span<const float> llr) {
    for (std::size_t i = 0; i < kNibbles; ++i) {
      words_[i] = decide(llr, i);
      nibbles_[i] = words_[i].option[0];
    }
  }

  [[nodiscard]] const Nibbles& nibbles() const { return nibbles_; }
  [[nodiscard]] const Word& word(std::size_t i) const { return words_[i]; }

  [[nodiscard]] bool main_part_clean() const {
    return std::all_of(words_.begin(), words_.begin() + kMainNibbles,
                       [](const Word& w) { return w.flipped == 0 && w.complete; });
  }

  /// Tries other nibbles for the least certain of the first `count` words, the likeliest
  /// combination first, until `holds`. @returns whether it did; the nibbles are then those.
  template <typename Holds>
  bool search(std::size_t count, Holds holds) {
    std::array<std::size_t, kNibbles> order{};
    for (std::size_t i = 0; i < count; ++i) order[i] = i;
    std::partial_sort(
        order.begin(), order.begin() + kWeakest, order.begin() + static_cast<std::ptrdiff_t>(count),
        [this](std::size_t a, std::size_t b) { return words_[a].cost[1] < words_[b].cost[1]; });
    struct Trial {
      float cost;
      unsigned set;
    };
    std::array<Trial, kSets - 1> trials{};  // without the set that changes nothing
    for (unsigned set = 1; set < kSets; ++set) {
      float cost = 0;
      for (std::size_t i = 0; i < kWeakest; ++i) cost += words_[order[i]].cost[set >> 2 * i & 3U];
      trials[set - 1] = {cost, set};
    }
    const auto last = trials.begin() + kMaxTrials;
    std::partial_sort(trials.begin(), last, trials.end(),
                      [](const Trial& a, const Trial& b) { return a.cost < b.cost; });
    const Nibbles first = nibbles_;
    for (auto trial = trials.begin(); trial != last; ++trial) {
      for (std::size_t i = 0; i < kWeakest; ++i) {
        nibbles_[order[i]] = words_[order[i]].option[trial->set >> 2 * i & 3U];
      }
      if (holds(pack(nibbles_))) return true;
    }
    nibbles_ = first;
    return false;
  }

 private:
  std::array<Word, kNibbles> words_{};
  Nibbles nibbles_{};
};

void fill(const Choice& choice, std::span<const float> llr, std::size_t good_bytes, Frame& out) {
  const Bytes bytes = pack(choice.nibbles());
  out.bytes.assign(bytes.begin(), bytes.end());
  out.reliability.assign(kFrameBytes, 0);
  out.byte_ok.assign(kFrameBytes, 0);
  out.bits_corrected = 0;
  for (std::size_t i = 0; i < kFrameBytes; ++i) {
    out.reliability[i] = std::min(choice.word(2 * i).cost[1], choice.word(2 * i + 1).cost[1]);
    out.byte_ok[i] = i < good_bytes ? 1 : 0;
  }
  for (std::size_t i = 0; i < 2 * good_bytes; ++i) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const float x = clean(llr[word_bit(i, bit)]);
      const bool one = (kWords[choice.nibbles()[i]] >> bit & 1U) != 0;
      if (x != 0 && (x > 0) != one) ++out.bits_corrected;
    }
  }
}

}  // namespace

std::uint32_t burst_check(std::span<const std::uint8_t> frame) noexcept {
  std::uint32_t crc = feed_words(0, frame.first(100));
  crc = feed(feed(crc, frame[103]), frame[102]);
  auto v = static_cast<std::uint32_t>(frame[105] << 8 | frame[104]);
  for (int i = 0; i < 16; ++i) v = (v & 1U) != 0 ? ((v ^ kPolynomial) >> 1) | 0x80000000U : v >> 1;
  return crc ^ v ^ kBurstXor;
}

std::uint32_t main_check(std::uint8_t header, std::span<const std::uint8_t> frame) noexcept {
  return feed_words(feed(0xFFFFFFFFU, header), frame.first(kMainBytes));
}

bool decode(std::span<const float> llr, Effort effort, Frame& out) noexcept {
  if (llr.size() != kFrameBits || !framing_agrees(llr)) return false;
  Choice choice(llr);
  const Bytes first = pack(choice.nibbles());
  const bool search = effort >= Effort::kErasures;
  std::size_t good = 0;
  if (burst_holds(first)) {
    good = kFrameBytes;
  } else if (main_holds(first)) {
    good = kMainBytes + 4;
  } else if (choice.main_part_clean() && looks_like_a_fix(first)) {
    good = kMainBytes;
  } else if (search && choice.search(kNibbles, burst_holds)) {
    good = kFrameBytes;
  } else if (search && choice.search(kMainNibbles + 8, main_holds)) {
    good = kMainBytes + 4;
  }
  if (good == 0) return false;
  fill(choice, llr, good, out);
  if (good == kFrameBytes) std::fill_n(out.byte_ok.begin() + kUncheckedAt, 2, std::uint8_t{0});
  out.effort = effort;
  return true;
}

}  // namespace omnisonde::imet54
