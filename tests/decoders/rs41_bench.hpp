// What the RS41 tests share: one simulated sonde and its decoder, side by side.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "decoders/sonde.hpp"
#include "decoders/sondes/rs41_frame.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/frame_damage.hpp"

namespace omnisonde::sondes {
extern const SondeType rs41;
}
namespace omnisonde::sim {
std::unique_ptr<Transmitter> make_rs41_tx(const SondeIdentity& identity);
}

namespace omnisonde::test {

inline constexpr std::size_t kRs41Preamble = 320;

/// A flight state that changes a little every second.
inline sim::FlightState rs41_state(int second) {
  sim::FlightState s;
  s.utc = {from_civil({2026, 10, 20, 12, 0, 0}).ms + second * 1000};
  s.position = {48.25 + second * 1e-4, 11.56 - second * 2e-4, 12'000.0 + 5 * second};
  s.velocity_north_mps = 11.1;
  s.velocity_east_mps = -14.3;
  s.velocity_up_mps = 5;
  s.temperature_c = -52.5;
  s.humidity_pct = 31;
  s.pressure_hpa = 194;
  s.battery_v = 2.7;
  s.satellites = 9;
  return s;
}

class Rs41Flight {
 public:
  explicit Rs41Flight(const sim::SondeIdentity& identity = {})
      : tx(sim::make_rs41_tx(identity)), decoder(sondes::rs41.make()) {}

  /// The symbols of the next frame, without the preamble.
  std::vector<std::uint8_t> symbols(const sim::FlightState& state) {
    auto all = tx->next_frame(state);
    all.erase(all.begin(), all.begin() + kRs41Preamble);
    return all;
  }

  /// Climbs the ladder as the receiver does.
  std::optional<Telemetry> receive(const Llrs& llr, Effort most = Effort::kPriors) {
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      if (effort > most) break;
      Llrs work = llr;
      if (effort >= Effort::kPriors) decoder->add_priors(work);
      if (decoder->correct(work, effort, frame)) return decoder->parse(frame, {});
    }
    return {};
  }

  /// Sends and receives one frame without noise.
  std::optional<Telemetry> pass(const sim::FlightState& state) {
    return receive(to_llr(symbols(state)));
  }

  /// The same for seconds [from, to); @returns the last record.
  std::optional<Telemetry> fly(int from, int to) {
    std::optional<Telemetry> last;
    for (int second = from; second < to; ++second) last = pass(rs41_state(second));
    return last;
  }

  std::unique_ptr<sim::Transmitter> tx;
  std::unique_ptr<SondeDecoder> decoder;
  Frame frame;
};

inline std::optional<std::string> extra(const Telemetry& t, std::string_view name) {
  for (const ExtraField& field : t.extras) {
    if (field.name == name) return field.value;
  }
  return {};
}

}  // namespace omnisonde::test
