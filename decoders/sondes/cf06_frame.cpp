#include "decoders/sondes/cf06_frame.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "decoders/fec/crc.hpp"
#include "decoders/fec/reed_solomon.hpp"
#include "decoders/geo/ecef.hpp"

namespace omnisonde::cf06 {
namespace {

constexpr std::size_t kParity = 6;
constexpr double kHighest_m = 60'000, kLowest_m = -500;

/// One Reed-Solomon word of a CF-06AH: message, its CRC-16 last, then the parity.
struct Part {
  std::size_t at, message;
};
constexpr Part kPart1{7, 42}, kPart2{55, 41};

// Bytes that are the same in every frame.
constexpr std::array<std::uint8_t, 4> kHead = {0x7F, 0xFF, 0xAA, 0xAA};
constexpr std::size_t kHeadAt = 3, kFillAt = 55, kFillBytes = 10;
constexpr std::uint8_t kFill = 0xAA;
constexpr double kMinAgreement = 0.4;  // noise: 0 +- 0.094

// How many of the least reliable bytes are given up, in turn. Six leave Reed-Solomon nothing to
// check and the CRC alone decides: that is tried twice (the last set takes the seventh for the
// sixth), so that all trials of all efforts together stay below 1e-4.
constexpr std::array<std::size_t, 6> kErasures = {2, 3, 4, 5, 6, 7};

const fec::ReedSolomon& code() {
  static const fec::ReedSolomon kCode(
      {.field_polynomial = 0x11D, .first_root = 1, .root_step = 1, .parity = kParity});
  return kCode;
}

std::uint16_t crc_of(std::span<const std::uint8_t> bytes) {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0, .reflected = false, .xor_out = 0});
  return kCrc(bytes);
}

float clean(float llr) { return std::isfinite(llr) ? llr : 0.0F; }

/// Whether the constant bytes are there.
bool is_cf06ah(std::span<const float> llr) {
  double agreed = 0, total = 0;
  const auto look = [&](std::size_t byte, std::uint8_t value) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const auto x = static_cast<double>(clean(llr[kPreambleBits + 8 * byte + bit]));
      const double limited = std::clamp(x, -50.0, 50.0);
      agreed += (value >> bit & 1U) != 0 ? limited : -limited;
      total += std::fabs(limited);
    }
  };
  for (std::size_t i = 0; i < kHead.size(); ++i) look(kHeadAt + i, kHead[i]);
  for (std::size_t i = 0; i < kFillBytes; ++i) look(kFillAt + i, kFill);
  return total > 0 && agreed >= kMinAgreement * total;
}

/// The word of a part in the code's order: first byte = highest power.
std::vector<std::uint8_t> word_of(std::span<const std::uint8_t> bytes, const Part& part) {
  std::vector<std::uint8_t> word(part.message + kParity);
  for (std::size_t i = 0; i < word.size(); ++i) word[word.size() - 1 - i] = bytes[part.at + i];
  return word;
}

bool checksum_holds(std::span<const std::uint8_t> bytes, const Part& part) {
  const std::size_t end = part.at + part.message;
  const unsigned sent = static_cast<unsigned>(bytes[end - 2] << 8 | bytes[end - 1]);
  return crc_of(bytes.subspan(part.at, part.message - 2)) == sent;
}

/// Corrects one part of `bytes` with these positions given up. @returns whether its CRC holds
bool try_part(std::vector<std::uint8_t>& bytes, const Part& part,
              std::span<const std::uint8_t> erasures) {
  std::vector<std::uint8_t> word = word_of(bytes, part);
  if (!code().decode(word, erasures)) return false;
  std::vector<std::uint8_t> trial = bytes;
  for (std::size_t i = 0; i < word.size(); ++i) trial[part.at + i] = word[word.size() - 1 - i];
  if (!checksum_holds(trial, part)) return false;
  bytes = std::move(trial);
  return true;
}

