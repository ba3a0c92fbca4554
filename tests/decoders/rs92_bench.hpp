// What the RS92 tests share: one simulated sonde, its satellites and its decoder, side by side.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "decoders/geo/orbit_files.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/rs92_frame.hpp"
#include "simulator/sondes/gps_constellation.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/frame_damage.hpp"

namespace omnisonde::test {

inline constexpr UtcMillis kRs92Noon = from_civil({2026, 10, 20, 12, 0, 0});

/// A flight state that changes a little every second.
inline sim::FlightState rs92_state(int second) {
  sim::FlightState s;
  s.utc = {kRs92Noon.ms + second * 1000};
  s.position = {48.25 + second * 1e-4, 11.56 - second * 2e-4, 12'000.0 + 5 * second};
  s.velocity_north_mps = 11.1;
  s.velocity_east_mps = -14.9;
  s.velocity_up_mps = 5;
  s.temperature_c = -52.5;
  s.humidity_pct = 31;
  s.pressure_hpa = 194;
  s.satellites = 9;
  return s;
}

/// Data bits of 240 bytes with start and stop bits.
inline std::vector<std::uint8_t> rs92_bits(std::span<const std::uint8_t> frame) {
  std::vector<std::uint8_t> bits;
  for (const std::uint8_t byte : frame) {
    bits.push_back(0);
    for (unsigned bit = 0; bit < 8; ++bit) bits.push_back(byte >> bit & 1U);
    bits.push_back(1);
  }
  return bits;
}

inline std::vector<std::uint8_t> bytes_from_hex(const std::string& hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

inline std::string text_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Rs92Flight {
 public:
  explicit Rs92Flight(const std::string& type = "RS92", const sim::SondeIdentity& identity = {})
      : tx(sim::make_transmitter(type, identity)),
        decoder(find_sonde_type(type)->make()),
        book(geo::parse_orbits(sim::gps_rinex(kRs92Noon), kRs92Noon).value()) {}

  /// Data bits of the next frame.
  std::vector<std::uint8_t> bits(const sim::FlightState& state) {
    const auto chips = tx->next_frame(state);
    std::vector<std::uint8_t> data;
    for (std::size_t i = 1; i < chips.size(); i += 2) data.push_back(chips[i]);
    now = state.utc;
    return data;
  }

  /// Soft data bits as the type's demodulator gives them: an NGP's are chips.
  [[nodiscard]] Llrs as_demodulated(const Llrs& llr) const {
    if (decoder->frame_bits({}) == llr.size()) return llr;
    Llrs chips;
    for (const float value : llr) {
      chips.push_back(-value / 2);
      chips.push_back(value / 2);
    }
    return chips;
  }

  /// Climbs the ladder as the receiver does.
  std::optional<Telemetry> receive(const Llrs& llr, Effort most = Effort::kPriors) {
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      if (effort > most) break;
      Llrs work = as_demodulated(llr);
      if (effort >= Effort::kPriors) decoder->add_priors(work);
      if (decoder->correct(work, effort, frame)) return parse();
    }
    return {};
  }

  std::optional<Telemetry> parse() {
    return decoder->parse(
        frame, {.received = now, .frequency_hz = 403e6, .orbits = has_orbits ? &book : nullptr});
  }

  /// Sends and receives one frame without noise.
  std::optional<Telemetry> pass(const sim::FlightState& state) {
    return receive(to_llr(bits(state)));
  }

  std::optional<Telemetry> fly(int from, int to) {
    std::optional<Telemetry> last;
    for (int second = from; second < to; ++second) last = pass(rs92_state(second));
    return last;
  }

  std::unique_ptr<sim::Transmitter> tx;
  std::unique_ptr<SondeDecoder> decoder;
  geo::OrbitBook book;
  bool has_orbits = true;
  UtcMillis now{};
  Frame frame;
};

inline void hit_char(Llrs& llr, std::size_t byte, std::mt19937& random, float strength = 8) {
  const unsigned pattern = 1 + static_cast<unsigned>(random() % 255);
  for (unsigned bit = 0; bit < 8; ++bit) {
    float& value = llr[rs92::bit_index(byte, bit)];
    if ((pattern >> bit & 1U) != 0) value = value > 0 ? -strength : strength;
  }
}

inline void erase_char(Llrs& llr, std::size_t byte) {
  for (std::size_t i = 0; i < rs92::kCharBits; ++i) llr[rs92::kCharBits * byte + i] = 0;
}

}  // namespace omnisonde::test
