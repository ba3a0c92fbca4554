// Test encoder of the Meteosis MTS01: one frame of text a second.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>

#include "decoders/sondes/mts01_frame.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace mts01 {
namespace {

using omnisonde::mts01::kTextBytes;

constexpr dsp::ModemParams kModem{.symbol_rate_hz = 1200,
                                  .deviation_hz = 640,
                                  .bt = 0,
                                  .channel_rate_hz = 48'000,
                                  .bandwidth_hz = 6'000,
                                  .line_code = dsp::LineCode::kNrz};

// The value that a field's text stands for.
double as_sent(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return std::strtod(text.data(), nullptr);
}

class Mts01Transmitter final : public Transmitter {
 public:
  explicit Mts01Transmitter(const SondeIdentity& identity)
      : serial_(identity.serial.empty() ? "10850623" : identity.serial) {}

  [[nodiscard]] const dsp::ModemParams& modem() const override { return kModem; }
  [[nodiscard]] double burst_period_s() const override { return 1; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  std::string serial_;
  std::uint32_t frame_ = 1;
  std::vector<Telemetry> truth_;
};

std::vector<std::uint8_t> Mts01Transmitter::next_frame(const FlightState& state) {
  const CivilTime now = to_civil(state.utc);
  double course =
      std::atan2(state.velocity_east_mps, state.velocity_north_mps) * 180 / std::numbers::pi;
  if (course < 0) course += 360;
  const double speed = std::hypot(state.velocity_north_mps, state.velocity_east_mps);
  const double kelvin = state.temperature_c + 273.15;
  const double thermistor = 15 * std::exp(3000 * (1 / kelvin - 1 / 273.15));
  const int millivolts = static_cast<int>(std::lround(state.battery_v * 1000));
  std::array<char, kTextBytes + 1> text{};
  std::snprintf(
      text.data(), text.size(),
      "%s,1,%u,%02d%02d%02d%02d%02d%02d,%d,%.6f,%.6f,%.1f,%.1f,%.1f,%.1f,%.3f,%.3f,%.2f,0,"
      "0,0,0",
      serial_.c_str(), frame_, now.year % 100, now.month, now.day, now.hour, now.minute, now.second,
      millivolts, state.position.latitude_deg, state.position.longitude_deg,
      state.position.altitude_m, course, speed, state.velocity_up_mps, thermistor, thermistor,
      300 + state.humidity_pct);
  std::vector<std::uint8_t> bytes = {0xAA, 0xAA, 0xB4, 0x2B, 0x80};
  std::array<std::uint8_t, kTextBytes> field{};
  std::copy_n(text.begin(), kTextBytes, field.begin());
  bytes.insert(bytes.end(), field.begin(), field.end());
  const std::uint16_t crc = omnisonde::mts01::checksum(field);
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8U));
  bytes.push_back(static_cast<std::uint8_t>(crc));

  Telemetry t;
  t.type = "MTS01";
  t.manufacturer = "Meteosis";
  t.serial = serial_;
  t.frame_number = frame_++;
  t.datetime = UtcMillis{state.utc.ms / 1000 * 1000};
  t.position =
      GeoPosition{as_sent(state.position.latitude_deg, 6), as_sent(state.position.longitude_deg, 6),
                  as_sent(state.position.altitude_m, 1)};
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.heading_deg = static_cast<float>(as_sent(course, 1));
  t.velocity_h_mps = static_cast<float>(as_sent(speed, 1));
  t.battery_v = static_cast<float>(millivolts) * 0.001F;
  t.temperature_c = static_cast<float>(state.temperature_c);
  truth_.push_back(std::move(t));

  std::vector<std::uint8_t> symbols;
  symbols.reserve(8 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) symbols.push_back(byte >> (7 - bit) & 1U);
  }
  return symbols;
}

}  // namespace
}  // namespace mts01

std::unique_ptr<Transmitter> make_mts01_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_mts01_tx(const SondeIdentity& identity) {
  return std::make_unique<mts01::Mts01Transmitter>(identity);
}

}  // namespace omnisonde::sim
