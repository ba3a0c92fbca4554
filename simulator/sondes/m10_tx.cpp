// Test encoder of Meteomodem's M10, M20 and M10-modulated pilot sonde. Variants:
//   Trimble (default), Gtop; "/66" (9600 symbols/s) or "/76" behind one: longer frames
//   M20/5 (default of M20), any firmware number, M20/43 the early short frame; XDATA as hex
//   pilot
// A Trimble M10 sends satellite levels in a second burst every 10 s.
#include <charconv>
#include <cmath>
#include <numbers>
#include <utility>

#include "decoders/fec/biphase.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/sondes/m10_frame.hpp"
#include "simulator/sondes/m10_bytes.hpp"

namespace omnisonde::sim {
namespace m10 {
namespace {

constexpr std::size_t kPreambleChips = 310;
constexpr int kLevelsEvery_s = 10;

Bytes from_hex(const std::string& text) {
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, bytes[i], 16);
  }
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789ABCDEF"[byte >> 4U];
    text += "0123456789ABCDEF"[byte & 0xFU];
  }
  return text;
}

/// Preamble, sync and data.
void append_burst(std::vector<std::uint8_t>& symbols, const Bytes& frame) {
  // ... 1100 1100: the two chips before the sync's first are 00.
  for (std::size_t i = kPreambleChips; i > 0; --i) symbols.push_back(i % 4 == 0 || i % 4 == 3);
  for (const char chip :
       omnisonde::m10::kSyncChips.substr(omnisonde::m10::kMarkAt, omnisonde::m10::kMarkChips)) {
    symbols.push_back(chip == '1' ? 1 : 0);
  }
  std::vector<std::uint8_t> bits;
  for (const std::uint8_t byte : frame) {
    for (unsigned i = 0; i < 8; ++i) bits.push_back(byte >> (7 - i) & 1U);
  }
  const auto chips = fec::biphase_encode(bits, fec::Biphase::kMark, 0);
  symbols.insert(symbols.end(), chips.begin(), chips.end());
}

class M10Tx final : public Transmitter {
 public:
  explicit M10Tx(const SondeIdentity& identity)
      : variant_(variant_of(identity.variant)), xdata_(from_hex(identity.xdata)) {
    modem_.symbol_rate_hz = variant_.chip_rate_hz;
    const bool m20 = variant_.board == Board::kM20;
    serial_ = m20 ? "911-2-00059" : "310-2-11329";
    if (identity.serial.size() == serial_.size()) serial_ = identity.serial;
    xdata_.resize(m20 ? std::min<std::size_t>(xdata_.size(), 64) : 0);
  }

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 1.0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::exchange(truth_, {}); }

 private:
  void remember(const FlightState& s);

  Variant variant_;
  Bytes xdata_;
  std::string serial_;
  std::uint8_t counter_ = 0;
  dsp::ModemParams modem_{.symbol_rate_hz = 9616,
                          .deviation_hz = 5500,
                          .bt = 1.5F,
                          .channel_rate_hz = 48'000,
                          .bandwidth_hz = 24'000};
  std::vector<Telemetry> truth_;
};

std::vector<std::uint8_t> M10Tx::next_frame(const FlightState& state) {
  std::vector<std::uint8_t> symbols;
  if (variant_.board == Board::kM20) {
    append_burst(symbols, m20_frame(variant_, serial_, counter_, xdata_, state));
  } else if (variant_.board == Board::kPilot) {
    append_burst(symbols, pilot_frame(state));
  } else {
    append_burst(symbols, m10_frame(variant_, serial_, counter_, state));
    if (variant_.board == Board::kTrimble && state.utc.ms / 1000 % kLevelsEvery_s == 0) {
      append_burst(symbols, levels_frame(state));
    }
  }
  remember(state);
  ++counter_;
  return symbols;
}

void M10Tx::remember(const FlightState& s) {
  const bool m20 = variant_.board == Board::kM20, pilot = variant_.board == Board::kPilot;
  const bool whole_s = m20 || variant_.board == Board::kGtop;
  const geo::GpsTime gps = geo::gps_time(s.utc);
  Telemetry t;
  t.type = m20 ? "M20" : pilot ? "PilotSonde" : "M10";
  t.manufacturer = "Meteomodem";
  t.time_reference = m20 ? TimeReference::kGps : TimeReference::kUtc;
  t.datetime = m20 ? *geo::gps_clock(gps) : s.utc;
  if (whole_s) t.datetime->ms -= t.datetime->ms % 1000;
  const std::int64_t gps_ms = gps.week * geo::kWeek_ms + gps.tow_ms;
  if (pilot) {
    t.subtype = "M10";
    t.hold_reason = "pilot sonde: no serial, and the hub knows no such type";
  } else {
    t.serial = serial_;
    t.frame_number = static_cast<std::uint32_t>((gps_ms + (whole_s ? 0 : 500)) / 1000);
    t.temperature_c = static_cast<float>(s.temperature_c);
    t.humidity_pct = static_cast<float>(s.humidity_pct);
    t.battery_v = static_cast<float>(s.battery_v);
  }
  if (m20) t.pressure_hpa = static_cast<float>(s.pressure_hpa);
  if (m20) t.xdata = to_hex(xdata_);
  if (variant_.board == Board::kTrimble || pilot) t.satellites = s.satellites;
  if (s.satellites <= 0) {
    if (!pilot) t.hold_reason = "no fix";
    truth_.push_back(std::move(t));
    return;
  }
  if (t.satellites && s.satellites < 4 && !pilot) t.hold_reason = "fewer than 4 satellites";
  t.position = s.position;
  const double heading =
      std::atan2(s.velocity_east_mps, s.velocity_north_mps) * 180 / std::numbers::pi;
  t.velocity_h_mps = static_cast<float>(std::hypot(s.velocity_east_mps, s.velocity_north_mps));
  t.velocity_v_mps = static_cast<float>(s.velocity_up_mps);
  t.heading_deg = static_cast<float>(heading < 0 ? heading + 360 : heading);
  truth_.push_back(std::move(t));
}

}  // namespace
}  // namespace m10

std::unique_ptr<Transmitter> make_m10_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_m10_tx(const SondeIdentity& identity) {
  return std::make_unique<m10::M10Tx>(identity);
}

}  // namespace omnisonde::sim
