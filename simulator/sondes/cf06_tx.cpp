// Test encoders of the CF-06AH, the GTH3/GTH6 and the CF-06 at 600 baud, written from the format
// sheet and not from the decoders. No variants.
#include <bit>
#include <charconv>
#include <cmath>
#include <numbers>

#include "decoders/fec/crc.hpp"
#include "decoders/fec/reed_solomon.hpp"
#include "decoders/geo/gps_time.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace cf06 {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr dsp::ModemParams kFast{.symbol_rate_hz = 2400,
                                 .deviation_hz = 2200,
                                 .bt = 1.0F,
                                 .channel_rate_hz = 48'000,
                                 .bandwidth_hz = 11'000,
                                 .line_code = dsp::LineCode::kNrz};
constexpr dsp::ModemParams kSlow{.symbol_rate_hz = 600,
                                 .deviation_hz = 2300,
                                 .bt = 0,
                                 .channel_rate_hz = 48'000,
                                 .bandwidth_hz = 8'000,
                                 .line_code = dsp::LineCode::kNrz};

void put(Bytes& frame, std::size_t at, std::int64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) frame[at + i] = static_cast<std::uint8_t>(value >> 8 * i);
}
void put_be(Bytes& frame, std::size_t at, std::int64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    frame[at + i] = static_cast<std::uint8_t>(value >> 8 * (count - 1 - i));
  }
}
void put_radians(Bytes& frame, std::size_t at, double degrees) {
  const auto radians = static_cast<float>(degrees * std::numbers::pi / 180);
  put(frame, at, std::bit_cast<std::uint32_t>(radians), 4);
}
void put_time(Bytes& frame, std::size_t at, UtcMillis utc) {
  const CivilTime t = to_civil(utc);
  const int tenths = t.second * 10 + t.millisecond / 100;
  frame[at] = static_cast<std::uint8_t>(t.hour);
  frame[at + 1] = static_cast<std::uint8_t>(t.minute | (tenths >> 8) << 6);
  frame[at + 2] = static_cast<std::uint8_t>(tenths);
}
/// 102 bytes, of which the first seven are filled in.
Bytes fast_frame(std::array<std::uint8_t, 2> kind) {
  Bytes frame(102, 0);
  put_be(frame, 0, 0x2DD4637FFF, 5);
  frame[5] = kind[0];
  frame[6] = kind[1];
  return frame;
}
std::int64_t rounded(double value) { return std::llround(value); }

std::vector<std::uint8_t> to_symbols(const Bytes& preamble, const Bytes& frame, bool least_first) {
  std::vector<std::uint8_t> out;
  for (const Bytes* part : {&preamble, &frame}) {
    for (const std::uint8_t byte : *part) {
      for (unsigned i = 0; i < 8; ++i) {
        out.push_back(static_cast<std::uint8_t>(byte >> (least_first ? i : 7 - i) & 1U));
      }
    }
  }
  return out;
}

/// What the three have in common.
class Burst : public Transmitter {
 public:
  Burst(const SondeIdentity& identity, std::uint32_t default_serial) : serial_(default_serial) {
    const std::string& text = identity.serial;
    std::from_chars(text.data(), text.data() + text.size(), serial_);
  }
  [[nodiscard]] double burst_period_s() const override { return 1.0; }
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 protected:
  static Telemetry record(const FlightState& s, const char* type, const char* manufacturer) {
    Telemetry t;
    t.type = type;
    t.manufacturer = manufacturer;
    t.position = s.position;
    t.height_reference = HeightReference::kMeanSeaLevel;
    t.velocity_h_mps = static_cast<float>(std::hypot(s.velocity_north_mps, s.velocity_east_mps));
    t.velocity_v_mps = static_cast<float>(s.velocity_up_mps);
    const double heading =
        std::atan2(s.velocity_east_mps, s.velocity_north_mps) * 180 / std::numbers::pi;
    t.heading_deg = static_cast<float>(heading < 0 ? heading + 360 : heading);
    return t;
  }

