// Helpers of the DFM tests: from symbols or words to LLRs, noise, and a decoder fed with them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/sonde.hpp"
#include "simulator/sondes/dfm_words.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::dfm_test {

inline constexpr std::int64_t kFrameMs = 224;

/// Nibbles of a text like "0BA311D".
template <std::size_t N>
std::array<std::uint8_t, N> nibbles(std::string_view hex) {
  std::array<std::uint8_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) {
    out[i] = static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 1)), nullptr, 16));
  }
  return out;
}

/// Bits of a frame given as three hex words.
inline std::vector<std::uint8_t> words_to_bits(std::string_view conf, std::string_view dat1,
                                               std::string_view dat2) {
  return sim::dfm::frame_bits(nibbles<7>(conf), nibbles<13>(dat1), nibbles<13>(dat2));
}

inline std::vector<float> clean_llr(const std::vector<std::uint8_t>& bits, float magnitude = 30) {
  std::vector<float> llr;
  llr.reserve(bits.size());
  for (const std::uint8_t bit : bits) llr.push_back(bit != 0 ? magnitude : -magnitude);
  return llr;
}

/// What a receiver makes of symbols: bits with the polarity put right, and which it was.
struct Heard {
  std::vector<std::uint8_t> bits;
  bool inverted = false;
};
inline Heard hear(const std::vector<std::uint8_t>& symbols) {
  Heard heard;
  for (std::size_t i = 1; i < symbols.size(); i += 2) heard.bits.push_back(symbols[i]);
  heard.inverted = heard.bits[0] != 0;  // the sync begins with 0
  if (heard.inverted) {
    for (std::uint8_t& bit : heard.bits) bit ^= 1U;
  }
  return heard;
}

/// Calibrated LLRs of a Gaussian channel whose bits are wrong with probability Q(x).
inline std::vector<float> noisy_llr(const std::vector<std::uint8_t>& bits, float x,
                                    std::mt19937_64& random) {
  std::normal_distribution<float> noise;
  std::vector<float> llr;
  llr.reserve(bits.size());
  for (const std::uint8_t bit : bits) {
    llr.push_back(2 * x * ((bit != 0 ? x : -x) + noise(random)));
  }
  return llr;
}

/// A decoder and its clock.
class Station {
 public:
  explicit Station(std::int64_t first_ms) : now_ms_(first_ms), decoder_(make()) {}

  std::optional<Telemetry> receive(std::vector<float> llr, bool inverted = true) {
    const ReceiveContext context{.received = {now_ms_}, .frequency_hz = 403e6};
    now_ms_ += kFrameMs;
    Frame frame;
    frame.inverted = inverted;
    if (!decoder_->correct(llr, Effort::kHard, frame)) return std::nullopt;
    return decoder_->parse(frame, context);
  }
  void miss_frame() { now_ms_ += kFrameMs; }
  void set_clock(std::int64_t ms) { now_ms_ = ms; }
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }

 private:
  static std::unique_ptr<SondeDecoder> make() { return find_sonde_type("DFM")->make(); }

  std::int64_t now_ms_;
  std::unique_ptr<SondeDecoder> decoder_;
};

/// A simple flight: constant velocity.
inline sim::FlightState state_at(std::int64_t ms, double latitude_deg = 52.21,
                                 double longitude_deg = 14.12,
                                 std::int64_t epoch_ms = 1'792'497'600'000) {
  const double t = static_cast<double>(ms - epoch_ms) * 1e-3;
  sim::FlightState s;
  s.utc = {ms};
  s.velocity_north_mps = 8.5;
  s.velocity_east_mps = -12.25;
  s.velocity_up_mps = 5.2;
  s.position = {
      latitude_deg + 8.5 * t / 111'195,
      longitude_deg - 12.25 * t / (111'195 * std::cos(latitude_deg * 0.017453292519943295)),
      5000 + 5.2 * t};
  s.temperature_c = -30.5;
  s.battery_v = 5.6;
  return s;
}

/// A transmitter of the simulator and the time of its next frame.
class Air {
 public:
  Air(std::string variant, std::int64_t first_ms, std::string xdata = {}, std::string serial = {})
      : tx_(sim::make_transmitter("DFM", {.serial = std::move(serial),
                                          .variant = std::move(variant),
                                          .xdata = std::move(xdata)})),
        start_ms_(first_ms),
        now_ms_(first_ms) {}

  Heard next(double latitude_deg = 52.21, double longitude_deg = 14.12) {
    return next(state_at(now_ms_, latitude_deg, longitude_deg, start_ms_));
  }
  Heard next(const sim::FlightState& state) {
    now_ms_ += kFrameMs;
    return hear(tx_->next_frame(state));
  }
  std::vector<Telemetry> truth() { return tx_->take_truth(); }
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }

 private:
  std::unique_ptr<sim::Transmitter> tx_;
  std::int64_t start_ms_, now_ms_;
};

}  // namespace omnisonde::dfm_test
