// RS41 test encoder: all variants, with calibration table, sensors, instruments and encryption.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "decoders/fec/crc.hpp"
#include "decoders/geo/ecef.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/physics/atmosphere.hpp"
#include "decoders/sondes/rs41_calibration.hpp"
#include "decoders/sondes/rs41_frame.hpp"
#include "simulator/sondes/rs41_counts.hpp"
#include "simulator/sondes/rs41_table.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace rs41 {
namespace {

using namespace omnisonde::rs41;  // NOLINT: the frame's vocabulary
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kPreambleBits = 320;
constexpr unsigned kNewBoardFirmware = 0x50DD;
// Made up, but plausible: these are the satellites that fill the slots of 7C and 7D in turn.
constexpr std::array<std::uint8_t, 12> kPrns = {7, 8, 10, 16, 21, 26, 27, 30, 1, 4, 13, 20};

enum class Board { kSg, kSgp, kSgm, kNew };

/// Appends little-endian numbers.
class Writer {
 public:
  Writer& u(std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i) & 0xFFU));
    }
    return *this;
  }
  Writer& i(std::int64_t value, std::size_t bytes) {
    return u(static_cast<std::uint64_t>(value), bytes);
  }
  Writer& text(const std::string& text) {
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    return *this;
  }
  Writer& raw(std::span<const std::uint8_t> raw) {
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    return *this;
  }
  Writer& triple(const Triple& t) { return u(t.value, 3).u(t.low, 3).u(t.high, 3); }
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

void append_block(Bytes& frame, std::uint8_t kind, std::span<const std::uint8_t> payload) {
  frame.push_back(kind);
  frame.push_back(static_cast<std::uint8_t>(payload.size()));
  frame.insert(frame.end(), payload.begin(), payload.end());
  const unsigned crc = fec::crc16_ccitt_false(payload);
  frame.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8));
}

/// Padding, parity, whitening, and the bits in the order they go on air.
std::vector<std::uint8_t> to_symbols(Bytes frame, bool extended) {
  const std::size_t size = extended ? kExtendedBytes : kNormalBytes;
  append_block(frame, kPadding, Bytes(size - frame.size() - 4));
  for (std::size_t w = 0; w < 2; ++w) {
    Bytes word(word_length(size));
    for (std::size_t k = 0; k < word.size(); ++k) word[k] = frame[frame_position(w, k)];
    code().encode(word);
    for (std::size_t k = 0; k < kParityBytes; ++k) frame[frame_position(w, k)] = word[k];
  }
  std::vector<std::uint8_t> symbols;
  symbols.reserve(kPreambleBits + 8 * size);
  for (std::size_t i = 0; i < kPreambleBits; ++i) symbols.push_back(i % 2);
  for (std::size_t i = 0; i < size; ++i) {
    const unsigned on_air = frame[i] ^ kMask[i % kMask.size()];
    for (unsigned bit = 0; bit < 8; ++bit) symbols.push_back(on_air >> bit & 1U);
  }
  return symbols;
}

std::int64_t rounded(double value, double low, double high) {
  return std::llround(std::clamp(value, low, high));
}

/// Position and velocity as 7B and 82 begin: 18 bytes. No satellites means no fix: all zeros.
void put_navigation(Writer& out, const FlightState& s) {
  if (s.satellites <= 0) {
    out.raw(Bytes(18));
    return;
  }
  const geo::Ecef place_m = geo::to_ecef(s.position);
  const geo::Ecef speed_mps = geo::to_ecef_velocity(
      {s.velocity_north_mps, s.velocity_east_mps, s.velocity_up_mps}, s.position);
  for (const double m : place_m) out.i(rounded(m * 100, -2147483648.0, 2147483647.0), 4);
  for (const double mps : speed_mps) out.i(rounded(mps * 100, -32768, 32767), 2);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('#', at), text.size());
    if (end > at) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

