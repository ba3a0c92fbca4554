// Test encoder of the Meteo-Radiy MRZ: six copies of a frame and two zero bytes per call, back to
// back. Variants "ECEF" (default) and "latlon"; the serial is "C-D".
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>

#include "decoders/geo/ecef.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/sondes/mrz_frame.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace mrz {
namespace {

using omnisonde::mrz::body_bytes;
using omnisonde::mrz::Layout;

constexpr int kCopies = 6;
constexpr dsp::ModemParams kModem{.symbol_rate_hz = 2400,
                                  .deviation_hz = 2400,
                                  .bt = 0,
                                  .channel_rate_hz = 48'000,
                                  .bandwidth_hz = 12'000,
                                  .line_code = dsp::LineCode::kManchester};

class Body {
 public:
  void put(std::int64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      bytes_.push_back(static_cast<std::uint8_t>(value));
      value >>= 8;
    }
  }
  std::vector<std::uint8_t> bytes_;
};

std::int64_t rounded(double value) { return std::llround(value); }

class MrzTransmitter final : public Transmitter {
 public:
  explicit MrzTransmitter(const SondeIdentity& identity)
      : layout_(identity.variant == "latlon" ? Layout::kLatLon : Layout::kEcef) {
    const char* const end = identity.serial.data() + identity.serial.size();
    const auto first = std::from_chars(identity.serial.data(), end, serial_c_);
    if (first.ec == std::errc{} && first.ptr != end) std::from_chars(first.ptr + 1, end, serial_d_);
  }

  [[nodiscard]] const dsp::ModemParams& modem() const override { return kModem; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  void put_ecef(Body& body, const FlightState& state, Telemetry& t) const;
  void put_latlon(Body& body, const FlightState& state, Telemetry& t) const;
  [[nodiscard]] std::uint32_t word(const CivilTime& now) const;

  Layout layout_;
  std::uint32_t serial_c_ = 408505, serial_d_ = 412369;
  unsigned block_ = 9;  // the serial soon, the date after it
  std::vector<Telemetry> truth_;
};

std::uint32_t MrzTransmitter::word(const CivilTime& now) const {
  const auto date = static_cast<std::uint32_t>(now.day * 10'000 + now.month * 100 + now.year % 100);
  if (block_ == 12) return serial_c_;
  if (block_ == 13) return serial_d_;
  if (block_ == 14) return 120324;  // calibrated on 12 March 2024
  return block_ == 15 ? date : 0x3F80'0000U + block_;
}

void MrzTransmitter::put_ecef(Body& body, const FlightState& state, Telemetry& t) const {
  body.put(0, 1);
  geo::Ecef x = geo::to_ecef(state.position);
  geo::Ecef v = geo::to_ecef_velocity(
      {state.velocity_north_mps, state.velocity_east_mps, state.velocity_up_mps}, state.position);
  for (double& axis : x) {
    body.put(rounded(axis * 100), 4);
    axis = static_cast<double>(rounded(axis * 100)) * 0.01;
  }
  for (double& axis : v) {
    body.put(rounded(axis * 100), 2);
    axis = static_cast<double>(rounded(axis * 100)) * 0.01;
  }
  t.position = geo::to_geodetic(x);
  const geo::LocalVelocity local = geo::to_local(v, *t.position);
  t.velocity_h_mps = static_cast<float>(geo::ground_speed_mps(local));
  t.velocity_v_mps = static_cast<float>(local.up_mps);
  t.heading_deg = static_cast<float>(geo::heading_deg(local));
}

void MrzTransmitter::put_latlon(Body& body, const FlightState& state, Telemetry& t) const {
  const auto latitude = rounded(state.position.latitude_deg * 1e6);
  const auto longitude = rounded(state.position.longitude_deg * 1e6);
  const auto altitude = rounded(state.position.altitude_m * 100);
  const auto speed = rounded(100 * std::hypot(state.velocity_north_mps, state.velocity_east_mps));
  double heading =
      std::atan2(state.velocity_east_mps, state.velocity_north_mps) * 180 / std::numbers::pi;
  if (heading < 0) heading += 360;
  const auto course = rounded(heading * 100);
  body.put(latitude, 4);
  body.put(longitude, 4);
  body.put(altitude, 4);
  body.put(speed, 2);
  body.put(course, 2);
  t.position =
      GeoPosition{static_cast<double>(latitude) * 1e-6, static_cast<double>(longitude) * 1e-6,
                  static_cast<double>(altitude) * 0.01};
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.velocity_h_mps = static_cast<float>(speed) * 0.01F;
  t.heading_deg = static_cast<float>(course) * 0.01F;
}

std::vector<std::uint8_t> symbols_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> symbols;
  symbols.reserve(16 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      const std::uint8_t one = byte >> (7 - bit) & 1U;
      symbols.push_back(one);  // 1 is high, then low
      symbols.push_back(one ^ 1U);
    }
  }
  return symbols;
}

std::vector<std::uint8_t> MrzTransmitter::next_frame(const FlightState& state) {
  const CivilTime now = to_civil(state.utc);
  Telemetry t;
  Body body;
  body.put(0x80 + block_, 1);
  body.put(now.hour, 1);
  body.put(now.minute, 1);
  body.put(now.second, 1);
  if (layout_ == Layout::kEcef) {
    put_ecef(body, state, t);
  } else {
    put_latlon(body, state, t);
  }
  body.put(state.satellites, 1);
  body.put(0, 2);
  const auto temperature = rounded(state.temperature_c * 100);
  const auto humidity = rounded(state.humidity_pct * 100);
  body.put(temperature, 2);
  body.put(humidity, 2);
  body.put(0xFFFF, 2);
  body.put(1231025 + temperature, 4);
  body.put(1231025 + humidity, 4);
  body.put(block_ + 1, 1);
  body.put(word(now), 4);
  block_ = (block_ + 1) % 16;

  std::vector<std::uint8_t> frame = {0xAA, 0xAA, 0xBF, 0x35};
  frame.insert(frame.end(), body.bytes_.begin(), body.bytes_.end());
  const std::uint16_t crc = omnisonde::mrz::checksum(body.bytes_);
  frame.push_back(static_cast<std::uint8_t>(crc));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8U));
  std::vector<std::uint8_t> group;
  for (int i = 0; i < kCopies; ++i) group.insert(group.end(), frame.begin(), frame.end());
  group.insert(group.end(), 2, 0);

  t.type = "MRZ";
  t.manufacturer = "Meteo-Radiy";
  t.serial = std::to_string(serial_c_) + "-" + std::to_string(serial_d_);
  t.datetime = UtcMillis{state.utc.ms / 1000 * 1000};
  t.frame_number = static_cast<std::uint32_t>((t.datetime->ms - geo::kGpsEpoch_ms) / 1000);
  t.satellites = state.satellites;
  t.temperature_c = static_cast<float>(temperature) * 0.01F;
  t.humidity_pct = static_cast<float>(humidity) * 0.01F;
  truth_.push_back(std::move(t));
  return symbols_of(group);
}

}  // namespace
}  // namespace mrz

std::unique_ptr<Transmitter> make_mrz_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_mrz_tx(const SondeIdentity& identity) {
  return std::make_unique<mrz::MrzTransmitter>(identity);
}

}  // namespace omnisonde::sim
