#include "decoders/sondes/imet_packets.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "decoders/byte_reader.hpp"
#include "decoders/fec/crc.hpp"

namespace omnisonde::imet {
namespace {

enum Type : std::uint8_t { kPtu = 1, kGps = 2, kXdata = 3, kPtux = 4, kGpsx = 5 };
constexpr std::array kTypes = {kGps, kPtux, kXdata, kPtu, kGpsx};
constexpr std::size_t kWeakBits = 8;

// Length by type; XDATA's by its count of data bytes. 0 for unknown types.
std::size_t packet_bytes(std::uint8_t type, std::uint8_t count) {
  switch (type) {
    case kPtu:
      return 14;
    case kGps:
      return 18;
    case kXdata:
      return count + std::size_t{5};
    case kPtux:
      return 20;
    case kGpsx:
      return 30;
    default:
      return 0;
  }
}

struct SoftBytes {
  std::span<const float> llr;

  [[nodiscard]] std::size_t count() const {
    return llr.size() < kMarks ? 0 : (llr.size() - kMarks) / kByteBits;
  }
  [[nodiscard]] float bit(std::size_t byte, std::size_t i) const {
    return llr[kMarks + byte * kByteBits + 1 + i];
  }
  [[nodiscard]] std::uint8_t hard(std::size_t byte) const {
    unsigned value = 0;
    for (std::size_t i = 0; i < 8; ++i) value |= (bit(byte, i) > 0 ? 1U : 0U) << i;
    return static_cast<std::uint8_t>(value);
  }
  // Log odds, up to a constant, that this byte was sent: start and stop bits included.
  [[nodiscard]] float odds(std::size_t byte, std::uint8_t value) const {
    const std::size_t at = kMarks + byte * kByteBits;
    float sum = llr[at + 9] - llr[at];
    for (std::size_t i = 0; i < 8; ++i)
      sum += (value >> i & 1U) != 0 ? bit(byte, i) : -bit(byte, i);
    return sum;
  }
  [[nodiscard]] float idle_odds(std::size_t byte) const {
    float sum = 0;
    for (std::size_t i = 0; i < kByteBits; ++i) sum += llr[kMarks + byte * kByteBits + i];
    return sum;
  }
};

bool crc_holds(std::span<const std::uint8_t> packet) {
  const std::size_t n = packet.size();
  return n > 4 && packet_crc(packet.first(n - 2)) == (packet[n - 2] << 8 | packet[n - 1]);
}

// What may be wrong: one weak bit, or two neighbours (the audio's phase makes errors come in
// pairs).
struct Turn {
  float cost;
  std::size_t bit;  ///< of the packet
  bool pair;
};

std::vector<Turn> likely_turns(const SoftBytes& soft, std::size_t from, std::size_t bytes) {
  std::vector<Turn> turns;
  const auto strength = [&](std::size_t i) { return std::abs(soft.bit(from + i / 8, i % 8)); };
  for (std::size_t i = 16; i < bytes * 8; ++i) {
    turns.push_back({strength(i), i, false});
    if (i % 8 == 7 || i + 1 == bytes * 8) continue;
    const bool differ =
        (soft.bit(from + i / 8, i % 8) > 0) != (soft.bit(from + (i + 1) / 8, (i + 1) % 8) > 0);
    turns.push_back({std::max(strength(i), strength(i + 1)) + (differ ? 0.0F : 1.0F), i, true});
  }
  const auto keep = static_cast<std::ptrdiff_t>(std::min(kWeakBits, turns.size()));
  std::partial_sort(turns.begin(), turns.begin() + keep, turns.end(),
                    [](const Turn& a, const Turn& b) { return a.cost < b.cost; });
  turns.resize(static_cast<std::size_t>(keep));
  return turns;
}

// The packet of that type at byte `from`, if its CRC holds, as received or after a few turns.
std::vector<std::uint8_t> read_packet(const SoftBytes& soft, std::size_t from, std::uint8_t type,
                                      int& trials, int& corrected) {
  const std::size_t bytes =
      from + 3 <= soft.count() ? packet_bytes(type, soft.hard(from + 2)) : soft.count() + 1;
  if (bytes == 0 || from + bytes > soft.count()) return {};
  std::vector<std::uint8_t> packet(bytes);
  for (std::size_t i = 0; i < bytes; ++i) packet[i] = soft.hard(from + i);
  corrected += static_cast<int>(packet[0] != 1) + static_cast<int>(packet[1] != type);
  packet[0] = 1;
  packet[1] = type;
  if (crc_holds(packet)) return packet;
  if (trials <= 0) return {};
  for (const Turn& turn : likely_turns(soft, from, bytes)) {
    if (trials-- <= 0) break;
    std::vector<std::uint8_t> other = packet;
    const std::size_t last = turn.bit + (turn.pair ? 1 : 0);
    for (std::size_t i = turn.bit; i <= last; ++i)
      other[i / 8] = static_cast<std::uint8_t>(other[i / 8] ^ 1U << i % 8);
    // The count of an XDATA packet decides its length.
    if (type == kXdata && packet_bytes(type, other[2]) != bytes) continue;
    if (!crc_holds(other)) continue;
    corrected += static_cast<int>(last - turn.bit + 1);
    return other;
  }
  return {};
}

std::uint8_t likeliest_type(const SoftBytes& soft, std::size_t at) {
  return *std::ranges::max_element(kTypes, {},
                                   [&](std::uint8_t type) { return soft.odds(at + 1, type); });
}

std::optional<Ptu> parse_ptu(std::span<const std::uint8_t> packet) {
  ByteReader in(packet);
  Ptu out;
  out.number = in.u16_le(2);
  out.pressure_hpa = static_cast<float>(in.u24_le(4)) * 0.01F;
  out.temperature_c = static_cast<float>(in.i16_le(7)) * 0.01F;
  out.humidity_pct = static_cast<float>(in.i16_le(9)) * 0.01F;
  out.battery_v = static_cast<float>(in.u8(11)) * 0.1F;
  return in.ok() ? std::optional(out) : std::nullopt;
}

std::optional<Gps> parse_gps(std::span<const std::uint8_t> packet, bool extended) {
  ByteReader in(packet);
  Gps out;
  const float latitude = in.f32_le(2), longitude = in.f32_le(6);
  if (!std::isfinite(latitude) || !std::isfinite(longitude)) return std::nullopt;
  out.position = {static_cast<double>(latitude), static_cast<double>(longitude),
                  static_cast<double>(in.u16_le(10)) - 5000};
  out.satellites = in.u8(12);
  const std::size_t time_at = extended ? 25 : 13;
  out.hour = in.u8(time_at);
  out.minute = in.u8(time_at + 1);
  out.second = in.u8(time_at + 2);
  if (extended) {
    const Gps::Velocity v{in.f32_le(13), in.f32_le(17), in.f32_le(21)};
    if (std::isfinite(v.east_mps) && std::isfinite(v.north_mps) && std::isfinite(v.up_mps))
      out.velocity = v;
  }
  const bool sane = in.ok() && out.hour < 24 && out.minute < 60 && out.second < 60;
  return sane ? std::optional(out) : std::nullopt;
}

void append_xdata(std::span<const std::uint8_t> data, std::string& out) {
  if (data.empty()) return;
  if (!out.empty()) out += '#';
  for (const std::uint8_t byte : data) {
    out += "0123456789ABCDEF"[byte >> 4U];
    out += "0123456789ABCDEF"[byte & 0xFU];
  }
}

}  // namespace

std::uint16_t packet_crc(std::span<const std::uint8_t> data) {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0x1D0F});
  return kCrc(data);
}

