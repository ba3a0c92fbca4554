// Tones ten symbol rates apart (LMS6-1680's signal): only single units can be looked at.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "dsp/fsk_demod.hpp"
#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

constexpr ModemParams kModem{.symbol_rate_hz = 9616,
                             .deviation_hz = 50'000,
                             .bt = 1.0F,
                             .channel_rate_hz = 240'000,
                             .bandwidth_hz = 180'000};
constexpr std::string_view kSync = "0010100111001010011100010010010010010101";
constexpr std::size_t kBits = 1760;

struct Result {
  std::size_t errors = 0;
  double carrier_error_hz = 0;
  float ebn0_db = 0;
};

// Demodulates a frame as the receiver does, from a start and a carrier that are a little off.
Result demodulate(const testing::Channel& channel, bool refine) {
  constexpr std::size_t kAround = 12;
  auto air = testing::random_bits(kAround, channel.seed + 5);
  for (const char c : kSync) air.push_back(c == '1');
  const auto rest = testing::random_bits(kBits - kSync.size() + kAround, channel.seed + 9);
  air.insert(air.end(), rest.begin(), rest.end());
  SampleRing ring(65'536);
  ring.push(testing::fsk_signal(kModem, air, channel));
  FskDemod demod(kModem, channel.rate_hz);
  const double unit = channel.rate_hz / kModem.symbol_rate_hz;
  demod.load(ring,
             {.start = channel.lead_s * channel.rate_hz + (kAround + 0.1) * unit,
              .unit_scale = 1,
              .carrier_hz = channel.carrier_hz + 500},
             kBits);
  demod.refine_on_known(kSync, false);
  std::vector<float> llr(kBits);
  demod.detect(3, llr);
  if (refine) {
    demod.refine_on_decisions(llr);
    demod.detect(5, llr);
  }
  Result result;
  for (std::size_t i = 0; i < kBits; ++i) {
    result.errors += (llr[i] > 0) != (air[i + kAround] != 0) ? 1 : 0;
  }
  result.carrier_error_hz = demod.fit().carrier_hz - channel.carrier_hz;
  result.ebn0_db = demod.level().ebn0_db;
  return result;
}

// Orthogonal tones without a common phase give 1.3e-3 errors per bit at 11 dB (Proakis, Digital
// Communications, section 5.4): 18 in eight frames.
TEST(WideFsk, ComesWithinADecibelOfOrthogonalTones) {
  constexpr std::uint64_t kFrames = 8;
  for (const bool refine : {false, true}) {
    std::size_t errors = 0;
    for (std::uint64_t seed = 1; seed <= kFrames; ++seed) {
      const Result r = demodulate({.rate_hz = 240'000,
                                   .carrier_hz = 3000,
                                   .drift_hz_per_s = 30,
                                   .clock_ppm = 50,
                                   .ebn0_db = 12,
                                   .seed = seed},
                                  refine);
      errors += r.errors;
      EXPECT_LT(std::abs(r.carrier_error_hz), 400);
      EXPECT_NEAR(r.ebn0_db, 12, 1.5);
    }
    EXPECT_LE(errors, 18U) << refine;
  }
}

TEST(WideFsk, BearsAnotherDeviation) {
  for (const double scale : {0.95, 0.97, 1.03, 1.05}) {
    std::size_t errors = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      errors +=
          demodulate({.rate_hz = 240'000, .deviation_scale = scale, .ebn0_db = 13, .seed = seed},
                     true)
              .errors;
    }
    EXPECT_LE(errors, 6U) << scale;
  }
}

}  // namespace
}  // namespace omnisonde::dsp
