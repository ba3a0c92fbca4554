#include "decoders/sondes/mts01_frame.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "decoders/fec/crc_list.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde::mts01 {
namespace {

constexpr float kMaxLlr = 200;
constexpr std::size_t kLeastFields = 13;  // up to the second thermistor value
// Held against the CRC are the frame's signs, its characters and four changes of these, if no more
// than kMaxWrong characters are likely to be wrong: then such a word is right far more often than
// 1 in 65536. What is damaged more is refused unseen, but for its signs.
constexpr double kMaxWrong = 4;
constexpr std::size_t kDoubtful = 3;
constexpr std::array<std::array<bool, kDoubtful>, 4> kChangesTried = {
    {{true, false, false}, {false, true, false}, {true, true, false}, {false, false, true}}};

std::uint16_t mirrored(std::uint16_t value) {
  std::uint16_t out = 0;
  for (unsigned i = 0; i < 16; ++i) {
    if ((value >> i & 1U) != 0) out |= static_cast<std::uint16_t>(0x8000U >> i);
  }
  return out;
}

std::uint16_t as_sent(std::uint16_t crc) {
  const std::uint16_t m = mirrored(crc);
  return static_cast<std::uint16_t>(m << 8U | m >> 8U);
}

std::uint16_t received(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint16_t>(bytes[kTextBytes] << 8U | bytes[kTextBytes + 1]);
}

// Printable up to the first zero, zeros from there on, and the fields that a sonde sends.
bool plausible(std::span<const std::uint8_t> bytes) {
  const std::string_view text = text_of(bytes);
  if (!std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) return false;
  const auto padding = bytes.subspan(text.size());
  if (!std::ranges::all_of(padding, [](std::uint8_t b) { return b == 0; })) return false;
  std::array<std::string_view, kLeastFields> fields;
  if (split(text, fields) < kLeastFields) return false;
  std::int64_t utc_ms = 0;
  double number = 0;
  return fields[0].size() >= 4 && fields[0].size() <= 12 && read_number(fields[2], number) &&
         read_time(fields[3], utc_ms) && read_number(fields[5], number) &&
         read_number(fields[6], number) && read_number(fields[7], number);
}

float likelihood(std::span<const float> llr, std::uint8_t byte) {
  float sum = 0;
  for (std::size_t bit = 0; bit < 8; ++bit) {
    if ((byte << bit & 0x80) != 0) sum += llr[bit];
  }
  return sum;
}

}  // namespace

std::uint16_t checksum(std::span<const std::uint8_t> text) {
  static const fec::Crc16 kCrc(
      {.polynomial = 0x8005, .init = 0xFFFF, .reflected = false, .xor_out = 0});
  return as_sent(kCrc(text));
}

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  const auto end = std::ranges::find(bytes, std::uint8_t{0});
  return {reinterpret_cast<const char*>(bytes.data()),
          static_cast<std::size_t>(end - bytes.begin())};
}

std::size_t split(std::string_view text, std::span<std::string_view> fields) {
  std::size_t count = 0;
  while (count < fields.size()) {
    const std::size_t comma = text.find(',');
    fields[count++] = text.substr(0, comma);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return count;
}

bool read_number(std::string_view field, double& value) {
  const char* const end = field.data() + field.size();
  const auto [last, fault] = std::from_chars(field.data(), end, value, std::chars_format::fixed);
  return fault == std::errc{} && last == end && std::isfinite(value);
}

bool read_time(std::string_view field, std::int64_t& utc_ms) {
  if (field.size() != 12) return false;
  std::array<int, 6> part{};
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] < '0' || field[i] > '9') return false;
    part[i / 2] = 10 * part[i / 2] + (field[i] - '0');
  }
  const CivilTime time{2000 + part[0], part[1], part[2], part[3], part[4], part[5], 0};
  if (time.month < 1 || time.month > 12 || time.day < 1 || time.hour > 23 || time.minute > 59 ||
      time.second > 59)
    return false;
  utc_ms = from_civil(time).ms;
  return to_civil({utc_ms}).day == time.day;  // no 31 April
}

FrameDecoder::FrameDecoder()
    : linear_({.polynomial = 0x8005, .init = 0, .reflected = false, .xor_out = 0}) {
  for (const char c : std::string_view("0123456789.,-")) known_[static_cast<std::size_t>(c)] = true;
}

// Clean frames may show characters that were not known from sheets.
void FrameDecoder::learn_characters(std::span<const std::uint8_t> bytes) {
  for (const char c : text_of(bytes)) known_[static_cast<std::size_t>(c) & 0x7FU] = true;
}

