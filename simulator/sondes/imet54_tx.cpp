// Test encoder of the iMet-54 and iMet-50, written from the format sheet and not from the decoder.
// Variants: "54" (default), "50" (no sensors), "54/continuous" and "50/continuous" (longer frames
// with CRC-32, a table in fragments, a pressure sensor on the 54).
#include <bit>
#include <charconv>
#include <cmath>

#include "decoders/physics/atmosphere.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace imet54 {
namespace {

constexpr dsp::ModemParams kModem{.symbol_rate_hz = 4798,
                                  .deviation_hz = 1920,
                                  .bt = 1.0F,
                                  .channel_rate_hz = 48'000,
                                  .bandwidth_hz = 11'000,
                                  .line_code = dsp::LineCode::kNrz};
constexpr std::uint32_t kDefaultSerial = 55'064'506;
constexpr std::uint32_t kNoSensor = 0x4E6E6B28;
constexpr std::uint32_t kPolynomial = 0x04C11DB7;
constexpr double kSensorWarmer_c = 1.7;

using Bytes = std::vector<std::uint8_t>;
using Symbols = std::vector<std::uint8_t>;

void put(Bytes& frame, std::size_t at, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    frame[at++] = static_cast<std::uint8_t>(value >> shift);
  }
}
void put(Bytes& frame, std::size_t at, float value) {
  put(frame, at, std::bit_cast<std::uint32_t>(value));
}

std::uint32_t coordinate(double degrees) {
  const double whole = std::trunc(degrees);
  const double value = whole * 1e6 + (degrees - whole) * 60e4;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lround(value)));
}

std::uint32_t decimal_time(UtcMillis utc) {
  const CivilTime t = to_civil(utc);
  return static_cast<std::uint32_t>(((t.hour * 100 + t.minute) * 100 + t.second) * 1000 +
                                    t.millisecond);
}

std::uint32_t crc_step(std::uint32_t crc, std::uint8_t byte) {
  for (int bit = 7; bit >= 0; --bit) {
    const bool top = ((crc >> 31) ^ (static_cast<unsigned>(byte) >> bit & 1U)) != 0;
    crc = (crc << 1) ^ (top ? kPolynomial : 0U);
  }
  return crc;
}

std::uint32_t crc_words(std::uint32_t crc, const Bytes& frame, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) crc = crc_step(crc, frame[i / 4 * 4 + (3 - i % 4)]);
  return crc;
}

