// Test encoder of the Meteolabor SRS-C50: eleven packets in every second, marks between seconds.
// Variant "sign" sends negative positions as sign and magnitude instead of two's complement.
#include "simulator/sondes/c50_tx.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <numbers>

namespace omnisonde::sim {
namespace c50 {
namespace {

constexpr std::size_t kBitsPerSecond = 2400, kLeadMarks = 60;
constexpr std::int64_t kUnixOfGpsEpoch = 315'964'800;
constexpr dsp::ModemParams kModem{.symbol_rate_hz = 2400,
                                  .deviation_hz = 3000,
                                  .bt = 0,
                                  .channel_rate_hz = 48'000,
                                  .bandwidth_hz = 17'500,
                                  .line_code = dsp::LineCode::kNrz,
                                  .modulation = dsp::Modulation::kAfsk,
                                  .mark_hz = 3000,
                                  .space_hz = 4800};

class C50Transmitter final : public Transmitter {
 public:
  C50Transmitter(const SondeIdentity& identity, bool c34)
      : c34_(c34), magnitude_(identity.variant == "sign") {
    const std::string& text = identity.serial;
    std::uint32_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault == std::errc{} && end == text.data() + text.size() && number != 0) serial_ = number;
  }

  [[nodiscard]] const dsp::ModemParams& modem() const override { return kModem; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  void send(std::vector<std::uint8_t>& bits, std::uint8_t id, std::uint32_t value) const;
  [[nodiscard]] std::uint32_t nmea(double degrees) const;
  void add_truth(const FlightState& s, UtcMillis second);

  bool c34_, magnitude_;
  std::uint32_t serial_ = 6103;
  std::vector<Telemetry> truth_;
};

void C50Transmitter::send(std::vector<std::uint8_t>& bits, std::uint8_t id,
                          std::uint32_t value) const {
  std::vector<std::uint8_t> bytes = {0x00, 0xFF, id};
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  unsigned sum = 0, sums = 0;
  for (std::size_t i = 2; i < 7; ++i) sums += sum += bytes[i];
  bytes.push_back(static_cast<std::uint8_t>(sum));
  bytes.push_back(static_cast<std::uint8_t>(sums ^ 0xFFU));
  for (const std::uint8_t byte : bytes) {
    bits.push_back(0);
    for (unsigned i = 0; i < 8; ++i) bits.push_back(byte >> i & 1U);
    bits.insert(bits.end(), c34_ ? 3 : 1, 1);
  }
}

std::uint32_t C50Transmitter::nmea(double degrees) const {
  const double scale = c34_ ? 1e4 : 1e5;
  const auto minutes = static_cast<std::int64_t>(std::llround(std::abs(degrees) * 60 * scale));
  const auto per_degree = static_cast<std::int64_t>(60 * scale);
  const std::int64_t value =
      minutes / per_degree * static_cast<std::int64_t>(100 * scale) + minutes % per_degree;
  if (degrees >= 0) return static_cast<std::uint32_t>(value);
  return magnitude_ ? static_cast<std::uint32_t>(value) | 0x80000000U
                    : static_cast<std::uint32_t>(-value);
}

std::vector<std::uint8_t> C50Transmitter::next_frame(const FlightState& s) {
  const UtcMillis second{(s.utc.ms + 500) / 1000 * 1000};
  const CivilTime t = to_civil(second);
  const double speed = std::hypot(s.velocity_east_mps, s.velocity_north_mps);
  double course = std::atan2(s.velocity_east_mps, s.velocity_north_mps) * 180 / std::numbers::pi;
  if (course < 0) course += 360;
  const auto real = [](double x) { return std::bit_cast<std::uint32_t>(static_cast<float>(x)); };
  const auto decimal = [](int a, int b, int c) {
    return static_cast<std::uint32_t>((a * 100 + b) * 100 + c);
  };
  std::vector<std::uint8_t> bits(kLeadMarks, 1);
  send(bits, 0x64, serial_);
  send(bits, 0x03, real(s.temperature_c));
  send(bits, 0x10, real(s.humidity_pct));
  send(bits, 0x19, c34_ ? static_cast<std::uint32_t>(std::lround(speed * 19.438)) : real(speed));
  send(bits, 0x1A, c34_ ? static_cast<std::uint32_t>(std::lround(course * 10)) : real(course));
  send(bits, 0x1B, 10'500 + static_cast<std::uint32_t>(s.satellites));
  send(bits, 0x14, decimal(t.day, t.month, t.year % 100));
  send(bits, 0x15, decimal(t.hour, t.minute, t.second));
  send(bits, 0x16, nmea(s.position.latitude_deg));
  send(bits, 0x17, nmea(s.position.longitude_deg));
  send(bits, 0x18, static_cast<std::uint32_t>(std::lround(s.position.altitude_m * 10)));
  bits.resize(std::max(bits.size(), kBitsPerSecond), 1);
  add_truth(s, second);
  if (!c34_) {
    truth_.back().velocity_h_mps = static_cast<float>(speed);
    truth_.back().heading_deg = static_cast<float>(course);
  }
  return bits;
}

void C50Transmitter::add_truth(const FlightState& s, UtcMillis second) {
  Telemetry t;
  t.type = c34_ ? "SRS-C34" : "SRS-C50";
  t.manufacturer = "Meteolabor";
  t.serial = std::to_string(serial_);
  t.datetime = second;
  t.frame_number = static_cast<std::uint32_t>(second.ms / 1000 - kUnixOfGpsEpoch);
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.position = s.position;
  t.temperature_c = static_cast<float>(s.temperature_c);
  t.humidity_pct = static_cast<float>(s.humidity_pct);
  t.satellites = s.satellites;
  truth_.push_back(std::move(t));
}

}  // namespace

std::unique_ptr<Transmitter> make(const SondeIdentity& identity, bool c34) {
  return std::make_unique<C50Transmitter>(identity, c34);
}

}  // namespace c50

std::unique_ptr<Transmitter> make_c50_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_c50_tx(const SondeIdentity& identity) {
  return c50::make(identity, false);
}

}  // namespace omnisonde::sim