  [[nodiscard]] std::string digits(std::size_t count) const {
    const std::string text = std::to_string(serial_);
    return text.size() < count ? std::string(count - text.size(), '0') + text : text;
  }

  std::uint32_t serial_;
  unsigned sent_ = 0;
  std::vector<Telemetry> truth_;
};

class Cf06Tx final : public Burst {
 public:
  explicit Cf06Tx(const SondeIdentity& identity) : Burst(identity, 22'080'000) {}
  [[nodiscard]] const dsp::ModemParams& modem() const override { return kFast; }
  std::vector<std::uint8_t> next_frame(const FlightState& s) override;
};

// Message, CRC and parity of one Reed-Solomon word, first byte = highest power.
void protect(Bytes& frame, std::size_t at, std::size_t message) {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0, .reflected = false, .xor_out = 0});
  static const fec::ReedSolomon kCode(
      {.field_polynomial = 0x11D, .first_root = 1, .root_step = 1, .parity = 6});
  const std::span<const std::uint8_t> covered(frame.data() + at, message - 2);
  put_be(frame, at + message - 2, kCrc(covered), 2);
  Bytes word(message + 6);
  for (std::size_t i = 0; i < message; ++i) word[word.size() - 1 - i] = frame[at + i];
  kCode.encode(word);
  for (std::size_t i = message; i < word.size(); ++i) frame[at + i] = word[word.size() - 1 - i];
}

std::vector<std::uint8_t> Cf06Tx::next_frame(const FlightState& s) {
  Bytes frame = fast_frame({0xAA, 0xAA});
  const geo::GpsTime time = geo::gps_time(s.utc);
  std::uint32_t left = serial_;
  for (std::size_t i = 0; i < 4; ++i, left /= 100) {
    frame[10 - i] = static_cast<std::uint8_t>(left % 100);
  }
  put(frame, 11, time.tow_ms, 4);
  put(frame, 15, rounded(s.position.longitude_deg * 1e7), 4);
  put(frame, 19, rounded(s.position.latitude_deg * 1e7), 4);
  put(frame, 23, rounded(s.position.altitude_m * 1000), 4);
  put(frame, 27, rounded(s.velocity_east_mps * 100), 2);
  put(frame, 29, rounded(s.velocity_north_mps * 100), 2);
  put(frame, 31, rounded(-s.velocity_up_mps * 100), 2);
  frame[33] = static_cast<std::uint8_t>(s.satellites);
  frame[45] = static_cast<std::uint8_t>(++sent_);
  protect(frame, 7, 42);
  for (std::size_t i = 55; i < 65; ++i) frame[i] = 0xAA;
  for (std::size_t i = 65; i < 94; ++i) frame[i] = static_cast<std::uint8_t>(sent_ * 37 + i * 101);
  protect(frame, 55, 41);
  Telemetry t = record(s, "CF-06", "Aerospace Newsky");
  t.serial = digits(8);
  t.time_reference = TimeReference::kGps;
  t.datetime = geo::gps_clock(time);
  t.frame_number = static_cast<std::uint32_t>((time.tow_ms + 500) / 1000);
  if (s.satellites >= 4) t.satellites = s.satellites;
  truth_.push_back(std::move(t));
  return to_symbols(Bytes(5, 0xAA), frame, true);
}

class Gth6Tx final : public Burst {
 public:
  explicit Gth6Tx(const SondeIdentity& identity) : Burst(identity, 26'310'000) {}
  [[nodiscard]] const dsp::ModemParams& modem() const override { return kFast; }
  std::vector<std::uint8_t> next_frame(const FlightState& s) override;
};