bool read_group(std::span<const float> llr, int trials, Frame& out) {
  out.bytes.clear();
  out.reliability.clear();
  out.byte_ok.clear();
  out.bits_corrected = 0;
  const SoftBytes soft{llr};
  bool position = false, measurement = false;
  for (std::size_t at = 0; at + 5 <= soft.count();) {
    if (at > 0 && soft.idle_odds(at) > soft.odds(at, 1)) break;
    const std::uint8_t type = likeliest_type(soft, at);
    std::vector<std::uint8_t> packet = read_packet(soft, at, type, trials, out.bits_corrected);
    if (packet.empty()) {
      // Its values are lost; what follows a packet of known length can still be read.
      if (type == kXdata) break;
      at += packet_bytes(type, 0);
      continue;
    }
    position = position || type == kGps || type == kGpsx;
    measurement = measurement || type == kPtu || type == kPtux;
    for (std::size_t i = 0; i < packet.size(); ++i) {
      float weakest = 1e9F;
      for (std::size_t bit = 0; bit < 8; ++bit)
        weakest = std::min(weakest, std::abs(soft.bit(at + i, bit)));
      out.reliability.push_back(weakest);
    }
    out.bytes.insert(out.bytes.end(), packet.begin(), packet.end());
    at += packet.size();
  }
  return position && measurement;
}

Group parse_group(std::span<const std::uint8_t> bytes) {
  Group group;
  while (bytes.size() >= 5 && bytes[0] == 1) {
    const std::uint8_t type = bytes[1];
    const std::size_t length = packet_bytes(type, bytes[2]);
    if (length == 0 || length > bytes.size() || !crc_holds(bytes.first(length))) break;
    const auto packet = bytes.first(length);
    if (type == kPtu || type == kPtux) group.ptu = parse_ptu(packet);
    if (type == kGps || type == kGpsx) group.gps = parse_gps(packet, type == kGpsx);
    if (type == kXdata) append_xdata(packet.subspan(3, packet[2]), group.xdata);
    bytes = bytes.subspan(length);
  }
  return group;
}

}  // namespace omnisonde::imet
