// Test encoder of Meteomodem's pilot sonde with the M12 modem. (The M10-modulated one is the M10's
// variant "pilot".)
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "decoders/fec/crc.hpp"
#include "simulator/sondes/m10_bytes.hpp"

namespace omnisonde::sim {
namespace pilot {
namespace {

using m10::Bytes;

constexpr std::size_t kPreambleBits = 96;

class PilotTx final : public Transmitter {
 public:
  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 1.0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::exchange(truth_, {}); }

 private:
  dsp::ModemParams modem_{.symbol_rate_hz = 4800,
                          .deviation_hz = 5500,
                          .bt = 1.0F,
                          .channel_rate_hz = 48'000,
                          .bandwidth_hz = 20'000};
  std::vector<Telemetry> truth_;
};

Bytes frame_of(const FlightState& s) {
  Bytes f = {0xAA, 0xAA, 0xAA, 0x01};
  const Bytes gps = m10::pilot_gps(s);
  f.insert(f.end(), gps.begin(), gps.end());
  f.resize(50);
  m10::put_be(f, 32, 2, s.satellites > 0 ? 112 : 9998);
  m10::put_be(f, 34, 2, s.satellites > 0 ? 178 : 9998);
  for (int i = 0; i < std::min(s.satellites, 12); ++i) {
    f[36 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(24 + 2 * i);
  }
  const fec::Crc16 crc({.polynomial = 0x8005, .init = 0xFFFF, .reflected = true, .xor_out = 0});
  m10::put_be(f, 48, 2, crc(std::span(f).first(48)));
  return f;
}

Telemetry truth_of(const FlightState& s) {
  Telemetry t;
  t.type = "PilotSonde";
  t.subtype = "M12";
  t.manufacturer = "Meteomodem";
  t.datetime = s.utc;
  t.satellites = s.satellites;
  t.hold_reason = "pilot sonde: no serial, and the hub knows no such type";
  if (s.satellites <= 0) return t;
  t.position = s.position;
  const double heading =
      std::atan2(s.velocity_east_mps, s.velocity_north_mps) * 180 / std::numbers::pi;
  t.velocity_h_mps = static_cast<float>(std::hypot(s.velocity_east_mps, s.velocity_north_mps));
  t.velocity_v_mps = static_cast<float>(s.velocity_up_mps);
  t.heading_deg = static_cast<float>(heading < 0 ? heading + 360 : heading);
  return t;
}

std::vector<std::uint8_t> PilotTx::next_frame(const FlightState& state) {
  std::vector<std::uint8_t> symbols;
  for (std::size_t i = 0; i < kPreambleBits; ++i) symbols.push_back(i % 2 == 0 ? 0 : 1);
  for (const std::uint8_t byte : frame_of(state)) {
    symbols.push_back(0);
    for (unsigned bit = 0; bit < 8; ++bit) symbols.push_back(byte >> bit & 1U);
    symbols.push_back(1);
  }
  truth_.push_back(truth_of(state));
  return symbols;
}

}  // namespace
}  // namespace pilot

std::unique_ptr<Transmitter> make_pilotsonde_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_pilotsonde_tx(const SondeIdentity& identity) {
  (void)identity;  // it has none
  return std::make_unique<pilot::PilotTx>();
}

}  // namespace omnisonde::sim
