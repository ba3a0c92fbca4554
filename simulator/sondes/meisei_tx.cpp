// Test encoder of the Meisei iMS-100 (default) and RS-11G (variant "RS-11G"). Each call sends one
// frame; even ones carry the position, odd ones complete the record.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <numbers>

#include "decoders/fec/biphase.hpp"
#include "decoders/sondes/meisei_config.hpp"
#include "decoders/sondes/meisei_frame.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace meisei {
namespace {

using omnisonde::meisei::kB;
using omnisonde::meisei::Words;

constexpr std::uint16_t kReference = 37073;
constexpr double kSlope = 5.908194542, kOffset = 0.02, kSquare = 0.003, kConstant = 0.01;
constexpr std::array<double, 4> kHumidity = {520, -230, 18, 1};
constexpr dsp::ModemParams kModem{.symbol_rate_hz = 2400,
                                  .deviation_hz = 3150,
                                  .bt = 1.2F,
                                  .channel_rate_hz = 48'000,
                                  .bandwidth_hz = 14'000,
                                  .line_code = dsp::LineCode::kNrz};

double kilohm(double celsius) {
  return 46.57 * std::exp(2572 * (1 / (celsius + 273.15) - 1 / 228.15));
}

std::uint16_t temperature_count(double celsius) {
  const double r = kilohm(celsius) - kOffset + kConstant;
  const double x = (-kSlope + std::sqrt(kSlope * kSlope + 4 * kSquare * r)) / (2 * kSquare);
  return static_cast<std::uint16_t>(
      std::clamp(std::lround((1 + 1 / x) * kReference / 4), 1L, 65535L));
}

std::uint16_t humidity_count(double percent) {
  double low = 2.0, high = 3.3;  // the polynomial falls between them
  for (int i = 0; i < 40; ++i) {
    const double f = (low + high) / 2;
    const double rh = kHumidity[0] + f * (kHumidity[1] + f * (kHumidity[2] + f * kHumidity[3]));
    (rh > percent ? low : high) = f;
  }
  return static_cast<std::uint16_t>(std::lround(low * kReference / 4));
}

std::uint16_t word(double value) {
  return static_cast<std::uint16_t>(static_cast<std::int64_t>(std::llround(value)));
}

std::int32_t to_nmea(double degrees) {
  const double whole = std::trunc(degrees);
  return static_cast<std::int32_t>(whole * 1'000'000 +
                                   static_cast<double>(std::llround((degrees - whole) * 60e4)));
}

double from_nmea(std::int32_t value) { return value / 1'000'000 + (value % 1'000'000) / 600'000.0; }

void put32(Words& w, std::size_t at, std::int64_t value) {
  w[at] = static_cast<std::uint16_t>(value >> 16);
  w[at + 1] = static_cast<std::uint16_t>(value);
}

double course_deg(const FlightState& s) {
  const double course =
      std::atan2(s.velocity_east_mps, s.velocity_north_mps) * 180 / std::numbers::pi;
  return course < 0 ? course + 360 : course;
}

class MeiseiTransmitter final : public Transmitter {
 public:
  explicit MeiseiTransmitter(const SondeIdentity& identity);

  [[nodiscard]] const dsp::ModemParams& modem() const override { return kModem; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  void put_ims100(Words& w, const FlightState& state);
  void put_rs11g(Words& w, const FlightState& state);
  void put_common(Words& w, const FlightState& state) const;
  [[nodiscard]] double configuration(std::size_t slot) const;

  bool ims100_;
  std::uint32_t serial_ = 7085061;
  double frequency_mhz_;
  std::uint16_t counter_ = 15980;
  std::uint8_t level_ = 0;
  UtcMillis fix_utc_;
  Telemetry pending_;  ///< of the even frame
  bool complete_ = false;
  std::vector<Telemetry> truth_;
};

MeiseiTransmitter::MeiseiTransmitter(const SondeIdentity& identity)
    : ims100_(!identity.variant.starts_with("RS-11G") && !identity.variant.starts_with("rs-11g")),
      frequency_mhz_(std::round(identity.frequency_hz / 1e5) / 10) {
  const std::string& text = identity.serial;
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc{} && number != 0) serial_ = number;
}

double MeiseiTransmitter::configuration(std::size_t slot) const {
  const std::size_t points = ims100_ ? 12 : 11, resistances = ims100_ ? 33 : 37;
  const std::size_t polynomial = ims100_ ? 53 : 33;
  const auto celsius = [](std::size_t i) { return 40 - 12.5 * static_cast<double>(i); };
  if (slot % 16 == 0) return serial_;
  if (slot == 15) return std::round((frequency_mhz_ - (ims100_ ? 400.0 : 403.7)) * 10);
  if (slot >= 17 && slot < 17 + points) return celsius(slot - 17);
  if (slot >= resistances && slot < resistances + points)
    return kilohm(celsius(slot - resistances));
  if (slot >= 49 && slot < 53) return kHumidity[slot - 49];
  if (slot == polynomial) return kOffset;
  if (slot == polynomial + 1) return kSlope;
  if (slot == polynomial + 2) return kSquare;
  if (slot == polynomial + 3) return kConstant;
  return 0;
}

void MeiseiTransmitter::put_common(Words& w, const FlightState& state) const {
  const bool odd = counter_ % 2 == 1;
  w[0] = counter_;
  w[1] = counter_ % 4 == 0 ? kReference : 0;
  const auto value = static_cast<float>(configuration(counter_ % 64));
  const std::uint32_t raw =
      ims100_ ? std::bit_cast<std::uint32_t>(value) : omnisonde::meisei::rs11g_words(value);
  w[2] = static_cast<std::uint16_t>(raw);
  w[3] = static_cast<std::uint16_t>(raw >> 16U);
  w[5] = temperature_count(state.temperature_c);
  w[6] = ims100_ && counter_ % 4 == 3 ? kReference : humidity_count(state.humidity_pct);
  w[7] = static_cast<std::uint16_t>((odd ? 0x3100U : 0x3000U) | (ims100_ ? 0xC1U : 0xA2U));
}

void MeiseiTransmitter::put_ims100(Words& w, const FlightState& state) {
  const double knots = 1.94384;
  if (counter_ % 2 == 1) {
    w[10] = static_cast<std::uint16_t>(counter_ * 4);
    w[kB + 1] = word(state.velocity_up_mps * knots * 10);
    if (w[kB + 1] != 0)
      pending_.velocity_v_mps =
          static_cast<float>(static_cast<std::int16_t>(w[kB + 1]) / (knots * 10));
    w[kB + 2] = 3;
    w[kB + 3] = 0x2423;
    w[kB + 11] = omnisonde::meisei::checksum(w);
    return;
  }
  const CivilTime now = to_civil(state.utc);
  w[10] = static_cast<std::uint16_t>(now.second * 1000 + now.millisecond);
  w[11] = static_cast<std::uint16_t>(now.hour << 8 | now.minute);
  w[kB] = static_cast<std::uint16_t>(now.day * 1000 + now.month * 10 + now.year % 10);
  const std::int32_t latitude = to_nmea(state.position.latitude_deg);
  const std::int32_t longitude = to_nmea(state.position.longitude_deg);
  const std::int64_t altitude = std::llround(state.position.altitude_m * 100);
  put32(w, kB + 1, latitude);
  put32(w, kB + 3, longitude);
  put32(w, kB + 5, altitude * 256 + 0x2B);
  w[kB + 7] = 0x2436;
  w[kB + 9] = word(course_deg(state) * 100);
  w[kB + 10] = word(std::hypot(state.velocity_north_mps, state.velocity_east_mps) * knots * 100);
  w[kB + 11] = omnisonde::meisei::checksum(w);
  pending_.position =
      GeoPosition{from_nmea(latitude), from_nmea(longitude), static_cast<double>(altitude) * 0.01};
  pending_.datetime = state.utc;
  pending_.heading_deg = static_cast<float>(w[kB + 9]) * 0.01F;
  pending_.velocity_h_mps = static_cast<float>(w[kB + 10] / (knots * 100));
}

void MeiseiTransmitter::put_rs11g(Words& w, const FlightState& state) {
  // Both frames of a pair speak of one fix.
  const CivilTime now = to_civil(counter_ % 2 == 1 ? fix_utc_ : state.utc);
  fix_utc_ = counter_ % 2 == 1 ? fix_utc_ : state.utc;
  if (counter_ % 2 == 1) {
    const int ms = now.second * 1000 + now.millisecond;
    w[10] = static_cast<std::uint16_t>((ms & 0xFF) << 8 | ms >> 8);
    w[11] = static_cast<std::uint16_t>(now.hour << 8 | now.minute);
    w[kB + 11] = static_cast<std::uint16_t>(counter_ * 31);
    return;
  }
  const std::int64_t latitude = std::llround(state.position.latitude_deg * 1e7);
  const std::int64_t longitude = std::llround(state.position.longitude_deg * 1e7);
  const std::int64_t altitude = std::llround(state.position.altitude_m * 100);
  w[kB] = 0x8080;
  put32(w, kB + 1, latitude);
  put32(w, kB + 3, longitude);
  put32(w, kB + 5, altitude);
  w[kB + 7] = word(std::hypot(state.velocity_north_mps, state.velocity_east_mps) * 100);
  w[kB + 8] = word(course_deg(state) * 100);
  w[kB + 9] = word(state.velocity_up_mps * 100);
  w[kB + 10] = static_cast<std::uint16_t>(0x1400 | (now.year - 1792));
  w[kB + 11] = static_cast<std::uint16_t>(now.month << 8 | now.day);
  pending_.position =
      GeoPosition{static_cast<double>(latitude) * 1e-7, static_cast<double>(longitude) * 1e-7,
                  static_cast<double>(altitude) * 0.01};
  pending_.datetime = state.utc;
  pending_.velocity_h_mps = static_cast<float>(w[kB + 7]) * 0.01F;
  pending_.heading_deg = static_cast<float>(w[kB + 8]) * 0.01F;
  pending_.velocity_v_mps = static_cast<float>(static_cast<std::int16_t>(w[kB + 9])) * 0.01F;
}

std::vector<std::uint8_t> MeiseiTransmitter::next_frame(const FlightState& state) {
  const bool odd = counter_ % 2 == 1;
  Words w{};
  if (!odd) {
    pending_ = Telemetry();
    pending_.type = ims100_ ? "iMS-100" : "RS-11G";
    pending_.manufacturer = "Meisei";
    pending_.serial = std::to_string(serial_);
    pending_.frame_number = counter_;
    pending_.height_reference = HeightReference::kMeanSeaLevel;
    pending_.temperature_c = static_cast<float>(state.temperature_c);
    pending_.humidity_pct = static_cast<float>(state.humidity_pct);
    pending_.tx_frequency_mhz = frequency_mhz_;
    complete_ = true;
  }
  put_common(w, state);
  if (ims100_) {
    put_ims100(w, state);
  } else {
    put_rs11g(w, state);
  }
  if (odd && complete_) truth_.push_back(pending_);
  ++counter_;
  auto chips = fec::biphase_encode(omnisonde::meisei::frame_bits(w), fec::Biphase::kSpace, level_);
  level_ = chips.back();
  return chips;
}

}  // namespace
}  // namespace meisei

std::unique_ptr<Transmitter> make_meisei_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_meisei_tx(const SondeIdentity& identity) {
  return std::make_unique<meisei::MeiseiTransmitter>(identity);
}

}  // namespace omnisonde::sim
