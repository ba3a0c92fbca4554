// ATMS-3710 and PS-B3: detected and shown, never uploaded. No frame of either has been published.
#include <cmath>

#include "tests/decoders/burst_bench.hpp"

namespace omnisonde {
namespace {

using test::burst_state;
using test::BurstFlight;
using test::Llrs;

/// Soft bits of a frame; the PS-B3's chips as the demodulator decides them (a 1: low, then high).
Llrs frame_llr(BurstFlight& flight, const sim::FlightState& s, float strength = 9) {
  const auto symbols = flight.tx->next_frame(s);
  if (flight.spec().modem.line_code == dsp::LineCode::kNrz) return test::to_llr(symbols, strength);
  Llrs llr;
  for (std::size_t i = 1; i < symbols.size(); i += 2) {
    llr.push_back(symbols[i] != 0 ? strength : -strength);
  }
  return llr;
}

class UaiiMinor : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, UaiiMinor, testing::Values("ATMS-3710", "PS-B3"),
                         [](const auto& each) { return "V" + std::to_string(each.index); });

TEST_P(UaiiMinor, SpecAgreesWithTheEncoder) {
  BurstFlight flight(GetParam());
  const Llrs llr = frame_llr(flight, burst_state(0));
  const std::string_view sync = flight.spec().sync_bits;
  ASSERT_EQ(llr.size(), flight.spec().max_frame_bits);
  for (std::size_t i = 0; i < sync.size(); ++i) EXPECT_EQ(llr[i] > 0, sync[i] == '1') << i;
}

TEST_P(UaiiMinor, EveryFieldSurvivesAndNothingMayBeSent) {
  BurstFlight flight(GetParam());
  for (int i = 0; i < 60; ++i) {
    sim::FlightState s = burst_state(10 * i);
    s.position.latitude_deg = 89.9 - 0.002 * i;
    s.position.longitude_deg = 179.9 - 0.003 * i;
    s.position.altitude_m = 600.0 * i;
    const auto t = flight.receive(frame_llr(flight, s), s.utc);
    const auto truth = flight.tx->take_truth();
    ASSERT_EQ(t.has_value(), !truth.empty()) << i;
    if (!t) continue;
    test::expect_same(*t, truth[0], 0.3);
    EXPECT_EQ(t->serial, "");
    EXPECT_NE(t->hold_reason, "");
  }
}

TEST_P(UaiiMinor, DamageIsRefused) {
  BurstFlight flight(GetParam());
  std::mt19937 random(22);
  for (int i = 0; i < 3; ++i) {
    (void)flight.receive(frame_llr(flight, burst_state(i)), burst_state(i).utc);
  }
  ASSERT_TRUE(flight.corrected);
  for (int i = 3; i < 60; ++i) {
    Llrs llr = frame_llr(flight, burst_state(i));
    // In the middle of the fields: the checksum sees it, or (PS-B3) the soft bit tells.
    const std::size_t at = 8 * 27 + random() % 80;
    llr[at] = llr[at] > 0 ? -1.0F : 1.0F;
    EXPECT_FALSE(flight.receive(llr, burst_state(i).utc));
  }
}

TEST_P(UaiiMinor, NoiseIsRefused) {
  BurstFlight flight(GetParam());
  std::mt19937 random(23);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_FALSE(flight.receive(
        test::noise_only(flight.spec().max_frame_bits, random, i % 2 == 0 ? 4 : 4000),
        burst_state(0).utc));
  }
  for (const float value : {0.0F, 8.0F, -8.0F, INFINITY, -INFINITY, NAN}) {
    EXPECT_FALSE(flight.receive(Llrs(flight.spec().max_frame_bits, value), burst_state(0).utc));
  }
}

}  // namespace
}  // namespace omnisonde
