// Aerospace Newsky CF-06AH.
//
//   byte   2D D4 63 7F FF AA AA, then little-endian
//      7   4 x u8   serial, two decimal digits each
//     11   u32      GPS time of week, ms
//     15   2 x i32  longitude, latitude, 1e-7 degrees
//     23   i32      height above the sea, mm
//     27   3 x i16  velocity east, north, down, cm/s
//     33   u8       satellites used; 34: PDOP
//     35..44        sensors: temperature, humidity, processor's and humidity sensor's temperature,
//                   battery, in units that are not known
//     45   u8       counter; 46: flags
//     47   u16 BE   CRC-16 of 7..46; 49..54 parity of 7..48
//     55..101       AA x 10, 29 unidentified bytes, CRC-16, parity
//
// 2400 symbols/s FSK, least significant bit first, a burst of 0.36 s every second. Time is GPS
// time; the date is the GPS week of the receiver's clock. Facts: rs1729/RS (cf06ht03mod),
// radiosonde_auto_rx, formats/cf06.md; satellites and the names of the sensor fields: ra-firmware.
// Only one source tells the satellites, so they are reported from 4 on and hold nothing back.
#include "decoders/geo/clock_date.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/sondes/cf06_frame.hpp"

namespace omnisonde {
namespace cf06 {
namespace {

constexpr SondeSpec kSpec{.type = "CF-06",
                          .manufacturer = "Aerospace Newsky",
                          .variants = "CF-06AH, 2400 baud",
                          .fields = "velocity, satellites",
                          .modem = kFastModem,
                          .sync_bits = kFastSync,
                          .accept_inverted = true,
                          .head_bits = kFastBits,
                          .max_frame_bits = kFastBits,
                          .frame_period_s = 1.0,
                          .grain = {.time_s = 0.1},
                          .serial_records = 2};

constexpr int kFewestSatellites = 4, kMostSatellites = 64;

std::string serial_of(ByteReader& r) {
  std::string serial;
  for (std::size_t at = 7; at < 11; ++at) {
    const unsigned pair = r.u8(at);
    if (pair > 99) return {};
    serial += static_cast<char>('0' + pair / 10);
    serial += static_cast<char>('0' + pair % 10);
  }
  return serial == "00000000" ? std::string{} : serial;
}

/// GPS time from the time of week and the receiver's week.
std::optional<UtcMillis> gps_time_of(std::uint32_t tow_ms, UtcMillis received) {
  if (!geo::clock_is_set(received)) return {};
  const std::int64_t now_ms =
      received.ms + geo::gps_ahead_of_utc_s(received) * 1000LL - geo::kGpsEpoch_ms;
  auto at = geo::nearest_reading(tow_ms, geo::kWeek_ms, UtcMillis{now_ms});
  if (at) at->ms += geo::kGpsEpoch_ms;
  return at;
}

class Cf06 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kFastBits; }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return correct_cf06ah(llr, effort, out);
  }
  void add_priors(std::span<float> llr) const override { memory_.add_priors(llr); }
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  Memory memory_{kFastBits, kPreambleBits, BitOrder::kLeastFirst};
};

std::optional<Telemetry> Cf06::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != kFastBytes) return {};
  ByteReader r(frame.bytes);
  const std::uint32_t tow_ms = r.u32_le(11);
  Telemetry t;
  t.serial = serial_of(r);
  if (t.serial.empty() && tow_ms == 0) return {};  // an empty frame has a good checksum
  t.type = kSpec.type;
  t.manufacturer = kSpec.manufacturer;
  t.identity_epoch = memory_.learn(frame, t.serial);
  t.time_reference = TimeReference::kGps;
  if (tow_ms < geo::kWeek_ms) {
    t.frame_number = (tow_ms + 500) / 1000;
    t.datetime = gps_time_of(tow_ms, context.received);
  }
  const double longitude = r.i32_le(15) * 1e-7, latitude = r.i32_le(19) * 1e-7;
  const bool on_earth = latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180;
  put_position(on_earth ? std::optional(latitude) : std::nullopt,
               on_earth ? std::optional(longitude) : std::nullopt, r.i32_le(23) * 1e-3, t);
  if (t.position) put_velocity(r.i16_le(29), r.i16_le(27), -r.i16_le(31), t);
  const int used = r.u8(33);
  if (used >= kFewestSatellites && used <= kMostSatellites) t.satellites = used;
  if (tow_ms >= geo::kWeek_ms) t.hold_reason = "impossible time";
  return t;
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Cf06>(); }

}  // namespace
}  // namespace cf06

namespace sondes {
extern const SondeType cf06;
const SondeType cf06{&omnisonde::cf06::kSpec, &omnisonde::cf06::make};
}  // namespace sondes

}  // namespace omnisonde
