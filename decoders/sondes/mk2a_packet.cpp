#include "decoders/sondes/mk2a_packet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "decoders/sondes/lockheed.hpp"

namespace omnisonde::mk2a {
namespace {

constexpr std::size_t kTypeAt = 2, kCopyAt = 3, kSerialAt = 4, kLengthAt = 8;
constexpr std::uint8_t kFirstCopy = '1', kSecondCopy = '2';
constexpr float kMaxLlr = 64;
// Of the start and stop bits, in a packet: a bit error rate that nothing here could repair. Of 44
// characters of noise one in 1e11 has so few wrong ones.
constexpr double kMostFramingErrors = 0.15;
constexpr float kSurprise = 12;  // how much plainer a length must be that no known packet has

float sane(float llr) { return std::isfinite(llr) ? std::clamp(llr, -kMaxLlr, kMaxLlr) : 0.0F; }

std::size_t bit_place(std::size_t byte, unsigned bit) {
  return kBitsPerByte * (kFillBytes + byte) + 1 + bit;
}

// Log odds, but for a constant, that byte `at` of the packet is `value`.
float score(std::span<const float> llr, std::size_t at, unsigned value) {
  float sum = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    const float x = sane(llr[bit_place(at, bit)]);
    sum += (value >> bit & 1U) != 0 ? x : -x;
  }
  return sum / 2;
}

unsigned sliced(std::span<const float> llr, std::size_t at) {
  unsigned byte = 0;
  for (unsigned bit = 0; bit < 8; ++bit) byte |= llr[bit_place(at, bit)] > 0 ? 1U << bit : 0U;
  return byte;
}

// Start and stop bits that are wrong in the packet's first characters.
std::size_t framing_errors(std::span<const float> llr, std::size_t bytes) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::size_t start = kBitsPerByte * (kFillBytes + i);
    wrong += llr[start] < 0 ? 0 : 1;
    wrong += llr[start + kBitsPerByte - 1] > 0 ? 0 : 1;
  }
  return wrong;
}

bool framing_holds(std::span<const float> llr, std::size_t bytes) {
  const auto wrong = static_cast<double>(framing_errors(llr, bytes));
  return wrong <= kMostFramingErrors * 2 * static_cast<double>(bytes);
}

bool says_position(std::span<const float> llr) {
  return score(llr, kTypeAt, kPosition) > score(llr, kTypeAt, kMeasurement);
}

// > 0: the second copy. Eight values per byte.
float second_score(std::span<const float> soft) {
  float sum = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    const float x = soft[8 * kCopyAt + bit];
    sum += ((kSecondCopy >> bit & 1U) != 0 ? x : 0) - ((kFirstCopy >> bit & 1U) != 0 ? x : 0);
  }
  return sum;
}

// What differs between the copies of a packet: the copy byte, and the checksum of that difference.
std::vector<std::uint8_t> difference_of_copies(std::size_t bytes) {
  std::vector<std::uint8_t> difference(bytes);
  difference[kCopyAt] = kFirstCopy ^ kSecondCopy;
  const unsigned crc = lockheed::checksum(std::span(difference).first(bytes - 2));
  difference[bytes - 2] = static_cast<std::uint8_t>(crc >> 8U);
  difference[bytes - 1] = static_cast<std::uint8_t>(crc & 0xFFU);
  return difference;
}

}  // namespace

bool is_packet(std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.size() < kFrameBytes + kLeastPayload || bytes[0] != 0x24 || bytes[1] != 0x52) {
    return false;
  }
  const std::size_t payload = static_cast<std::size_t>(bytes[kLengthAt]) << 8U | bytes[9];
  return payload <= kMostPayload && bytes.size() == kFrameBytes + payload &&
         lockheed::checksum_holds(bytes);
}

bool begins_packet(std::span<const float> llr) noexcept {
  constexpr std::size_t kMostWrong = 4;  // of 20; idle characters have 9
  if (llr.size() < kBitsPerByte * (kFillBytes + kHeaderBytes)) return false;
  std::size_t wrong = 0;
  for (std::size_t i = kBitsPerByte * kFillBytes; i < kSyncBits.size(); ++i) {
    wrong += (llr[i] > 0) == (kSyncBits[i] == '1') ? 0 : 1;
  }
  return wrong <= kMostWrong && framing_errors(llr, kHeaderBytes) <= kMostWrong;
}

std::size_t payload_length(std::span<const float> llr) {
  if (llr.size() < kBitsPerByte * (kFillBytes + kHeaderBytes)) return kMeasurementPayload;
  const auto total = [&](std::uint8_t type, std::size_t payload) {
    return score(llr, kTypeAt, type) + score(llr, kLengthAt, static_cast<unsigned>(payload >> 8U)) +
           score(llr, kLengthAt + 1, payload & 0xFFU);
  };
  std::size_t best = kMeasurementPayload;
  float best_score = total(kMeasurement, best);
  for (std::size_t satellites = 0; satellites <= kMostSatellites; ++satellites) {
    const std::size_t payload = kPositionPayload + kSatelliteBytes * satellites;
    const float odds = total(kPosition, payload);
    if (odds <= best_score) continue;
    best_score = odds;
    best = payload;
  }
  const std::size_t plain = sliced(llr, kLengthAt) << 8U | sliced(llr, kLengthAt + 1);
  if (plain < kLeastPayload || plain > kMostPayload) return best;
  const auto type = static_cast<std::uint8_t>(sliced(llr, kTypeAt));
  return total(type, plain) > best_score + kSurprise ? plain : best;
}

