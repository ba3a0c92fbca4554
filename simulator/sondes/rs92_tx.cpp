// RS92 test encoder: SGP and NGP, with calibration table, sensors, instrument, and the measurements
// of a GPS receiver under the satellites of gps_constellation.hpp.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "decoders/geo/ecef.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/geo/orbit_files.hpp"
#include "decoders/sondes/rs92_calibration.hpp"
#include "decoders/sondes/rs92_frame.hpp"
#include "decoders/sondes/rs92_ptu.hpp"
#include "simulator/sondes/gps_constellation.hpp"
#include "simulator/sondes/rs92_gps.hpp"
#include "simulator/sondes/rs92_table.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace rs92 {
namespace {

using namespace omnisonde::rs92;  // NOLINT: the frame's vocabulary
using FrameBytes = std::array<std::uint8_t, kFrameBytes>;

constexpr std::int64_t kOrbitsKept_ms = 24 * 3'600'000;

void put_le(std::span<std::uint8_t> at, std::uint32_t value) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    at[i] = static_cast<std::uint8_t>(value >> (8 * i) & 0xFFU);
  }
}

std::uint32_t steps_of(double frequency_hz, Kind kind) {
  const double base_hz = kind == Kind::kNgp ? 1600e6 : 400e6;
  return static_cast<std::uint32_t>(
      std::clamp(std::round((frequency_hz - base_hz) / 10e3), 0.0, 65'535.0));
}

/// Sixteen hex digits as four words.
std::vector<std::uint16_t> words_of(const std::string& xdata) {
  std::vector<std::uint16_t> words;
  const bool fits =
      xdata.size() == 16 && xdata.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  for (std::size_t i = 0; fits && i < 4; ++i) {
    words.push_back(static_cast<std::uint16_t>(std::stoul(xdata.substr(4 * i, 4), nullptr, 16)));
  }
  return words;
}

class Rs92Tx final : public Transmitter {
 public:
  Rs92Tx(const SondeIdentity& identity, Kind kind);

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::exchange(truth_, {}); }

 private:
  void see_to_orbits(UtcMillis now);
  void put_configuration(FrameBytes& frame);
  void put_measurement(FrameBytes& frame, const FlightState& s) const;
  void put_auxiliary(FrameBytes& frame) const;
  void remember(const FlightState& s, int usable);

  Kind kind_;
  dsp::ModemParams modem_{4800, 2400, 0.5F, 48'000, 12'000, dsp::LineCode::kManchester};
  std::string serial_;
  std::string xdata_;
  Calibration plain_;  // what the sonde measures with
  Calibration sent_;   // what a receiver can know by now
  Table on_air_{};
  geo::OrbitBook orbits_;
  UtcMillis orbits_from_{};
  bool started_ = false;
  std::uint16_t counter_ = 0;
  std::vector<Telemetry> truth_;
};

Rs92Tx::Rs92Tx(const SondeIdentity& identity, Kind kind)
    : kind_(kind), serial_(identity.serial.empty() ? "L1234567" : identity.serial) {
  if (kind == Kind::kNgp) {
    modem_.deviation_hz = 9100;
    modem_.bandwidth_hz = 28'000;
    modem_.line_code = dsp::LineCode::kNrz;  // see decoders/sondes/rs92.cpp
  }
  serial_.resize(8, '0');
  if (!words_of(identity.xdata).empty()) xdata_ = identity.xdata;
  on_air_ = make_table(serial_, steps_of(identity.frequency_hz, kind));
  for (std::size_t row = 0; row < kRows; ++row) {
    plain_.put(row, std::span(on_air_).subspan(row * kRowBytes, kRowBytes));
  }
  if (kind != Kind::kNgp) return;
  std::array<std::uint8_t, kRowBytes> mask{};
  for (std::size_t i = 0; i < mask.size(); ++i) {
    mask[i] = static_cast<std::uint8_t>(0x5A + 37 * i + static_cast<unsigned char>(serial_[i % 8]));
  }
  mask_table(on_air_, mask);
}

void Rs92Tx::see_to_orbits(UtcMillis now) {
  if (!orbits_.empty() && std::abs(now.ms - orbits_from_.ms) < kOrbitsKept_ms) return;
  auto book = geo::parse_orbits(gps_rinex(now), now);
  if (book) orbits_ = std::move(*book);
  orbits_from_ = now;
}

void Rs92Tx::put_configuration(FrameBytes& frame) {
  const auto out = std::span(frame).subspan(kConfiguration.at, kConfiguration.length);
  put_le(out.first(2), counter_);
  out[2] = out[3] = 0x20;
  std::ranges::copy(serial_, out.begin() + kSerialAt);
  out[kStateAt + 1] = 0x61;
  const std::size_t row = counter_ % kRows;
  out[kRowIndexAt] = static_cast<std::uint8_t>(row);
  const auto bytes = std::span(on_air_).subspan(row * kRowBytes, kRowBytes);
  std::ranges::copy(bytes, out.begin() + kRowAt);
  sent_.put(row, bytes);
}

void Rs92Tx::put_measurement(FrameBytes& frame, const FlightState& s) const {
  const auto out = std::span(frame).subspan(kMeasurement.at, kMeasurement.length);
  const Counts n = counts_for(plain_, s.temperature_c, s.humidity_pct, s.pressure_hpa);
  const std::array counts = {n.temperature, n.humidity1, n.humidity2, n.ref1,
                             n.ref2,        n.pressure,  n.ref3,      n.ref4};
  for (std::size_t i = 0; i < counts.size(); ++i) put_le(out.subspan(3 * i, 3), counts[i]);
  if (kind_ == Kind::kNgp) mask_counts(out, on_air_, counter_);
}

void Rs92Tx::put_auxiliary(FrameBytes& frame) const {
  const auto out = std::span(frame).subspan(kAuxiliary.at, kAuxiliary.length);
  const std::vector<std::uint16_t> words = words_of(xdata_);
  out[0] = words.empty() ? 3 : 1;
  out[1] = 3;
  for (std::size_t i = 0; i < words.size(); ++i) put_le(out.subspan(2 + 2 * i, 2), words[i]);
}

/// Start bit, eight bits lowest first, stop bit; each as two chips, 0 as high and low.
std::vector<std::uint8_t> to_chips(const FrameBytes& frame) {
  std::vector<std::uint8_t> chips;
  chips.reserve(2 * kFrameBits);
  const auto put = [&chips](unsigned bit) {
    chips.push_back(bit != 0 ? 0 : 1);
    chips.push_back(bit != 0 ? 1 : 0);
  };
  for (const std::uint8_t byte : frame) {
    put(0);
    for (unsigned bit = 0; bit < 8; ++bit) put(byte >> bit & 1U);
    put(1);
  }
  return chips;
}

std::vector<std::uint8_t> Rs92Tx::next_frame(const FlightState& state) {
  counter_ = started_ ? static_cast<std::uint16_t>(counter_ + 1)
                      : static_cast<std::uint16_t>(state.utc.ms / 1000 % 65'536);
  started_ = true;
  see_to_orbits(state.utc);
  FrameBytes frame{};
  for (const FixedByte& fixed : kFixed) frame[fixed.at] = fixed.value;
  put_configuration(frame);
  put_measurement(frame, state);
  const std::vector<Channel> channels = measure(orbits_, state);
  std::ranges::copy(gps_payload(channels, geo::gps_time(state.utc).tow_ms),
                    frame.begin() + kGps.at);
  put_auxiliary(frame);
  for (const Block& block : kBlocks) {
    std::ranges::copy(checksum(block.of(frame)),
                      frame.begin() + static_cast<std::ptrdiff_t>(block.at + block.length));
  }
  std::array<std::uint8_t, kWordLength> word{};
  for (std::size_t k = 0; k < word.size(); ++k) word[k] = frame[frame_position(k)];
  code().encode(word);
  for (std::size_t k = 0; k < kParityBytes; ++k) frame[frame_position(k)] = word[k];
  remember(state, static_cast<int>(std::ranges::count(channels, true, &Channel::usable)));
  return to_chips(frame);
}

void Rs92Tx::remember(const FlightState& s, int usable) {
  Telemetry t;
  t.type = "RS92";
  t.manufacturer = "Vaisala";
  t.serial = serial_;
  t.frame_number = counter_;
  t.time_reference = TimeReference::kGps;
  t.datetime = geo::gps_clock(geo::gps_time(s.utc));
  t.satellites = usable;
  t.xdata = xdata_;
  if (sent_.kind() != Kind::kUnknown) t.subtype = kind_ == Kind::kNgp ? "RS92-NGP" : "RS92-SGP";
  t.tx_frequency_mhz = sent_.frequency_mhz();
  if (sent_.complete()) {
    t.temperature_c = static_cast<float>(s.temperature_c);
    t.humidity_pct = static_cast<float>(s.humidity_pct);
    t.pressure_hpa = static_cast<float>(s.pressure_hpa);
  }
  if (usable < 4) {
    t.hold_reason = "fewer than 4 satellites";
  } else {
    t.position = s.position;
    const geo::LocalVelocity v{s.velocity_north_mps, s.velocity_east_mps, s.velocity_up_mps};
    t.velocity_h_mps = static_cast<float>(geo::ground_speed_mps(v));
    t.velocity_v_mps = static_cast<float>(v.up_mps);
    t.heading_deg = static_cast<float>(geo::heading_deg(v));
  }
  truth_.push_back(std::move(t));
}

}  // namespace
}  // namespace rs92

std::unique_ptr<Transmitter> make_rs92_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_rs92_ngp_tx(const SondeIdentity& identity);

/// The RS92-SGP's entry in the list of encoders. XDATA: sixteen hex digits.
std::unique_ptr<Transmitter> make_rs92_tx(const SondeIdentity& identity) {
  return std::make_unique<rs92::Rs92Tx>(identity, omnisonde::rs92::Kind::kSgp);
}

/// The RS92-NGP's.
std::unique_ptr<Transmitter> make_rs92_ngp_tx(const SondeIdentity& identity) {
  return std::make_unique<rs92::Rs92Tx>(identity, omnisonde::rs92::Kind::kNgp);
}

}  // namespace omnisonde::sim
