#include "dsp/afsk_demod.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "dsp/afsk_audio_demod.hpp"
#include "dsp/sync_search.hpp"
#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

const std::string kSync = "11111111111111111111101000000010";
constexpr std::size_t kBits = 600;

ModemParams bell202(double deviation_hz, double rate_hz) {
  return {.symbol_rate_hz = 1200,
          .deviation_hz = deviation_hz,
          .channel_rate_hz = rate_hz,
          .bandwidth_hz = 16'000,
          .modulation = Modulation::kAfsk,
          .mark_hz = 1200,
          .space_hz = 2200};
}

struct Air {
  double rate_hz = 48'000, deviation_hz = 3800;
  double carrier_hz = 0, drift_hz_per_s = 0, ppm = 0, ebn0_db = 100;
  double space_emphasis = 1;  ///< deviation of the space tone over that of the mark
  double audio_start = 0.1;
};

struct Sent {
  std::vector<std::uint8_t> bits;  ///< from the sync on
  std::vector<Sample> samples;
  double start = 0;
};

// By the definition, in small steps: slow, and independent of the simulator's closed form.
Sent send(const Air& air, std::uint64_t seed) {
  Sent out;
  std::vector<std::uint8_t> symbols(20, 1);
  for (const char c : kSync) symbols.push_back(c == '1');
  const auto rest = testing::random_bits(kBits - kSync.size(), seed);
  symbols.insert(symbols.end(), rest.begin(), rest.end());
  out.bits.assign(symbols.begin() + 20, symbols.end());
  symbols.insert(symbols.end(), 12, 1);
  const double symbol = air.rate_hz / 1200 / (1 + air.ppm * 1e-6);
  const auto count = static_cast<std::size_t>(symbol * static_cast<double>(symbols.size()));
  out.start = 20 * symbol;
  out.samples = testing::white_noise(
      count, testing::noise_power(bell202(0, air.rate_hz), air.rate_hz, air.ebn0_db), seed);
  constexpr int kSub = 8;
  double audio = air.audio_start, turns = 0.3;
  for (std::size_t n = 0; n < count; ++n) {
    out.samples[n] += Sample(std::polar(1.0, 2 * std::numbers::pi * turns));
    for (int i = 0; i < kSub; ++i) {
      const double t = static_cast<double>(n) + (i + 0.5) / kSub;
      const auto k = std::min(static_cast<std::size_t>(t / symbol), symbols.size() - 1);
      const double tone = (symbols[k] != 0 ? 1200 : 2200) * (1 + air.ppm * 1e-6) / air.rate_hz;
      const double level = air.deviation_hz * (symbols[k] != 0 ? 1 : air.space_emphasis);
      const double hz = air.carrier_hz + air.drift_hz_per_s * t / air.rate_hz +
                        level * std::sin(2 * std::numbers::pi * (audio + tone / kSub / 2));
      audio = std::fmod(audio + tone / kSub, 1.0);
      turns = std::fmod(turns + hz / air.rate_hz / kSub, 1.0);
    }
  }
  return out;
}

std::size_t wrong_bits(const Sent& sent, std::span<const float> llr) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < llr.size(); ++i) wrong += (llr[i] > 0) != (sent.bits[i] != 0) ? 1 : 0;
  return wrong;
}

