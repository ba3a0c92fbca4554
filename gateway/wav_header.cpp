#include "gateway/wav_header.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace omnisonde {
namespace {

constexpr std::uint16_t kPcm = 1;
constexpr std::uint16_t kIeeeFloat = 3;
constexpr std::uint16_t kExtensible = 0xFFFE;

using Bytes = std::span<const std::byte>;

template <typename T>
T little_endian(Bytes bytes, std::size_t at) noexcept {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(std::to_integer<T>(bytes[at + i]) << (8 * i)));
  }
  return value;
}

std::string_view tag_at(Bytes bytes, std::size_t at) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()) + at, 4};
}

// Writers into a pipe cannot come back to fill in the size. Seen: 0, 0xFFFFFFFF, and 2 GiB or a
// little less.
bool size_left_open(std::uint32_t size) noexcept {
  return size == 0 || size >= 0xFFFF0000U || (size >= 0x7FFF0000U && size <= 0x80000000U);
}

std::optional<Error> read_format(Bytes body, WavHeader& header) {
  if (body.size() < 16) return Error{"WAV format chunk is too short", "the file is damaged"};
  auto tag = little_endian<std::uint16_t>(body, 0);
  header.channels = little_endian<std::uint16_t>(body, 2);
  header.sample_rate_hz = little_endian<std::uint32_t>(body, 4);
  const auto block_bytes = little_endian<std::uint16_t>(body, 12);
  const auto bits = little_endian<std::uint16_t>(body, 14);
  // EXTENSIBLE hides the plain tag in the first two bytes of its GUID.
  if (tag == kExtensible && body.size() >= 26) tag = little_endian<std::uint16_t>(body, 24);
  if (tag == kPcm && bits == 8) {
    header.number = WavNumber::kU8;
  } else if (tag == kPcm && bits == 16) {
    header.number = WavNumber::kS16;
  } else if (tag == kPcm && bits == 24) {
    header.number = WavNumber::kS24;
  } else if (tag == kPcm && bits == 32) {
    header.number = WavNumber::kS32;
  } else if (tag == kIeeeFloat && bits == 32) {
    header.number = WavNumber::kF32;
  } else {
    return Error{"WAV with format tag " + std::to_string(tag) + " and " + std::to_string(bits) +
                     " bits per sample is not supported",
                 "convert it to 16-bit PCM"};
  }
  if (header.channels != 1 && header.channels != 2) {
    return Error{"WAV has " + std::to_string(header.channels) + " channels",
                 "2 channels are taken as IQ, 1 as FM audio: extract those"};
  }
  if (header.sample_rate_hz == 0) return Error{"WAV names a sample rate of 0", "repair the file"};
  if (block_bytes != header.channels * bytes_per_number(header.number)) {
    return Error{"WAV format chunk contradicts itself: " + std::to_string(block_bytes) +
                     " bytes per sample of " + std::to_string(header.channels) + " x " +
                     std::to_string(bits) + " bits",
                 "the file is damaged"};
  }
  return std::nullopt;
}

// 'auxi' as SDR programs write it: start time and stop time as Windows SYSTEMTIME (8 x u16: year,
// month, weekday, day, hour, minute, second, ms), then the centre frequency in Hz as u32.
void read_auxi(Bytes body, WavHeader& header) {
  if (body.size() < 36) return;
  const auto field = [&](std::size_t i) { return int{little_endian<std::uint16_t>(body, 2 * i)}; };
  const CivilTime t{.year = field(0),
                    .month = field(1),
                    .day = field(3),
                    .hour = field(4),
                    .minute = field(5),
                    .second = field(6),
                    .millisecond = field(7)};
  // Some programs put XML there; its letters give no plausible date.
  if (t.year < 1990 || t.year > 2200 || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31 ||
      t.hour > 23 || t.minute > 59 || t.second > 59 || t.millisecond > 999) {
    return;
  }
  header.start = from_civil(t);
  const auto centre_hz = little_endian<std::uint32_t>(body, 32);
  if (centre_hz != 0) header.centre_hz = centre_hz;
}

}  // namespace

std::size_t bytes_per_number(WavNumber number) noexcept {
  switch (number) {
    case WavNumber::kU8:
      return 1;
    case WavNumber::kS16:
      return 2;
    case WavNumber::kS24:
      return 3;
    case WavNumber::kS32:
    case WavNumber::kF32:
      return 4;
  }
  return 1;
}

bool looks_like_wav(Bytes head) noexcept {
  return head.size() >= 4 && (tag_at(head, 0) == "RIFF" || tag_at(head, 0) == "RF64");
}

Expected<std::optional<WavHeader>> parse_wav_header(Bytes head) {
  const std::optional<WavHeader> more_needed;
  if (head.size() < 12) return more_needed;
  if (!looks_like_wav(head) || tag_at(head, 8) != "WAVE") {
    return Error{"not a WAV file: it does not start with RIFF ... WAVE",
                 "name the format with --format cu8, cs8, cs16, cf32 or fm"};
  }
  WavHeader header;
  std::uint64_t data_bytes_64 = 0;
  bool format_seen = false;
  std::uint64_t at = 12;
  while (at + 8 <= head.size()) {
    const auto tag = tag_at(head, at);
    const auto size = little_endian<std::uint32_t>(head, at + 4);
    const std::uint64_t body_at = at + 8;
    if (tag == "data") {
      if (!format_seen) return Error{"WAV has no format chunk before its data", "repair the file"};
      header.data_at = body_at;
      if (size == 0xFFFFFFFFU && data_bytes_64 != 0) {
        header.data_bytes = data_bytes_64;
      } else if (!size_left_open(size)) {
        header.data_bytes = size;
      }
      return std::optional(header);
    }
    at = body_at + size + size % 2;  // chunks start at even offsets
    if (tag != "fmt " && tag != "ds64" && tag != "auxi") continue;
    if (body_at + size > head.size()) return more_needed;
    const Bytes body = head.subspan(body_at, size);
    if (tag == "auxi") read_auxi(body, header);
    if (tag == "ds64" && size >= 16) data_bytes_64 = little_endian<std::uint64_t>(body, 8);
    if (tag == "fmt ") {
      if (auto error = read_format(body, header)) return *error;
      format_seen = true;
    }
  }
  return more_needed;
}

}  // namespace omnisonde
