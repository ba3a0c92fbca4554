// Test encoder of InterMet's iMet-4 and iMet-1: a group of packets in every second, idle marks
// around it. Variant names, joined by "/": "iMet-1" counts twice a second, "PTU" and "GPSX" take
// the plain measurement and the enhanced position packet; XDATA comes from the identity
// ("...#...").
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "decoders/fec/sha256.hpp"
#include "simulator/sondes/imet_tx.hpp"

namespace omnisonde::sim {
namespace imet {
namespace {

constexpr std::size_t kBitsPerSecond = 1200;
constexpr std::size_t kLeadMarks = 40;
constexpr std::int64_t kLeapMs = 18'000;  // GPS time is ahead of UTC
constexpr std::int64_t kUptimeS = 1500;   // at the first frame

using Bytes = std::vector<std::uint8_t>;

void put(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

void put_float(Bytes& out, double value) {
  put(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4);
}

void put_crc(Bytes& out) {
  unsigned crc = 0x1D0F;
  for (const std::uint8_t byte : out) {
    crc ^= static_cast<unsigned>(byte) << 8;
    for (int i = 0; i < 8; ++i) crc = (crc & 0x8000U) != 0 ? crc << 1 ^ 0x1021U : crc << 1;
  }
  out.push_back(static_cast<std::uint8_t>(crc >> 8));
  out.push_back(static_cast<std::uint8_t>(crc));
}

int centi(double value) { return static_cast<int>(std::lround(value * 100)); }

Bytes ptu_packet(const FlightState& s, std::uint16_t number, bool plain) {
  Bytes p = {1, static_cast<std::uint8_t>(plain ? 1 : 4)};
  put(p, number, 2);
  put(p, static_cast<std::uint32_t>(centi(s.pressure_hpa)), 3);
  put(p, static_cast<std::uint32_t>(centi(s.temperature_c)), 2);
  put(p, static_cast<std::uint32_t>(centi(s.humidity_pct)), 2);
  put(p, static_cast<std::uint32_t>(std::lround(s.battery_v * 10)), 1);
  if (!plain) {
    for (const double t : {-23.25, -22.25, s.temperature_c + 1.5})
      put(p, static_cast<std::uint32_t>(centi(t)), 2);
  }
  put_crc(p);
  return p;
}

Bytes gps_packet(const FlightState& s, const CivilTime& time, bool enhanced) {
  Bytes p = {1, static_cast<std::uint8_t>(enhanced ? 5 : 2)};
  put_float(p, s.position.latitude_deg);
  put_float(p, s.position.longitude_deg);
  put(p, static_cast<std::uint32_t>(std::lround(s.position.altitude_m) + 5000), 2);
  put(p, static_cast<std::uint32_t>(s.satellites), 1);
  if (enhanced) {
    put_float(p, s.velocity_east_mps);
    put_float(p, s.velocity_north_mps);
    put_float(p, s.velocity_up_mps);
  }
  for (const int part : {time.hour, time.minute, time.second})
    put(p, static_cast<std::uint32_t>(part), 1);
  put_crc(p);
  return p;
}

Bytes xdata_packet(std::string_view hex) {
  Bytes p = {1, 3, static_cast<std::uint8_t>(hex.size() / 2)};
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    std::uint8_t byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    p.push_back(byte);
  }
  put_crc(p);
  return p;
}

class ImetTransmitter final : public Transmitter {
 public:
  ImetTransmitter(const SondeIdentity& identity, const dsp::ModemParams& modem)
      : modem_(modem),
        frequency_hz_(identity.frequency_hz),
        xdata_(identity.xdata),
        twice_(identity.variant.find("iMet-1") != std::string::npos),
        plain_(identity.variant.find("PTU") != std::string::npos),
        enhanced_(identity.variant.find("GPSX") != std::string::npos) {
    std::int64_t up = 0;
    const std::string& text = identity.serial;  // seconds since power-on, so that ids differ
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), up);
    if (fault == std::errc{} && up > 0) up_s_ = up % 30'000;
  }

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  void add_truth(const FlightState& s, UtcMillis time, std::uint16_t number);