class Rs41Tx final : public Transmitter {
 public:
  explicit Rs41Tx(const SondeIdentity& identity);

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 1.0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::exchange(truth_, {}); }

 private:
  [[nodiscard]] Bytes status(const FlightState& s, std::uint16_t number, std::size_t row);
  [[nodiscard]] Bytes measurement(const FlightState& s) const;
  [[nodiscard]] Bytes gps_info(const FlightState& s) const;
  [[nodiscard]] Bytes gps_raw(const FlightState& s) const;
  void append_new_board(Bytes& frame, const FlightState& s) const;
  [[nodiscard]] Bytes scrambled(std::uint16_t number, std::size_t length) const;
  void remember(const FlightState& s, std::uint16_t number);
  void remember_sensors(const FlightState& s, Telemetry& t) const;

  dsp::ModemParams modem_{4800, 2400, 0.5F, 48'000, 12'000, dsp::LineCode::kNrz};
  Board board_ = Board::kSgp;
  bool encrypted_ = false;
  std::string serial_;
  std::vector<std::string> xdata_;
  Table table_{};
  Calibration all_;   // what the sonde measures with
  Calibration sent_;  // what a receiver can know by now
  bool table_told_ = false;
  int burst_timer_ = 0xFFFF;
  int sent_timer_ = 0xFFFF;
  std::uint16_t sent_timer_frame_ = 0;
  std::vector<Telemetry> truth_;
};

