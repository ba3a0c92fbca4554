// Huayuntianyi GTH3 (HT03G-1U) and its successor GTH6.
//
//   byte   2D D4 63 7F FF FF EE, then little-endian where nothing is said
//      7   4 bytes    serial, BCD, first digits first
//     12   3 bytes    hour, minute, tenths of seconds (bits 8, 9 in the minute's byte), UTC
//     16   2 x float  longitude, latitude, radians
//     24   i32        height above the sea, 0.1 m
//     28   3 x i16    velocity north, east, up, cm/s
//     84   i16        temperature, 0.01 C; 88: i16 humidity, 0.01 %; 90: u24 pressure, 0.01 hPa
//     97   u16 BE     counter
//    100   u16        CRC-16 (reflected 1021, start 0) of 3..99
//
// On air like the CF-06AH, whose bytes 5, 6 are AA AA. There is no code but the checksum. The date
// comes from the receiver's clock. Facts: rs1729/RS (cf06ht03mod), radiosonde_auto_rx (issues 1068,
// 1078), formats/cf06.md.
#include <algorithm>
#include <cmath>

#include "decoders/fec/crc.hpp"
#include "decoders/geo/clock_date.hpp"
#include "decoders/sondes/cf06_frame.hpp"

namespace omnisonde {
namespace gth6 {
namespace {

using cf06::BitOrder;
using cf06::kFastBits;
using cf06::kFastBytes;

constexpr SondeSpec kSpec{.type = "GTH6",
                          .manufacturer = "Huayuntianyi",
                          .variants = "GTH3 (HT03G), GTH6",
                          .fields = "velocity, T, RH, P",
                          .modem = cf06::kFastModem,
                          .sync_bits = cf06::kFastSync,
                          .accept_inverted = true,
                          .head_bits = kFastBits,
                          .max_frame_bits = kFastBits,
                          .frame_period_s = 1.0,
                          .grain = {.time_s = 0.1},
                          .serial_records = 2};

constexpr std::size_t kSyncBytes = 3;
constexpr float kAbsoluteZero_c = -273, kLeastHumidity_pct = -0.5F;
constexpr float kHighestPressure_hpa = 1200;

bool checksum_holds(std::span<const std::uint8_t> bytes) {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0, .reflected = true, .xor_out = 0});
  return kCrc(bytes.subspan(3, 97)) == static_cast<unsigned>(bytes[101] << 8 | bytes[100]);
}

/// A coordinate is zero or at least a metre from it: of random floats 4 in 5 are outside.
bool believable(float radians, double limit_deg) {
  if (radians == 0) return true;
  return std::fabs(radians) > 1e-7F && cf06::degrees_of(radians, limit_deg).has_value();
}

bool holds(std::span<const std::uint8_t> bytes) {
  if (!checksum_holds(bytes) || (bytes[5] == 0xAA && bytes[6] == 0xAA)) return false;
  ByteReader r(bytes);
  return cf06::time_of_day(r, 12) && believable(r.f32_le(16), 180) &&
         believable(r.f32_le(20), 90) && (r.u32_be(7) != 0 || r.u16_be(97) != 0);
}

std::string serial_of(ByteReader& r) {
  const std::uint32_t bcd = r.u32_be(7);
  std::string serial;
  for (int shift = 28; shift >= 0; shift -= 4) {
    const unsigned digit = bcd >> shift & 0xFU;
    if (digit > 9) return {};
    serial += static_cast<char>('0' + digit);
  }
  return bcd == 0 ? std::string{} : serial;
}

class Gth6 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kFastBits; }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    const bool good = llr.size() == kFastBits &&
                      cf06::correct_by_checksum(llr, cf06::kPreambleBits, BitOrder::kLeastFirst,
                                                effort, &holds, out);
    // The sync is not under the checksum.
    if (good) std::fill_n(out.byte_ok.begin(), kSyncBytes, std::uint8_t{0});
    return good;
  }
  void add_priors(std::span<float> llr) const override { memory_.add_priors(llr); }
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  cf06::Memory memory_{kFastBits, cf06::kPreambleBits, BitOrder::kLeastFirst};
};

std::optional<Telemetry> Gth6::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != kFastBytes) return {};
  ByteReader r(frame.bytes);
  Telemetry t;
  t.type = kSpec.type;
  t.manufacturer = kSpec.manufacturer;
  t.serial = serial_of(r);
  t.identity_epoch = memory_.learn(frame, t.serial);
  t.time_reference = TimeReference::kUtc;
  t.frame_number = r.u16_be(97);
  const auto time_ms = cf06::time_of_day(r, 12);
  if (time_ms) t.datetime = geo::with_date(*time_ms, context.received);
  cf06::put_position(cf06::degrees_of(r.f32_le(20), 90), cf06::degrees_of(r.f32_le(16), 180),
                     r.i32_le(24) * 0.1, t);
  if (t.position) cf06::put_velocity(r.i16_le(28), r.i16_le(30), r.i16_le(32), t);
  const float temperature = static_cast<float>(r.i16_le(84)) * 0.01F;
  const float humidity = static_cast<float>(r.i16_le(88)) * 0.01F;
  const float pressure = static_cast<float>(r.u24_le(90)) * 0.01F;
  // A flight without sensors sends zeros there.
  const bool fitted = r.i16_le(84) != 0 || r.i16_le(88) != 0 || r.u24_le(90) != 0;
  if (fitted && temperature > kAbsoluteZero_c) t.temperature_c = temperature;
  if (fitted && humidity > kLeastHumidity_pct) t.humidity_pct = std::max(0.0F, humidity);
  if (pressure > 0 && pressure < kHighestPressure_hpa) t.pressure_hpa = pressure;
  return t;
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Gth6>(); }

}  // namespace
}  // namespace gth6

namespace sondes {
extern const SondeType gth6;
const SondeType gth6{&omnisonde::gth6::kSpec, &omnisonde::gth6::make};
}  // namespace sondes

}  // namespace omnisonde