std::vector<std::uint8_t> Gth6Tx::next_frame(const FlightState& s) {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0, .reflected = true, .xor_out = 0});
  Bytes frame = fast_frame({0xFF, 0xEE});
  std::uint32_t left = serial_;
  for (std::size_t i = 0; i < 4; ++i, left /= 100) {
    frame[10 - i] = static_cast<std::uint8_t>(left / 10 % 10 << 4 | left % 10);
  }
  put_time(frame, 12, s.utc);
  put_radians(frame, 16, s.position.longitude_deg);
  put_radians(frame, 20, s.position.latitude_deg);
  put(frame, 24, rounded(s.position.altitude_m * 10), 4);
  put(frame, 28, rounded(s.velocity_north_mps * 100), 2);
  put(frame, 30, rounded(s.velocity_east_mps * 100), 2);
  put(frame, 32, rounded(s.velocity_up_mps * 100), 2);
  put(frame, 84, rounded(s.temperature_c * 100), 2);
  put(frame, 88, rounded(s.humidity_pct * 100), 2);
  put(frame, 90, rounded(s.pressure_hpa * 100), 3);
  const unsigned number = 1800 + sent_++;
  put_be(frame, 97, number, 2);
  put(frame, 100, kCrc(std::span(frame).subspan(3, 97)), 2);
  Telemetry t = record(s, "GTH6", "Huayuntianyi");
  t.serial = digits(8);
  t.datetime = UtcMillis{s.utc.ms / 100 * 100};
  t.frame_number = number & 0xFFFFU;
  t.temperature_c = static_cast<float>(s.temperature_c);
  t.humidity_pct = static_cast<float>(s.humidity_pct);
  t.pressure_hpa = static_cast<float>(s.pressure_hpa);
  truth_.push_back(std::move(t));
  return to_symbols(Bytes(5, 0xAA), frame, true);
}

class Cf06SlowTx final : public Burst {
 public:
  explicit Cf06SlowTx(const SondeIdentity& identity) : Burst(identity, 203'000) {}
  [[nodiscard]] const dsp::ModemParams& modem() const override { return kSlow; }
  std::vector<std::uint8_t> next_frame(const FlightState& s) override;
};

std::vector<std::uint8_t> Cf06SlowTx::next_frame(const FlightState& s) {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0, .reflected = false, .xor_out = 0});
  Bytes frame(46, 0);
  put_time(frame, 0, s.utc);
  put_radians(frame, 4, s.position.longitude_deg);
  put_radians(frame, 8, s.position.latitude_deg);
  put(frame, 12, rounded(s.position.altitude_m * 10), 4);
  put(frame, 16, rounded(s.velocity_north_mps * 100), 2);
  put(frame, 18, rounded(s.velocity_east_mps * 100), 2);
  put(frame, 20, rounded(s.velocity_up_mps * 100), 2);
  const unsigned number = 1800 + sent_++;
  put(frame, 38, number, 2);
  put_be(frame, 41, serial_, 3);
  put_be(frame, 44, kCrc(std::span(frame).first(44)), 2);
  Telemetry t = record(s, "CF-06", "Aerospace Newsky");
  t.serial = digits(6);
  t.datetime = UtcMillis{s.utc.ms / 100 * 100};
  t.frame_number = number & 0xFFFFU;
  truth_.push_back(std::move(t));
  return to_symbols({0xAA, 0xAA, 0xAA, 0xAA, 0x2D, 0xD4, 0x2E}, frame, false);
}

}  // namespace
}  // namespace cf06

std::unique_ptr<Transmitter> make_cf06_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_cf06_tx(const SondeIdentity& identity) {
  return std::make_unique<cf06::Cf06Tx>(identity);
}

std::unique_ptr<Transmitter> make_gth6_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_gth6_tx(const SondeIdentity& identity) {
  return std::make_unique<cf06::Gth6Tx>(identity);
}

std::unique_ptr<Transmitter> make_cf06_600_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_cf06_600_tx(const SondeIdentity& identity) {
  return std::make_unique<cf06::Cf06SlowTx>(identity);
}

// Other receivers for the same sonde, which find_sonde_type never names.
std::unique_ptr<Transmitter> make_cf06_600_middle_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_cf06_600_middle_tx(const SondeIdentity& identity) {
  return make_cf06_600_tx(identity);
}

std::unique_ptr<Transmitter> make_cf06_600_narrow_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_cf06_600_narrow_tx(const SondeIdentity& identity) {
  return make_cf06_600_tx(identity);
}

}  // namespace omnisonde::sim