Board board_of(std::string variant) {
  std::ranges::transform(variant, variant.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (variant.starts_with("RS41-")) variant.erase(0, 5);
  if (variant == "SG") return Board::kSg;
  if (variant.starts_with("SGM")) return Board::kSgm;
  if (variant == "X" || variant == "50DD") return Board::kNew;
  return Board::kSgp;
}

Rs41Tx::Rs41Tx(const SondeIdentity& identity)
    : board_(board_of(identity.variant)),
      encrypted_(identity.encrypted || identity.variant == "SGM-encrypted"),
      serial_(identity.serial.empty() ? "X1234567" : identity.serial) {
  if (encrypted_) board_ = Board::kSgm;
  serial_.resize(8, '0');
  const std::string type = board_ == Board::kSgm   ? "RS41-SGM"
                           : board_ == Board::kSgp ? "RS41-SGP"
                                                   : "RS41-SG";
  const double steps = std::round((identity.frequency_hz - 400e6) / 10e3);
  table_ = make_table({serial_, type, board_ == Board::kNew ? "RSM425" : "RSM421",
                       board_ == Board::kNew ? kNewBoardFirmware : 20214U,
                       static_cast<unsigned>(std::clamp(steps, 0.0, 1023.0))});
  for (std::size_t row = 0; row < kRows; ++row) {
    all_.put(row, std::span(table_).subspan(row * kRowBytes, kRowBytes));
  }
  std::size_t room = kExtendedBytes - 299 - 4;  // what the ordinary blocks and the padding leave
  for (const std::string& part : split(identity.xdata)) {
    if (part.size() + 5 > room || encrypted_) break;
    room -= part.size() + 5;
    xdata_.push_back(part);
  }
}

Bytes Rs41Tx::status(const FlightState& s, std::uint16_t number, std::size_t row) {
  if (s.velocity_up_mps < -1) burst_timer_ = burst_timer_ == 0xFFFF ? 30'600 : burst_timer_ - 1;
  burst_timer_ = std::max(0, burst_timer_);
  put_u16(table_, address::kBurstTimer, static_cast<unsigned>(burst_timer_));
  const auto bytes = std::span(table_).subspan(row * kRowBytes, kRowBytes);
  sent_.put(row, bytes);
  if (row == kRuntimeRow) {
    sent_timer_ = burst_timer_;
    sent_timer_frame_ = number;
  }
  const unsigned mode = 1U | (s.velocity_up_mps < -1 ? 2U : 0U);
  const unsigned crypto = encrypted_ ? 3 : board_ == Board::kSgm ? 1 : 0;
  return Writer()
      .u(number, 2)
      .text(serial_)
      .i(rounded(s.battery_v * 10, 0, 255), 1)
      .u(0, 2)
      .u(mode, 2)
      .u(crypto, 1)
      .i(rounded(s.temperature_c * 0.3, -128, 127), 1)
      .u(0, 2)
      .u(203, 2)
      .u(7, 1)
      .u(kRuntimeRow, 1)
      .u(row, 1)
      .raw(bytes)
      .bytes();
}

Bytes Rs41Tx::measurement(const FlightState& s) const {
  const bool sensor = board_ == Board::kSgp;
  const double ambient_hpa =
      sensor ? s.pressure_hpa : physics::isa_pressure_hpa(s.position.altitude_m);
  const Measurement m =
      counts_for({s.temperature_c, s.humidity_pct, s.pressure_hpa}, all_, sensor, ambient_hpa);
  Writer out;
  out.triple(m.temperature).triple(m.humidity).triple(m.humidity_temperature);
  if (board_ == Board::kSgm) return out.bytes();
  return out.triple(m.pressure).u(0, 2).i(std::llround(m.module_c * 100), 2).u(0, 2).bytes();
}

Bytes Rs41Tx::gps_info(const FlightState& s) const {
  const geo::GpsTime time = geo::gps_time(s.utc);
  Writer out;
  out.i(time.week, 2).i(time.tow_ms, 4);
  for (std::size_t slot = 0; slot < kPrns.size(); ++slot) {
    const bool used = static_cast<int>(slot) < s.satellites;
    out.u(used ? kPrns[slot] : 0xFF, 1).u(used ? 0xE0 + slot : 0, 1);
  }
  return out.bytes();
}

Bytes Rs41Tx::gps_raw(const FlightState& s) const {
  Writer out;
  out.u(20'000'000, 4).u(0xFF, 1);
  for (std::size_t slot = 0; slot < kPrns.size(); ++slot) {
    const bool used = static_cast<int>(slot) < s.satellites;
    const std::uint64_t range =
        slot * 48'271'000 + static_cast<std::uint64_t>(s.utc.ms % 86'400'000) * slot;
    out.u(used ? range & 0x7FFFFFFFU : 0, 4)
        .i(used ? -40'000 + 7919 * static_cast<int>(slot) : 0, 3);
  }
  return out.bytes();
}

void Rs41Tx::append_new_board(Bytes& frame, const FlightState& s) const {
  append_block(frame, kUnknown96, scrambled(static_cast<std::uint16_t>(s.utc.ms / 1000), 10));
  const CivilTime c = to_civil(s.utc);
  Writer both;
  put_navigation(both, s);
  both.i(c.year, 2).i(c.month, 1).i(c.day, 1).i(c.hour, 1).i(c.minute, 1).i(c.second, 1);
  both.i(c.millisecond / 10, 1).raw(Bytes(12));
  append_block(frame, kUtcPosition, both.bytes());
  Bytes satellites(41);
  for (int i = 0; i < std::min(s.satellites, 32); ++i) {
    const auto n = static_cast<unsigned>(i);
    satellites[4 + 3 * n / 8] |= static_cast<std::uint8_t>(1U << (3 * n % 8));
    satellites[25 + n / 2] |= static_cast<std::uint8_t>(7U << (4 * (n % 2)));
  }
  append_block(frame, kSatellites, satellites);
}

/// Bytes without meaning that differ from frame to frame (a linear congruential generator).
Bytes Rs41Tx::scrambled(std::uint16_t number, std::size_t length) const {
  std::uint32_t state = number * 2654435761U;
  for (const char c : serial_) state = state * 31 + static_cast<unsigned char>(c);
  Bytes out(length);
  for (auto& byte : out) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

std::vector<std::uint8_t> Rs41Tx::next_frame(const FlightState& state) {
  const auto number = static_cast<std::uint16_t>(state.utc.ms / 1000 % 65'536);
  const std::size_t row = encrypted_ ? kRuntimeRow : subframe_of(number);
  const bool extended = !xdata_.empty();
  Bytes frame(kTypeAt);
  std::ranges::copy(kSync, frame.begin());
  frame.push_back(extended ? kExtendedType : kNormalType);
  append_block(frame, kStatus, status(state, number, row));
  if (encrypted_) {
    append_block(frame, kEncrypted, scrambled(number, 0xA7));
  } else {
    append_block(frame, board_ == Board::kSgm ? kShortMeasurement : kMeasurement,
                 measurement(state));
    if (board_ == Board::kNew) {
      append_new_board(frame, state);
    } else {
      append_block(frame, kGpsInfo, gps_info(state));
      append_block(frame, kGpsRaw, gps_raw(state));
      Writer position;
      put_navigation(position, state);
      position.i(state.satellites, 1).u(3, 1).u(14, 1);
      append_block(frame, kPosition, position.bytes());
    }
    for (const std::string& text : xdata_) {
      append_block(frame, kXdata, Writer().u(number & 0xFFU, 1).text(text).bytes());
    }
  }
  remember(state, number);
  return to_symbols(std::move(frame), extended);
}

void Rs41Tx::remember(const FlightState& s, std::uint16_t number) {
  Telemetry t;
  t.type = "RS41";
  t.manufacturer = "Vaisala";
  t.serial = serial_;
  t.frame_number = number;
  t.battery_v = static_cast<float>(rounded(s.battery_v * 10, 0, 255)) * 0.1F;
  t.encrypted = encrypted_;
  t.subtype = encrypted_ ? "RS41-SGM" : sent_.type();
  t.tx_frequency_mhz = sent_.frequency_mhz();
  if (sent_timer_ != 0xFFFF) {
    t.burst_timer_s =
        std::max(0, sent_timer_ - static_cast<std::uint16_t>(number - sent_timer_frame_));
  }
  if (std::string name = sent_.mainboard(); !name.empty()) {
    t.extras.push_back({"rs41_mainboard", name});
  }
  if (const auto firmware = sent_.firmware()) {
    t.extras.push_back({"rs41_mainboard_fw", std::to_string(*firmware)});
  }
  if (!table_told_ && sent_.complete()) {
    t.extras.push_back({"rs41_subframe", sent_.base64()});
    table_told_ = true;
  }
  if (encrypted_) {
    t.time_reference = TimeReference::kGps;
    t.hold_reason = "encrypted";
    truth_.push_back(std::move(t));
    return;
  }
  const geo::GpsTime time = geo::gps_time(s.utc);
  t.time_reference = board_ == Board::kNew ? TimeReference::kUtc : TimeReference::kGps;
  t.datetime = board_ == Board::kNew ? UtcMillis{s.utc.ms / 10 * 10} : geo::gps_clock(time);
  t.satellites = s.satellites;
  for (const std::string& text : xdata_) t.xdata += (t.xdata.empty() ? "" : "#") + text;
  remember_sensors(s, t);
  if (s.satellites < 4) t.hold_reason = "fewer than 4 satellites";
  if (s.satellites <= 0) {
    t.hold_reason = "no fix";
    truth_.push_back(std::move(t));
    return;
  }
  t.position = s.position;
  const geo::LocalVelocity v{s.velocity_north_mps, s.velocity_east_mps, s.velocity_up_mps};
  t.velocity_h_mps = static_cast<float>(geo::ground_speed_mps(v));
  t.velocity_v_mps = static_cast<float>(v.up_mps);
  t.heading_deg = static_cast<float>(geo::heading_deg(v));
  truth_.push_back(std::move(t));
}

/// What of the weather a receiver can work out from the rows sent so far.
void Rs41Tx::remember_sensors(const FlightState& s, Telemetry& t) const {
  const bool humidity_rows = sent_.has_rows(0x03, 0x13) && sent_.has_rows(0x2A, 0x2E);
  if (sent_.has_rows(0x03, 0x06)) t.temperature_c = static_cast<float>(s.temperature_c);
  if (humidity_rows) t.humidity_pct = static_cast<float>(s.humidity_pct);
  if (board_ == Board::kSgp && sent_.has_row(0x21) && sent_.has_rows(0x25, 0x2A)) {
    t.pressure_hpa = static_cast<float>(s.pressure_hpa);
  }
}

}  // namespace
}  // namespace rs41

std::unique_ptr<Transmitter> make_rs41_tx(const SondeIdentity& identity);

/// The RS41's entry in the list of encoders. Variants: SG, SGP (default), SGM, SGM-encrypted (or
/// SondeIdentity::encrypted), X (the 2024 board). Instrument strings are joined by '#'.
std::unique_ptr<Transmitter> make_rs41_tx(const SondeIdentity& identity) {
  return std::make_unique<rs41::Rs41Tx>(identity);
}

}  // namespace omnisonde::sim