// The sum of both copies' soft bits, as if the first had been sent twice. @returns whether there
// was a first copy.
bool PacketDecoder::combine(const Soft& first, const Soft& second) {
  if (first.size() != second.size()) return false;
  const std::vector<std::uint8_t> difference = difference_of_copies(second.size() / 8);
  sum_.resize(second.size());
  for (std::size_t i = 0; i < second.size(); ++i) {
    const bool differs = (difference[i / 8] >> (i % 8) & 1U) != 0;
    sum_[i] = first[i] + (differs ? -second[i] : second[i]);
  }
  return true;
}

// The signs, and the weakest bits turned over: none, the weakest, the second weakest.
bool PacketDecoder::try_word(const Soft& soft, int flips, Frame& out) {
  weakest_.resize(soft.size());
  std::iota(weakest_.begin(), weakest_.end(), std::size_t{0});
  std::partial_sort(
      weakest_.begin(), weakest_.begin() + flips, weakest_.end(),
      [&](std::size_t a, std::size_t b) { return std::fabs(soft[a]) < std::fabs(soft[b]); });
  word_.assign(soft.size() / 8, 0);
  for (std::size_t i = 0; i < soft.size(); ++i) {
    if (soft[i] > 0) word_[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
  }
  const auto flip = [&](std::size_t i) {
    word_[weakest_[i] / 8] ^= static_cast<std::uint8_t>(1U << (weakest_[i] % 8));
  };
  bool good = is_packet(word_);
  for (std::size_t i = 0; !good && i < static_cast<std::size_t>(flips); ++i) {
    flip(i);
    good = is_packet(word_);
    if (!good) flip(i);
  }
  if (!good) return false;
  out.bytes = word_;
  out.reliability.assign(word_.size(), INFINITY);
  for (std::size_t i = 0; i < soft.size(); ++i) {
    out.reliability[i / 8] = std::min(out.reliability[i / 8], std::fabs(soft[i]));
  }
  out.byte_ok.clear();
  return true;
}

bool PacketDecoder::try_length(std::span<const float> llr, std::size_t payload, Effort effort,
                               Frame& out) {
  const std::size_t bytes = kFrameBytes + payload;
  if (llr.size() < bits_of(payload) || !framing_holds(llr, bytes)) return false;
  soft_.resize(8 * bytes);
  for (std::size_t i = 0; i < soft_.size(); ++i) {
    soft_[i] = sane(llr[bit_place(i / 8, static_cast<unsigned>(i % 8))]);
  }
  const auto received = [&](const Soft& soft) {  // bits that the result has the other way
    out.bits_corrected = 0;
    for (std::size_t i = 0; i < soft.size(); ++i) {
      const bool one = (out.bytes[i / 8] >> (i % 8) & 1U) != 0;
      out.bits_corrected += (soft[i] > 0) != one ? 1 : 0;
    }
  };
  const bool second = second_score(soft_) > 0;
  Soft& first = first_[says_position(llr) ? 1 : 0];
  bool good = try_word(soft_, effort == Effort::kHard ? 0 : 2, out);
  if (good) received(soft_);
  if (!good && second && effort > Effort::kHard && combine(first, soft_)) {
    good = try_word(sum_, 2, out);
    if (good) received(sum_);
  }
  if (!second) first = good ? Soft{} : soft_;
  return good;
}

bool PacketDecoder::decode(std::span<const float> llr, Effort effort, Frame& out) {
  if (llr.size() < bits_of(kLeastPayload)) return false;
  out.effort = effort;
  return try_length(llr, payload_length(llr), effort, out);
}

void PacketDecoder::learn(std::span<const std::uint8_t> packet) {
  Known& kind = known_[packet[kTypeAt] == kPosition ? 1 : 0];
  const bool news = !std::ranges::equal(std::span(kind.last).subspan(0, kind.last.size()), packet);
  if (!news) return;
  kind.before = std::move(kind.last);
  kind.last.assign(packet.begin(), packet.end());
}

void PacketDecoder::add_priors(std::span<float> llr) const {
  if (llr.size() < bits_of(kLeastPayload)) return;
  constexpr float kSteady = 4;
  const std::size_t payload = payload_length(llr);
  const Known& kind = known(says_position(llr));
  if (kind.last.size() != kFrameBytes + payload || llr.size() < bits_of(payload)) return;
  const bool two = kind.before.size() == kind.last.size();
  for (std::size_t i = kSerialAt; i + 2 < kind.last.size(); ++i) {
    const bool serial = i < kSerialAt + 2;
    if (!serial && !(two && kind.before[i] == kind.last[i])) continue;
    for (unsigned bit = 0; bit < 8; ++bit) {
      llr[bit_place(i, bit)] += (kind.last[i] >> bit & 1U) != 0 ? kSteady : -kSteady;
    }
  }
}

}  // namespace omnisonde::mk2a