  dsp::ModemParams modem_;
  double frequency_hz_;
  std::string xdata_;
  bool twice_, plain_, enhanced_;
  std::int64_t up_s_ = kUptimeS;
  UtcMillis power_on_;
  bool started_ = false;
  std::vector<Telemetry> truth_;
};

std::vector<std::uint8_t> ImetTransmitter::next_frame(const FlightState& state) {
  const std::int64_t second = (state.utc.ms + kLeapMs + 500) / 1000 * 1000;
  if (!started_) power_on_ = {second - up_s_ * 1000};
  started_ = true;
  const std::int64_t up = (second - power_on_.ms) / 1000;
  const auto number = static_cast<std::uint16_t>(twice_ ? 2 * up : up);
  Bytes group = gps_packet(state, to_civil({second}), enhanced_);
  const auto append = [&group](const Bytes& p) { group.insert(group.end(), p.begin(), p.end()); };
  append(ptu_packet(state, number, plain_));
  for (std::string_view rest = xdata_; !rest.empty();) {
    const std::size_t end = std::min(rest.find('#'), rest.size());
    append(xdata_packet(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::vector<std::uint8_t> bits(kLeadMarks, 1);
  for (const std::uint8_t byte : group) {
    bits.push_back(0);
    for (unsigned i = 0; i < 8; ++i) bits.push_back(byte >> i & 1U);
    bits.push_back(1);
  }
  bits.resize(std::max(bits.size(), kBitsPerSecond), 1);
  add_truth(state, {second}, number);
  return bits;
}

void ImetTransmitter::add_truth(const FlightState& s, UtcMillis time, std::uint16_t number) {
  Telemetry t;
  t.type = twice_ ? "iMet-1" : "iMet-4";
  t.manufacturer = "Intermet Systems";
  t.serial = public_id(power_on_, frequency_hz_);
  t.frame_number = number;
  t.datetime = time;
  t.time_reference = TimeReference::kGps;
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.position = s.position;
  if (enhanced_) {
    t.velocity_h_mps = static_cast<float>(std::hypot(s.velocity_east_mps, s.velocity_north_mps));
    t.velocity_v_mps = static_cast<float>(s.velocity_up_mps);
    const double heading =
        std::atan2(s.velocity_east_mps, s.velocity_north_mps) * 180 / std::numbers::pi;
    t.heading_deg = static_cast<float>(heading < 0 ? heading + 360 : heading);
  }
  t.temperature_c = static_cast<float>(s.temperature_c);
  t.humidity_pct = static_cast<float>(s.humidity_pct);
  t.pressure_hpa = static_cast<float>(s.pressure_hpa);
  t.battery_v = static_cast<float>(s.battery_v);
  t.satellites = s.satellites;
  t.xdata = xdata_;
  truth_.push_back(std::move(t));
}

}  // namespace

std::string public_id(UtcMillis power_on, double frequency_hz) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f MHzSONDE", std::round(frequency_hz / 1e5) / 10);
  const auto digest = fec::sha256(to_iso8601(power_on).substr(0, 19) + "Z" + text);
  std::string id;
  for (std::size_t i = 28; i < 32; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02X", digest[i]);
    id += digits;
  }
  return id;
}

std::unique_ptr<Transmitter> make(const SondeIdentity& identity, const dsp::ModemParams& modem) {
  return std::make_unique<ImetTransmitter>(identity, modem);
}

}  // namespace imet

std::unique_ptr<Transmitter> make_imet4_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_imet4_tx(const SondeIdentity& identity) {
  return imet::make(identity, {.symbol_rate_hz = 1200,
                               .deviation_hz = 3800,
                               .bt = 0,
                               .channel_rate_hz = 48'000,
                               .bandwidth_hz = 16'000,
                               .line_code = dsp::LineCode::kNrz,
                               .modulation = dsp::Modulation::kAfsk,
                               .mark_hz = 1200,
                               .space_hz = 2200});
}

}  // namespace omnisonde::sim
