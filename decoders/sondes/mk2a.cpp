// Lockheed Martin LMS6-1680, also known as Sippican MK2A.
//
// FSK around 1680 MHz, 9616 symbols/s, 100 kHz between the tones; UART characters, packets see
// mk2a_packet.hpp. Each second: measurement, position, and both again as second copies.
//
//   position 'T', big-endian           measurement 'M'
//    10  GPS time of week, ms           10  0D
//    14  unknown (s32)                  11  13 raw counts, 3 bytes each
//    18  latitude, longitude,           50  16 bytes of configuration, another page with each frame
//        x 1/0xB60B60 deg
//    26  altitude above the ellipsoid, mm
//    30  east, north, up, 3 bytes each, mm/s
//    41  number of satellites, 13 bytes about each
// Packets carry the low half of the serial. The page with all of it begins with that half; any
// other page does so by chance in one of 65536. There is no date: the week is the one nearest to
// the receiver's clock. Facts: formats/mk2a.md, from rs1729/RS, radiosonde_auto_rx and the byte
// stream published there (which is where the length field and the copies were found).
#include <algorithm>
#include <optional>
#include <utility>

#include "decoders/byte_reader.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/lockheed.hpp"
#include "decoders/sondes/mk2a_packet.hpp"

namespace omnisonde {
namespace mk2a {
namespace {

constexpr double kLowest_m = -100;
constexpr int kFewestSatellites = 4;

constexpr SondeSpec kSpec{.type = "LMS6-1680",
                          .manufacturer = "Lockheed Martin",
                          .variants = "MK2A",
                          .fields = "velocity, satellites",
                          .modem = {.symbol_rate_hz = 9616,
                                    .deviation_hz = 50'000,
                                    .bt = 1.0F,
                                    .channel_rate_hz = 240'000,
                                    .bandwidth_hz = 180'000,
                                    .line_code = dsp::LineCode::kNrz},
                          .sync_bits = kSyncBits,
                          .accept_inverted = true,
                          .head_bits = kBitsPerByte * (kFillBytes + kHeaderBytes),
                          .max_frame_bits = bits_of(kMostPayload),
                          .frame_period_s = 0,
                          .grain = {.time_s = 0.1}};

/// The full serial, put together from configuration pages.
class Serial {
 public:
  /// @returns whether the sonde is another one than before.
  bool set_low(std::uint16_t low) {
    if (low_ == low) return false;
    const bool changed = low_.has_value();
    *this = {};
    low_ = low;
    return changed;
  }

  /// A page that begins with the low half. All known serials have 24 bits: such a value is taken at
  /// once, any other (or one that contradicts) when two frames have it.
  void add_page(std::uint16_t high, std::uint16_t frame) {
    const bool repeated = candidate_ == high && candidate_frame_ != frame;
    if (repeated || (!high_ && !candidate_ && high < 0x100)) {
      high_ = high;
    } else if (high_ && high_ != high) {
      high_.reset();
    }
    candidate_ = high;
    candidate_frame_ = frame;
  }

  [[nodiscard]] std::string text() const {
    if (!low_ || !high_) return {};
    return std::to_string(std::uint32_t{*high_} << 16U | *low_);
  }

 private:
  std::optional<std::uint16_t> low_, high_, candidate_;
  std::uint16_t candidate_frame_ = 0;
};

class Mk2a final : public SondeDecoder {
 public:
  /// What begins as no packet does is not worth more than its head: idle characters and payload
  /// resemble the sync several times a second.
  [[nodiscard]] std::size_t frame_bits(std::span<const float> head) const override {
    return begins_packet(head) ? bits_of(payload_length(head)) : kSpec.head_bits;
  }

  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return packets_.decode(llr, effort, out);
  }

  void add_priors(std::span<float> llr) const override { packets_.add_priors(llr); }

  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  [[nodiscard]] Telemetry make_record(std::span<const std::uint8_t> packet,
                                      UtcMillis received) const;

  PacketDecoder packets_;
  Serial serial_;
  std::optional<std::uint16_t> reported_;  ///< frame whose position has been handed on
  std::uint32_t epoch_ = 0;
};

std::optional<Telemetry> Mk2a::parse(const Frame& frame, const ReceiveContext& context) {
  const std::span<const std::uint8_t> packet = frame.bytes;
  if (!is_packet(packet)) return {};
  packets_.learn(packet);
  ByteReader r(packet);
  if (serial_.set_low(r.u16_be(4))) {
    ++epoch_;
    reported_.reset();
  }
  const std::uint16_t number = r.u16_be(6);
  const std::size_t payload = packet.size() - kFrameBytes;
  if (packet[2] == kMeasurement && payload == kMeasurementPayload) {
    if (r.u16_be(50) == r.u16_be(4)) serial_.add_page(r.u16_be(52), number);
    return {};
  }
  if (packet[2] != kPosition || payload < kPositionPayload) return {};
  if (reported_ == number) return {};  // the other copy
  reported_ = number;
  return make_record(packet, context.received);
}

Telemetry Mk2a::make_record(std::span<const std::uint8_t> packet, UtcMillis received) const {
  ByteReader r(packet);
  Telemetry t;
  t.type = kSpec.type;
  t.manufacturer = kSpec.manufacturer;
  t.serial = serial_.text();
  t.frame_number = r.u16_be(6);
  t.identity_epoch = epoch_;
  constexpr double kDegrees = 1.0 / 0xB60B60;
  lockheed::read_navigation(packet, kDegrees, received, t);
  lockheed::judge(t, kLowest_m, received);
  const std::size_t satellites = r.u8(41);
  if (packet.size() == kFrameBytes + kPositionPayload + kSatelliteBytes * satellites) {
    t.satellites = static_cast<int>(satellites);
    if (t.hold_reason.empty() && *t.satellites < kFewestSatellites) {
      t.hold_reason = "fewer than 4 satellites";
    }
  }
  if (t.hold_reason.empty() && t.serial.empty()) t.hold_reason = kSerialUnknown;
  return t;
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Mk2a>(); }

}  // namespace
}  // namespace mk2a

namespace sondes {
extern const SondeType mk2a;
const SondeType mk2a{&omnisonde::mk2a::kSpec, &omnisonde::mk2a::make};
}  // namespace sondes

}  // namespace omnisonde
