// A packet of the Lockheed Martin LMS6-1680 (Sippican MK2A) as soft bits: UART characters, length,
// the two copies, checksum.
//
//   on air  CA CA | 24 52, type 'T' or 'M', copy '1' or '2', serial (low half), frame, length L,
//           payload of L bytes, CRC-16 of all before
//   character: start bit 0, eight bits, the lowest first, stop bit 1
// Both copies are the same but for the copy byte, and thereby the checksum, which is linear.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "decoders/sonde.hpp"

namespace omnisonde::mk2a {

/// CA CA 24 52 as characters. (A third CA would make idle characters pass for the sync: 41 bits of
/// 50 would be the same.)
inline constexpr std::string_view kSyncBits = "0010100111001010011100010010010010010101";
inline constexpr std::size_t kFillBytes = 2;  ///< of the sync, before the packet
inline constexpr std::size_t kBitsPerByte = 10;
inline constexpr std::size_t kHeaderBytes = 10;  ///< up to the length
inline constexpr std::size_t kFrameBytes = kHeaderBytes + 2;
inline constexpr std::size_t kLeastPayload = 10, kMostPayload = 250;
inline constexpr std::uint8_t kPosition = 'T', kMeasurement = 'M';
inline constexpr std::size_t kMeasurementPayload = 56;
inline constexpr std::size_t kSatelliteBytes = 13, kPositionPayload = 32, kMostSatellites = 16;

/// Bits from the sync on that a packet with this payload takes.
[[nodiscard]] constexpr std::size_t bits_of(std::size_t payload) {
  return kBitsPerByte * (kFillBytes + kFrameBytes + payload);
}

/// Whether these bytes are a packet, checksum included.
[[nodiscard]] bool is_packet(std::span<const std::uint8_t> bytes) noexcept;

/// Whether kFillBytes + kHeaderBytes characters begin as a packet does: sync, start and stop bits.
[[nodiscard]] bool begins_packet(std::span<const float> llr) noexcept;

/// The payload's length, judged from kFillBytes + kHeaderBytes characters. A position packet has
/// 32 + 13 bytes per satellite, a measurement 56; other lengths need to be plain.
[[nodiscard]] std::size_t payload_length(std::span<const float> llr);

/// Corrects packets of one sonde: keeps what it needs of the copy before and of the last good ones.
class PacketDecoder {
 public:
  /// @param llr  soft bits from the sync on
  /// @returns    false if no checksum holds. At most six words are tried, so that a packet beyond
  ///             repair passes with 1e-4; noise fails by its start and stop bits before.
  bool decode(std::span<const float> llr, Effort effort, Frame& out);

  /// Adds what the last two packets of this kind had in common.
  void add_priors(std::span<float> llr) const;

  /// Takes note of a good packet.
  void learn(std::span<const std::uint8_t> packet);

 private:
  using Soft = std::vector<float>;  ///< eight values per byte, start and stop bits removed

  struct Known {
    std::vector<std::uint8_t> last, before;
  };
  bool try_length(std::span<const float> llr, std::size_t payload, Effort effort, Frame& out);
  bool try_word(const Soft& soft, int flips, Frame& out);
  bool combine(const Soft& first, const Soft& second);
  [[nodiscard]] const Known& known(bool position) const { return known_[position ? 1 : 0]; }

  std::array<Known, 2> known_;               ///< measurement, position
  std::array<std::vector<float>, 2> first_;  ///< first copies that failed, the same
  Soft soft_, sum_;
  std::vector<std::uint8_t> word_;
  std::vector<std::size_t> weakest_;
};

}  // namespace omnisonde::mk2a
