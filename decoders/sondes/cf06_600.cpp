// CF-06 at 600 baud, in use in Kazakhstan and Belarus.
//
//   byte   after 2D D4 2E, little-endian where nothing is said
//      0   3 bytes    hour, minute, tenths of seconds as in the GTH6, UTC
//      4   2 x float  longitude, latitude, radians
//     12   i32        height above the sea, 0.1 m (a u32 for peers)
//     16   3 x i16    velocity north, east, up, cm/s
//     38   u16        counter
//     41   u24 BE     serial, six digits
//     44   u16 BE     CRC-16 (1021, start 0) of 0..43; the other bytes are not known
//
// 600 symbols/s FSK, most significant bit first, a burst of 0.76 s every second. Nobody has
// published the deviation, and tones are found within 300 Hz only, so three receivers share the
// name: 2.3 kHz as in the CF-06AH (2.2 by rs1729/RS, 2.4 by ra-firmware), 1.1 kHz, and 540 Hz,
// which is the CF-06AH's modulation index. There is no code but the checksum. Facts: rs1729/RS,
// formats/cf06.md.
#include <cmath>

#include "decoders/fec/crc.hpp"
#include "decoders/geo/clock_date.hpp"
#include "decoders/sondes/cf06_frame.hpp"

namespace omnisonde {
namespace cf06_600 {
namespace {

using cf06::BitOrder;
using cf06::kSlowBits;
using cf06::kSlowBytes;

constexpr SondeSpec spec_of(double deviation_hz) {
  return {.type = "CF-06-600",
          .manufacturer = "Aerospace Newsky",
          .variants = "CF-06 at 600 baud",
          .fields = "velocity",
          .modem = {.symbol_rate_hz = 600,
                    .deviation_hz = deviation_hz,
                    .bt = 0,
                    .channel_rate_hz = 48'000,
                    .bandwidth_hz = 8'000,
                    .line_code = dsp::LineCode::kNrz},
          .sync_bits = cf06::kSlowSync,
          .accept_inverted = true,
          .head_bits = kSlowBits,
          .max_frame_bits = kSlowBits,
          .frame_period_s = 1.0,
          .grain = {.time_s = 0.1},
          .serial_records = 2};
}

constexpr SondeSpec kSpec = spec_of(2300);
constexpr SondeSpec kMiddleSpec = spec_of(1100);
constexpr SondeSpec kNarrowSpec = spec_of(540);

constexpr std::size_t kFirstBit = 40;

bool holds(std::span<const std::uint8_t> bytes) {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0, .reflected = false, .xor_out = 0});
  if (kCrc(bytes.first(44)) != static_cast<unsigned>(bytes[44] << 8 | bytes[45])) return false;
  ByteReader r(bytes);
  const auto believable = [](float radians, double limit_deg) {
    return radians == 0 || (std::fabs(radians) > 1e-7F && cf06::degrees_of(radians, limit_deg));
  };
  return cf06::time_of_day(r, 0) && believable(r.f32_le(4), 180) && believable(r.f32_le(8), 90) &&
         (r.u24_be(41) != 0 || r.u16_le(38) != 0);
}

class Cf06Slow final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kSlowBits; }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return llr.size() == kSlowBits &&
           cf06::correct_by_checksum(llr, kFirstBit, BitOrder::kMostFirst, effort, &holds, out);
  }
  void add_priors(std::span<float> llr) const override { memory_.add_priors(llr); }
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  cf06::Memory memory_{kSlowBits, kFirstBit, BitOrder::kMostFirst};
};

std::string serial_of(ByteReader& r) {
  std::string digits = std::to_string(r.u24_be(41));
  if (r.u24_be(41) == 0 || digits.size() > 6) return {};
  return std::string(6 - digits.size(), '0') + digits;
}

std::optional<Telemetry> Cf06Slow::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != kSlowBytes) return {};
  ByteReader r(frame.bytes);
  Telemetry t;
  t.type = "CF-06";
  t.manufacturer = kSpec.manufacturer;
  t.serial = serial_of(r);
  t.identity_epoch = memory_.learn(frame, t.serial);
  t.time_reference = TimeReference::kUtc;
  t.frame_number = r.u16_le(38);
  const auto time_ms = cf06::time_of_day(r, 0);
  if (time_ms) t.datetime = geo::with_date(*time_ms, context.received);
  cf06::put_position(cf06::degrees_of(r.f32_le(8), 90), cf06::degrees_of(r.f32_le(4), 180),
                     r.i32_le(12) * 0.1, t);
  if (t.position) cf06::put_velocity(r.i16_le(16), r.i16_le(18), r.i16_le(20), t);
  return t;
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Cf06Slow>(); }

}  // namespace
}  // namespace cf06_600

namespace sondes {
extern const SondeType cf06_600;
extern const SondeType cf06_600_middle;
extern const SondeType cf06_600_narrow;
const SondeType cf06_600{&omnisonde::cf06_600::kSpec, &omnisonde::cf06_600::make};
const SondeType cf06_600_middle{&omnisonde::cf06_600::kMiddleSpec, &omnisonde::cf06_600::make};
const SondeType cf06_600_narrow{&omnisonde::cf06_600::kNarrowSpec, &omnisonde::cf06_600::make};
}  // namespace sondes

}  // namespace omnisonde
