// What the tests of burst types share: one simulated sonde, its decoder and the receiver's ladder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/sonde.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/frame_damage.hpp"

namespace omnisonde::test {

/// Bytes of a text like "2D D4 63".
inline std::vector<std::uint8_t> hex_bytes(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    digits.push_back(c);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

/// An identity of which nothing but these matters.
inline sim::SondeIdentity named(std::string serial, std::string variant = {}) {
  sim::SondeIdentity identity;
  identity.serial = std::move(serial);
  identity.variant = std::move(variant);
  return identity;
}

/// A flight state that changes a little every second. @param second  may be negative
inline sim::FlightState burst_state(int second) {
  sim::FlightState s;
  s.utc = {from_civil({2026, 10, 20, 12, 0, 0}).ms + second * 1000};
  s.position = {48.25 + second * 1e-4, 11.55 - second * 2e-4, 12'000.0 + 5 * second};
  s.velocity_north_mps = 3.74;
  s.velocity_east_mps = 17.61;
  s.velocity_up_mps = 5.2;
  s.temperature_c = -56.5;
  s.humidity_pct = 30;
  s.pressure_hpa = 182.48;
  s.battery_v = 2.7;
  s.satellites = 9;
  return s;
}

/// Bits of a frame as '0'/'1' -> where `pattern` first occurs; size() if nowhere.
inline std::size_t find_bits(const std::vector<std::uint8_t>& symbols, std::string_view pattern) {
  const auto same = [](std::uint8_t symbol, char c) { return symbol == (c == '1' ? 1 : 0); };
  const auto at = std::search(symbols.begin(), symbols.end(), pattern.begin(), pattern.end(), same);
  return static_cast<std::size_t>(at - symbols.begin());
}

/// A transmitter of the simulator and the decoder of its type.
class BurstFlight {
 public:
  explicit BurstFlight(std::string_view type, const sim::SondeIdentity& identity = {})
      : type_(find_sonde_type(type)),
        tx(sim::make_transmitter(type, identity)),
        decoder(type_->make()) {}

  [[nodiscard]] const SondeSpec& spec() const { return *type_->spec; }

  /// The first frame's worth of bits from the sync on, zeros where the burst is over.
  std::vector<std::uint8_t> bits(const sim::FlightState& state) {
    auto all = tx->next_frame(state);
    const std::size_t at = find_bits(all, spec().sync_bits);
    EXPECT_LT(at, all.size()) << "no sync";
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at));
    all.resize(spec().max_frame_bits, 0);
    return all;
  }

  /// Climbs the ladder as the receiver does.
  std::optional<Telemetry> receive(const Llrs& llr, UtcMillis received,
                                   Effort most = Effort::kPriors) {
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      if (effort > most) break;
      Llrs work = llr;
      if (effort >= Effort::kPriors) decoder->add_priors(work);
      corrected = decoder->correct(work, effort, frame);
      if (corrected) return decoder->parse(frame, {.received = received, .frequency_hz = 403e6});
    }
    return {};
  }

  /// Sends and receives one frame without noise.
  std::optional<Telemetry> pass(const sim::FlightState& state) {
    return receive(to_llr(bits(state)), state.utc);
  }

 private:
  const SondeType* type_;

 public:
  std::unique_ptr<sim::Transmitter> tx;
  std::unique_ptr<SondeDecoder> decoder;
  Frame frame;
  bool corrected = false;
};

/// Compares what was decoded with what was sent; positions within `metres`.
inline void expect_same(const Telemetry& got, const Telemetry& want, double metres = 0.5) {
  EXPECT_EQ(got.type, want.type);
  EXPECT_EQ(got.subtype, want.subtype);
  EXPECT_EQ(got.manufacturer, want.manufacturer);
  EXPECT_EQ(got.serial, want.serial);
  EXPECT_EQ(got.frame_number, want.frame_number);
  EXPECT_EQ(got.datetime, want.datetime)
      << (got.datetime ? to_iso8601(*got.datetime) : "none") << " instead of "
      << (want.datetime ? to_iso8601(*want.datetime) : "none");
  EXPECT_EQ(got.time_reference, want.time_reference);
  EXPECT_EQ(got.height_reference, want.height_reference);
  EXPECT_EQ(got.satellites, want.satellites);
  EXPECT_EQ(got.hold_reason, want.hold_reason);
  EXPECT_EQ(got.xdata, want.xdata);
  ASSERT_EQ(got.position.has_value(), want.position.has_value());
  if (want.position) {
    EXPECT_NEAR(got.position->latitude_deg, want.position->latitude_deg, metres / 111'000);
    EXPECT_NEAR(got.position->longitude_deg, want.position->longitude_deg, metres / 111'000);
    EXPECT_NEAR(got.position->altitude_m, want.position->altitude_m, 0.06 + metres / 10);
  }
  const auto near = [](std::optional<float> a, std::optional<float> b, float by, const char* what) {
    ASSERT_EQ(a.has_value(), b.has_value()) << what;
    if (a) {
      EXPECT_NEAR(*a, *b, by) << what;
    }
  };
  near(got.velocity_h_mps, want.velocity_h_mps, 0.011F, "vel_h");
  near(got.velocity_v_mps, want.velocity_v_mps, 0.006F, "vel_v");
  near(got.heading_deg, want.heading_deg, 0.1F, "heading");
  near(got.temperature_c, want.temperature_c, 0.006F, "temp");
  near(got.humidity_pct, want.humidity_pct, 0.006F, "humidity");
  near(got.pressure_hpa, want.pressure_hpa, 0.006F, "pressure");
  near(got.battery_v, want.battery_v, 0.006F, "batt");
}

}  // namespace omnisonde::test