// The check value of the burst: bytes 100, 101, 106, 107 are made to fit 102..105.
void put_burst_check(Bytes& frame, std::uint32_t filler) {
  put(frame, 0x60, filler * 2'654'435'761U);
  frame[102] = static_cast<std::uint8_t>(filler * 31U);
  frame[103] = static_cast<std::uint8_t>(filler * 77U + 5U);
  frame[104] = 0x40;
  frame[105] = 0x00;
  std::uint32_t v = std::uint32_t{frame[105]} << 8 | frame[104];
  for (int i = 0; i < 16; ++i) v = (v & 1U) != 0 ? ((v ^ kPolynomial) >> 1) | 0x80000000U : v >> 1;
  const std::uint32_t crc = crc_step(crc_step(crc_words(0, frame, 100), frame[103]), frame[102]);
  const std::uint32_t check = crc ^ v ^ 0x1DAD5E66U;
  frame[106] = static_cast<std::uint8_t>(check >> 24);
  frame[107] = static_cast<std::uint8_t>(check >> 16);
  frame[100] = static_cast<std::uint8_t>(check >> 8);
  frame[101] = static_cast<std::uint8_t>(check);
}

void put_octet(Symbols& out, unsigned octet) {
  out.push_back(0);
  for (unsigned bit = 0; bit < 8; ++bit) out.push_back(static_cast<std::uint8_t>(octet >> bit & 1));
  out.push_back(1);
}

unsigned hamming(unsigned m) {
  const unsigned m0 = m & 1U, m1 = m >> 1 & 1U, m2 = m >> 2 & 1U, m3 = m >> 3 & 1U;
  return (m0 ^ m1 ^ m3) | (m0 ^ m2 ^ m3) << 1 | m0 << 2 | (m1 ^ m2 ^ m3) << 3 | m1 << 4 | m2 << 5 |
         m3 << 6 | (m0 ^ m1 ^ m2) << 7;
}

Symbols to_symbols(const Bytes& frame, unsigned header) {
  Symbols out;
  for (int i = 0; i < 10; ++i) {
    put_octet(out, 0x00);
    put_octet(out, 0x55);
  }
  for (int i = 0; i < 4; ++i) put_octet(out, 0x24);
  put_octet(out, header);
  for (std::size_t at = 0; at + 4 <= frame.size(); at += 4) {
    std::array<unsigned, 8> octets{};
    for (unsigned k = 0; k < 8; ++k) {
      const unsigned byte = frame[at + k / 2];
      const unsigned word = hamming(k % 2 == 0 ? byte >> 4 : byte & 0xFU);
      for (unsigned i = 0; i < 8; ++i) octets[i] |= (word >> i & 1U) << k;
    }
    for (const unsigned octet : octets) put_octet(out, octet);
  }
  return out;
}

class Imet54Tx final : public Transmitter {
 public:
  explicit Imet54Tx(const SondeIdentity& identity)
      : bare_(identity.variant.starts_with("50")),
        continuous_(identity.variant.ends_with("/continuous")) {
    const std::string& text = identity.serial;
    std::from_chars(text.data(), text.data() + text.size(), serial_);
  }

  [[nodiscard]] const dsp::ModemParams& modem() const override { return kModem; }
  [[nodiscard]] double burst_period_s() const override { return 1.0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  void put_sensors(Bytes& frame, const FlightState& s, Telemetry& t) const;
  void put_table(Bytes& frame, const FlightState& s, Telemetry& t);

  bool bare_, continuous_;
  std::uint32_t serial_ = kDefaultSerial;
  unsigned fragment_ = 0;
  std::uint32_t sent_ = 0;
  std::optional<float> told_battery_v_;
  std::vector<Telemetry> truth_;
};

void Imet54Tx::put_sensors(Bytes& frame, const FlightState& s, Telemetry& t) const {
  if (bare_) {
    for (const std::size_t at : {0x1C, 0x20, 0x24}) put(frame, at, kNoSensor);
    return;
  }
  const double sensor_c = s.temperature_c + kSensorWarmer_c;
  const double raw_pct = s.humidity_pct * physics::saturation_pressure_pa(s.temperature_c) /
                         physics::saturation_pressure_pa(sensor_c);
  put(frame, 0x1C, static_cast<float>(s.temperature_c));
  put(frame, 0x20, static_cast<float>(raw_pct));
  put(frame, 0x24, static_cast<float>(sensor_c));
  t.temperature_c = static_cast<float>(s.temperature_c);
  t.humidity_pct = static_cast<float>(s.humidity_pct);
  if (!continuous_) return;
  put(frame, 0x14, static_cast<std::uint32_t>(2150));
  put(frame, 0x18, static_cast<std::uint32_t>(std::lround(s.pressure_hpa * 100)));
  t.pressure_hpa = static_cast<float>(s.pressure_hpa);
}

void Imet54Tx::put_table(Bytes& frame, const FlightState& s, Telemetry& t) {
  frame[0x28] = static_cast<std::uint8_t>(fragment_);
  if (fragment_ == 2) {
    const auto centivolts = static_cast<std::uint32_t>(std::lround(s.battery_v * 100));
    put(frame, 0x2C, 0x08340000U | centivolts);
    told_battery_v_ = static_cast<float>(centivolts) * 0.01F;
  } else {
    put(frame, 0x2C, 0x01020304U * (fragment_ + 1));
  }
  t.battery_v = told_battery_v_;
  fragment_ = (fragment_ + 1) % 11;
}

std::vector<std::uint8_t> Imet54Tx::next_frame(const FlightState& s) {
  Bytes frame(continuous_ ? 216 : 108, 0);
  Telemetry t;
  t.type = t.subtype = bare_ ? "iMet-50" : "iMet-54";
  t.manufacturer = "Intermet Systems";
  t.serial = std::to_string(serial_);
  t.datetime = s.utc;
  t.frame_number = static_cast<std::uint32_t>((s.utc.ms % 86'400'000 + 500) / 1000);
  t.height_reference = HeightReference::kMeanSeaLevel;
  put(frame, 0x00, serial_);
  put(frame, 0x04, decimal_time(s.utc));
  if (s.satellites > 0) {
    put(frame, 0x08, coordinate(s.position.latitude_deg));
    put(frame, 0x0C, coordinate(s.position.longitude_deg));
    put(frame, 0x10,
        static_cast<std::uint32_t>(
            static_cast<std::int32_t>(std::lround(s.position.altitude_m * 10))));
    t.position = s.position;
    t.satellites = s.satellites;
    if (s.satellites < 4) t.hold_reason = "fewer than 4 satellites";
  } else {
    t.hold_reason = "no fix";
  }
  put_sensors(frame, s, t);
  if (!t.position) t.pressure_hpa.reset();
  frame[0x29] = static_cast<std::uint8_t>(s.satellites);
  frame[0x2B] = static_cast<std::uint8_t>((bare_ ? 0x00 : 0x0E) | (s.satellites > 0 ? 0x30 : 0x00));
  if (continuous_) {
    if (!bare_) put_table(frame, s, t);
    put(frame, 0x34, crc_words(crc_step(0xFFFFFFFFU, 0x43), frame, 0x34));
    for (std::size_t i = 0x38; i < frame.size(); ++i) frame[i] = static_cast<std::uint8_t>(i * 7);
  } else {
    frame[0x52] = 0xF8;
    frame[0x58] = 0x77;
    frame[0x5E] = static_cast<std::uint8_t>(sent_);
    put_burst_check(frame, ++sent_);
  }
  truth_.push_back(std::move(t));
  return to_symbols(frame, continuous_ ? 0x43 : 0x42);
}

}  // namespace
}  // namespace imet54

std::unique_ptr<Transmitter> make_imet54_tx(const SondeIdentity& identity);

/// The iMet-54's entry in the list of encoders.
std::unique_ptr<Transmitter> make_imet54_tx(const SondeIdentity& identity) {
  return std::make_unique<imet54::Imet54Tx>(identity);
}

}  // namespace omnisonde::sim