bool correct_part(std::vector<std::uint8_t>& bytes, std::span<const float> reliability,
                  const Part& part, Effort effort) {
  if (try_part(bytes, part, {})) return true;
  if (effort == Effort::kHard) return false;
  const std::size_t length = part.message + kParity;
  std::vector<std::uint8_t> order(length);  // positions in the word, least reliable first
  for (std::size_t i = 0; i < length; ++i) order[i] = static_cast<std::uint8_t>(i);
  std::ranges::stable_sort(order, {}, [&](std::uint8_t position) {
    return reliability[part.at + length - 1 - position];
  });
  for (const std::size_t count : kErasures) {
    std::vector<std::uint8_t> erased(order.begin(),
                                     order.begin() + static_cast<std::ptrdiff_t>(count));
    if (count > kParity) erased.erase(erased.end() - 2);
    if (try_part(bytes, part, erased)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::uint8_t> to_bytes(std::span<const float> llr, BitOrder order) {
  std::vector<std::uint8_t> bytes(llr.size() / 8);
  for (std::size_t i = 0; i < 8 * bytes.size(); ++i) {
    const unsigned place = order == BitOrder::kLeastFirst ? i % 8 : 7 - i % 8;
    if (clean(llr[i]) > 0) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 1U << place);
  }
  return bytes;
}

std::vector<float> reliabilities(std::span<const float> llr) {
  std::vector<float> out(llr.size() / 8);
  for (std::size_t i = 0; i < out.size(); ++i) {
    float least = std::fabs(clean(llr[8 * i]));
    for (std::size_t bit = 1; bit < 8; ++bit) {
      least = std::min(least, std::fabs(clean(llr[8 * i + bit])));
    }
    out[i] = least;
  }
  return out;
}

bool correct_cf06ah(std::span<const float> llr, Effort effort, Frame& out) {
  if (llr.size() != kFastBits || !is_cf06ah(llr)) return false;
  const std::span<const float> body = llr.subspan(kPreambleBits);
  const std::vector<std::uint8_t> sent = to_bytes(body, BitOrder::kLeastFirst);
  std::vector<float> reliability = reliabilities(body);
  std::vector<std::uint8_t> bytes = sent;
  std::fill_n(bytes.begin() + kFillAt, kFillBytes, kFill);
  std::fill_n(reliability.begin() + kFillAt, kFillBytes, 1e6F);
  if (!correct_part(bytes, reliability, kPart1, effort)) return false;
  out.byte_ok.assign(kFastBytes, 0);
  std::fill_n(out.byte_ok.begin() + kPart1.at, kPart1.message + kParity, std::uint8_t{1});
  if (correct_part(bytes, reliability, kPart2, effort)) {
    std::fill_n(out.byte_ok.begin() + kPart2.at, kPart2.message + kParity, std::uint8_t{1});
  }
  out.bits_corrected = 0;
  for (std::size_t i = 0; i < kFastBytes; ++i) {
    out.bits_corrected += std::popcount(static_cast<unsigned>(sent[i] ^ bytes[i]));
  }
  out.bytes = std::move(bytes);
  out.reliability = std::move(reliability);
  out.effort = effort;
  return true;
}

WeakBits weakest_bits(std::span<const float> llr, std::size_t first_bit) {
  WeakBits weak{first_bit, first_bit + 1};
  const auto size = [llr](std::size_t i) { return std::fabs(clean(llr[i])); };
  if (size(weak.second) < size(weak.first)) std::swap(weak.first, weak.second);
  for (std::size_t i = first_bit + 2; i < llr.size(); ++i) {
    if (size(i) < size(weak.first)) {
      weak.second = weak.first;
      weak.first = i;
    } else if (size(i) < size(weak.second)) {
      weak.second = i;
    }
  }
  return weak;
}

std::optional<std::int64_t> time_of_day(ByteReader& r, std::size_t at) {
  const int hour = r.u8(at) & 0x1F;
  const int minute = r.u8(at + 1) & 0x3F;
  const int tenths = r.u8(at + 2) | (r.u8(at + 1) & 0xC0) << 2;
  if (hour > 23 || minute > 59 || tenths > 599) return {};
  return (hour * 60 + minute) * 60'000LL + tenths * 100;
}

std::optional<double> degrees_of(float radians, double limit_deg) {
  if (!std::isfinite(radians)) return {};
  const double degrees = static_cast<double>(radians) * 180 / std::numbers::pi;
  constexpr double kFloat_deg = 2e-5;  // the float next to a pole lies beyond it
  if (std::fabs(degrees) > limit_deg + kFloat_deg) return {};
  return std::clamp(degrees, -limit_deg, limit_deg);
}

void put_velocity(int north_cmps, int east_cmps, int up_cmps, Telemetry& t) {
  const geo::LocalVelocity v{north_cmps * 0.01, east_cmps * 0.01, up_cmps * 0.01};
  t.velocity_h_mps = static_cast<float>(geo::ground_speed_mps(v));
  t.velocity_v_mps = static_cast<float>(v.up_mps);
  t.heading_deg = static_cast<float>(geo::heading_deg(v));
}

void put_position(std::optional<double> latitude_deg, std::optional<double> longitude_deg,
                  double altitude_m, Telemetry& t) {
  t.height_reference = HeightReference::kMeanSeaLevel;
  if (!latitude_deg || !longitude_deg) {
    t.hold_reason = "impossible position";
  } else if (*latitude_deg == 0 && *longitude_deg == 0) {
    t.hold_reason = "no position";
  } else {
    t.position = GeoPosition{*latitude_deg, *longitude_deg, altitude_m};
    if (altitude_m < kLowest_m || altitude_m > kHighest_m) {
      t.hold_reason = "altitude outside -500..60000 m";
    } else if (!t.datetime) {
      t.hold_reason = "date not known: the receiver's clock is not set";
    } else if (t.serial.empty()) {
      t.hold_reason = "serial not in digits";
    }
  }
}

std::uint32_t Memory::learn(const Frame& frame, const std::string& serial) {
  if (serial != serial_) {
    if (!serial_.empty()) ++epoch_;
    serial_ = serial;
    standing_.reset();
  }
  std::vector<std::uint8_t> bits(frame_bits_), good(frame_bits_);
  for (std::size_t i = first_bit_; i < frame_bits_; ++i) {
    const std::size_t byte = (i - first_bit_) / 8, within = (i - first_bit_) % 8;
    if (byte >= frame.bytes.size() || byte >= frame.byte_ok.size()) continue;
    const std::size_t place = order_ == BitOrder::kLeastFirst ? within : 7 - within;
    bits[i] = static_cast<std::uint8_t>(frame.bytes[byte] >> place & 1U);
    good[i] = frame.byte_ok[byte];
  }
  standing_.learn(bits, good);
  return epoch_;
}

}  // namespace omnisonde::cf06