std::size_t demodulate(FrameDemod& demod, const Sent& sent, double late_units, double hint_hz) {
  SampleRing ring(131'072);
  ring.push(sent.samples);
  demod.load(ring, {.start = sent.start + late_units * demod.unit_samples(), .carrier_hz = hint_hz},
             kBits);
  demod.refine_on_known(kSync, false);
  std::vector<float> llr(kBits);
  demod.detect_best(llr);
  return wrong_bits(sent, llr);
}

class AfskDemodOf : public ::testing::TestWithParam<Air> {};

TEST_P(AfskDemodOf, EveryBitIsRightAt12dB) {
  Air air = GetParam();
  air.ebn0_db = 12;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Sent sent = send(air, seed);
    AfskDemod demod(bell202(air.rate_hz > 50'000 ? 25'500 : 3800, air.rate_hz), air.rate_hz);
    EXPECT_EQ(demodulate(demod, sent, seed == 2 ? 0.2 : -0.15, 0), 0U);
    EXPECT_NEAR(demod.mark_deviation_hz(), air.deviation_hz, 0.09 * air.deviation_hz);
    // What the waveform does not explain counts as noise.
    EXPECT_GT(demod.level().ebn0_db, 8.5F);
    EXPECT_LT(demod.level().ebn0_db, 13.5F);
    const double middle_hz =
        air.carrier_hz + air.drift_hz_per_s * static_cast<double>(kBits) / 2 / 1200;
    EXPECT_NEAR(demod.fit().carrier_hz, middle_hz, 15);
    EXPECT_NEAR(demod.fit().start, sent.start, 0.15 * demod.unit_samples());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Signals, AfskDemodOf,
    ::testing::Values(Air{}, Air{.carrier_hz = 3000, .drift_hz_per_s = 30, .ppm = 50},
                      Air{.deviation_hz = 3000, .carrier_hz = -3000, .ppm = -100},
                      Air{.deviation_hz = 5000, .carrier_hz = 1250, .drift_hz_per_s = -30},
                      Air{.space_emphasis = 1.4}, Air{.space_emphasis = 0.8, .audio_start = 0.8},
                      Air{.rate_hz = 96'000, .deviation_hz = 23'000, .carrier_hz = 2000},
                      Air{.rate_hz = 96'000, .deviation_hz = 28'000, .ppm = 20}));

TEST(AfskDemod, LlrsAreLogOdds) {
  // Where a bit has log odds L it is wrong with probability 1 / (1 + e^|L|).
  double expected = 0;
  std::size_t wrong = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const Sent sent = send({.ebn0_db = 6}, seed);
    AfskDemod demod(bell202(3800, 48'000), 48'000);
    SampleRing ring(65'536);
    ring.push(sent.samples);
    demod.load(ring, {.start = sent.start}, kBits);
    demod.refine_on_known(kSync, false);
    if (std::abs(demod.fit().carrier_hz) > 100) continue;  // mistaken for a neighbouring line
    std::vector<float> llr(kBits);
    demod.detect(5, llr);
    wrong += wrong_bits(sent, llr);
    for (const float x : llr) expected += 1 / (1 + std::exp(std::abs(static_cast<double>(x))));
  }
  ASSERT_GT(wrong, 50U);
  EXPECT_NEAR(expected / static_cast<double>(wrong), 1, 0.5);
}

TEST(AfskDemod, SilenceGivesFiniteNumbers) {
  Sent sent;
  sent.samples.resize(40'000);
  sent.bits.resize(kBits);
  AfskDemod demod(bell202(3800, 48'000), 48'000);
  demodulate(demod, sent, 5, 0);
  EXPECT_TRUE(std::isfinite(demod.level().ebn0_db));
  EXPECT_TRUE(std::isfinite(demod.fit().carrier_hz));
}

TEST(AfskAudioDemod, EveryBitIsRightAt25dB) {
  for (const double ppm : {0.0, 50.0}) {
    for (const double carrier_hz : {0.0, 3000.0}) {
      Sent sent = send({.carrier_hz = carrier_hz, .ppm = ppm, .ebn0_db = 25}, 7);
      AfskAudioDemod of_iq(bell202(3800, 48'000), 48'000, SignalKind::kIq);
      EXPECT_EQ(demodulate(of_iq, sent, 0.1, 0), 0U);
      sent.samples = testing::discriminate(sent.samples);
      for (Sample& s : sent.samples) s = -s;  // upside down
      AfskAudioDemod demod(bell202(3800, 48'000), 48'000, SignalKind::kFmAudio);
      EXPECT_EQ(demodulate(demod, sent, 0.1, 0), 0U);
    }
  }
}

TEST(AfskSync, IsFoundOnAnyCarrierAndNowhereElse) {
  for (const SignalKind kind : {SignalKind::kIq, SignalKind::kFmAudio}) {
    for (const double carrier_hz : {-3000.0, 0.0, 3000.0}) {
      Sent sent =
          send({.carrier_hz = carrier_hz, .ebn0_db = kind == SignalKind::kIq ? 14.0 : 25.0}, 9);
      if (kind == SignalKind::kFmAudio) sent.samples = testing::discriminate(sent.samples);
      SyncSearch search(bell202(3800, 48'000), kSync, false, 48'000, kind);
      std::vector<SyncHit> hits;
      search.search(sent.samples, 1000, std::vector{0.0}, 0.64F, hits);
      ASSERT_FALSE(hits.empty());
      const auto best = std::ranges::max_element(hits, {}, &SyncHit::score);
      EXPECT_NEAR(best->start, 1000 + sent.start, 20);
      EXPECT_FALSE(best->inverted);
    }
  }
}

}  // namespace
}  // namespace omnisonde::dsp
