// InterMet iMet-4 and iMet-1-RS/RSB.
//
// Bell 202 AFSK (1200 baud, mark 1200 Hz, space 2200 Hz) on an FM carrier, a group of packets once
// a second; see imet_packets.hpp for those and imet_identity.hpp for model and id. Facts:
// InterMet's binary packet appendix, rs1729/RS (imet4iq), radiosonde_auto_rx, sondedump, dxlAPRS.
// Time of day is GPS time without a date; the altitude is above mean sea level.
#include "decoders/sondes/imet.hpp"

#include <cmath>
#include <numbers>

#include "decoders/sondes/imet_identity.hpp"
#include "decoders/sondes/imet_packets.hpp"

namespace omnisonde::imet {
namespace {

// Trials of weak bits in a frame: with the CRCs as received no more than 6 * 2^-16 < 1e-4.
constexpr int kTrials = 4;
constexpr std::int64_t kDayMs = 86'400'000;
// A receiver without a clock says 1970.
constexpr std::int64_t kClockSetMs = 946'684'800'000;

// The date that brings the time of day closest to the clock.
UtcMillis complete(const Gps& gps, UtcMillis received) {
  const std::int64_t of_day = ((gps.hour * 60LL + gps.minute) * 60 + gps.second) * 1000;
  std::int64_t ms = received.ms - received.ms % kDayMs + of_day;
  if (ms - received.ms > kDayMs / 2) ms -= kDayMs;
  if (received.ms - ms > kDayMs / 2) ms += kDayMs;
  return {ms};
}

const char* position_fault(const Gps& gps) {
  const GeoPosition& p = gps.position;
  if (p.latitude_deg == 0 && p.longitude_deg == 0) return "no position";
  if (std::abs(p.latitude_deg) > 90 || std::abs(p.longitude_deg) > 180)
    return "impossible position";
  if (gps.satellites < 4) return "fewer than 4 satellites";
  if (p.altitude_m == 0) return "altitude exactly 0 m";
  return "";
}

class Decoder final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kFrameBits; }

  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return read_group(llr, effort == Effort::kHard ? 0 : kTrials, out);
  }

  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  Identity identity_;
};

void add_velocity(const Gps::Velocity& v, Telemetry& t) {
  t.velocity_h_mps = std::hypot(v.east_mps, v.north_mps);
  t.velocity_v_mps = v.up_mps;
  const float heading = std::atan2(v.east_mps, v.north_mps) * 180 / std::numbers::pi_v<float>;
  t.heading_deg = heading < 0 ? heading + 360 : heading;
}

std::optional<Telemetry> Decoder::parse(const Frame& frame, const ReceiveContext& context) {
  const Group group = parse_group(frame.bytes);
  if (!group.gps || !group.ptu) return std::nullopt;
  const Gps& gps = *group.gps;
  const Ptu& ptu = *group.ptu;
  Telemetry t;
  t.manufacturer = "Intermet Systems";
  t.type = "iMet-4";
  t.frame_number = ptu.number;
  t.time_reference = TimeReference::kGps;
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.position = gps.position;
  t.satellites = gps.satellites;
  if (gps.velocity) add_velocity(*gps.velocity, t);
  t.temperature_c = ptu.temperature_c;
  if (ptu.humidity_pct >= 0) t.humidity_pct = ptu.humidity_pct;
  if (ptu.pressure_hpa > 0) t.pressure_hpa = ptu.pressure_hpa;
  t.battery_v = ptu.battery_v;
  t.xdata = group.xdata;
  t.hold_reason = position_fault(gps);
  const bool clock = context.received.ms >= kClockSetMs;
  if (clock) t.datetime = complete(gps, context.received);
  // Without a trustworthy time there is no trustworthy id.
  if (clock && context.frequency_hz > 0 && gps.satellites >= 4)
    identity_.add(*t.datetime, ptu.number, context.frequency_hz);
  t.identity_epoch = identity_.epoch();
  if (const auto model = identity_.model(); model == Model::kImet1) t.type = "iMet-1";
  if (gps.satellites >= 4) t.serial = identity_.serial();
  if (!t.hold_reason.empty()) return t;
  if (!clock)
    t.hold_reason = "date unknown: the sonde sends none and the receiver has no clock";
  else if (context.frequency_hz <= 0)
    t.hold_reason = "carrier frequency unknown";
  else if (t.serial.empty())
    t.hold_reason = kSerialUnknown;
  return t;
}

}  // namespace

std::unique_ptr<SondeDecoder> make_decoder() { return std::make_unique<Decoder>(); }

}  // namespace omnisonde::imet