FrameDecoder::Guess FrameDecoder::choose_characters(std::span<const float> llr) const {
  Guess guess;
  std::array<float, kTextBytes> best{}, runner_up{};
  for (std::size_t i = 0; i < kTextBytes; ++i) {
    best[i] = runner_up[i] = -1e9F;
    for (std::size_t c = 1; c < known_.size(); ++c) {
      if (!known_[c]) continue;
      const float sum = likelihood(llr.subspan(8 * i, 8), static_cast<std::uint8_t>(c));
      if (sum > best[i]) {
        runner_up[i] = best[i];
        guess.second[i] = guess.bytes[i];
        best[i] = sum;
        guess.bytes[i] = static_cast<std::uint8_t>(c);
      } else if (sum > runner_up[i]) {
        runner_up[i] = sum;
        guess.second[i] = static_cast<std::uint8_t>(c);
      }
    }
    guess.margin[i] = best[i] - runner_up[i];
  }
  // Where the text ends: the place that fits best. A zero has likelihood 0 in these terms.
  double sum = 0, highest = 0;
  std::size_t length = 0;
  for (std::size_t i = 0; i < kTextBytes; ++i) {
    sum += static_cast<double>(best[i]);
    if (sum <= highest) continue;
    highest = sum;
    length = i + 1;
  }
  std::fill(guess.bytes.begin() + static_cast<std::ptrdiff_t>(length),
            guess.bytes.begin() + kTextBytes, std::uint8_t{0});
  return guess;
}

bool FrameDecoder::correct(std::span<const float> llr, Guess& guess) const {
  const auto text = std::span(guess.bytes).first(kTextBytes);
  const auto target = static_cast<std::uint16_t>(checksum(text) ^ received(guess.bytes));
  double wrong = 0;
  for (std::size_t i = 0; i < kTextBytes && guess.bytes[i] != 0; ++i) {
    wrong += 1 / (1 + std::exp(static_cast<double>(guess.margin[i])));
  }
  if (wrong > kMaxWrong) return false;
  if (target == 0) return plausible(text);
  std::vector<fec::CrcChange> changes;
  for (std::size_t i = 0; i < kTextBytes && guess.bytes[i] != 0; ++i) {
    std::array<std::uint8_t, kTextBytes> error{};
    error[i] = guess.bytes[i] ^ guess.second[i];
    changes.push_back(
        {guess.margin[i], as_sent(linear_(error)), static_cast<std::uint16_t>(i), guess.second[i]});
  }
  for (std::size_t bit = 0; bit < 16; ++bit) {
    const float cost = std::fabs(llr[8 * kTextBytes + bit]);
    changes.push_back({cost, static_cast<std::uint16_t>(0x8000U >> bit), 0x100, 0});
  }
  std::ranges::partial_sort(changes, changes.begin() + kDoubtful, {}, &fec::CrcChange::cost);
  for (const auto& tried : kChangesTried) {
    std::uint16_t left = target;
    Guess fixed = guess;
    for (std::size_t i = 0; i < kDoubtful; ++i) {
      if (!tried[i]) continue;
      left ^= changes[i].syndrome;
      if (changes[i].place < kTextBytes)
        fixed.bytes[changes[i].place] = static_cast<std::uint8_t>(changes[i].value);
    }
    if (left == 0 && plausible(std::span(fixed.bytes).first(kTextBytes))) {
      guess = fixed;
      return true;
    }
  }
  return false;
}

bool FrameDecoder::decode(std::span<const float> llr, Effort effort, Frame& out) {
  if (llr.size() < kFrameBits) return false;
  std::array<float, 8 * (kTextBytes + 2)> clean{};
  Guess guess;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const float x = llr[8 * kSyncBytes + i];
    clean[i] = std::isfinite(x) ? std::clamp(x, -kMaxLlr, kMaxLlr) : 0;
    if (clean[i] > 0) guess.bytes[i / 8] |= static_cast<std::uint8_t>(0x80U >> i % 8);
  }
  const auto signs = guess.bytes;
  const auto text = std::span(signs).first(kTextBytes);
  if (checksum(text) == received(signs) && plausible(text)) {
    learn_characters(text);
  } else {
    if (effort == Effort::kHard) return false;
    guess = choose_characters(clean);
    guess.bytes[kTextBytes] = signs[kTextBytes];
    guess.bytes[kTextBytes + 1] = signs[kTextBytes + 1];
    if (!correct(clean, guess)) return false;
  }
  out.effort = effort;
  out.bytes.assign(guess.bytes.begin(), guess.bytes.begin() + kTextBytes);
  out.byte_ok.assign(kTextBytes, 1);
  out.reliability.assign(kTextBytes, kMaxLlr);
  out.bits_corrected = 0;
  for (std::size_t i = 0; i < 8 * kTextBytes; ++i) {
    out.reliability[i / 8] = std::min(out.reliability[i / 8], std::fabs(clean[i]));
    const unsigned different = static_cast<unsigned>(signs[i / 8] ^ guess.bytes[i / 8]);
    if ((different << i % 8 & 0x80U) != 0) ++out.bits_corrected;
  }
  return true;
}

}  // namespace omnisonde::mts01
