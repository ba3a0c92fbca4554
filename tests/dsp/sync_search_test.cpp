#include "dsp/sync_search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/frame_kinds.hpp"
#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kRate_hz = 48'000;

struct Pattern {
  const char* name;
  ModemParams modem;
  std::string_view bits;
  float threshold;  ///< as the receiver chooses it for this length
};

constexpr Pattern kLong{testing::kLong.name, testing::kLong.modem, testing::kLong.sync, 0.5875F};
constexpr Pattern kShort{testing::kShort.name, testing::kShort.modem, testing::kShort.sync, 0.64F};

struct Sent {
  std::vector<Sample> samples;
  double start;  ///< of the pattern, in samples
};

// Random bits, the pattern, random bits; the pattern starts anywhere within a sample.
Sent send(const Pattern& p, testing::Channel channel, bool inverted) {
  std::mt19937_64 random(channel.seed * 31);
  channel.lead_s += std::uniform_real_distribution<double>(0, 3e-3)(random);
  auto bits = testing::random_bits(40, channel.seed);
  const double before = 40;
  for (const char c : p.bits) bits.push_back(c == '1');
  const auto after = testing::random_bits(60, channel.seed + 1);
  bits.insert(bits.end(), after.begin(), after.end());
  auto symbols = testing::line_symbols(bits, p.modem.line_code);
  for (auto& s : symbols) s = static_cast<std::uint8_t>(s != (inverted ? 1 : 0));
  return {testing::fsk_signal(p.modem, symbols, channel),
          channel.lead_s * kRate_hz + before * kRate_hz / p.modem.bit_rate_hz()};
}

class SyncSearchOf : public ::testing::TestWithParam<Pattern> {};

TEST_P(SyncSearchOf, FindsThePatternAtAnyOffsetNearATriedCarrier) {
  const Pattern& p = GetParam();
  const double symbol = kRate_hz / p.modem.symbol_rate_hz;
  const std::array tried = {-600.0, 0.0, 600.0};
  for (const bool inverted : {false, true}) {
    for (int i = 0; i < 30; ++i) {
      testing::Channel channel;
      channel.seed = static_cast<std::uint64_t>(i) + 100;
      channel.ebn0_db = 14;
      channel.carrier_hz = tried[static_cast<std::size_t>(i % 3)] + (i * 20.0 - 290.0);
      const Sent sent = send(p, channel, inverted);
      SyncSearch search(p.modem, p.bits, true, kRate_hz);
      std::vector<SyncHit> hits;
      search.search(sent.samples, 5000, tried, p.threshold, hits);
      const auto best = std::ranges::max_element(hits, {}, &SyncHit::score);
      ASSERT_NE(best, hits.end()) << "try " << i;
      // Phases are a fifth of a symbol apart or a sample, whichever is coarser.
      EXPECT_NEAR(best->start, 5000 + sent.start, 0.2 * symbol + 0.5) << "try " << i;
      EXPECT_EQ(best->inverted, inverted);
      EXPECT_LE(std::abs(best->carrier_hz - channel.carrier_hz), 700) << "try " << i;
      EXPECT_LE(best->score, 1.001F);
      EXPECT_TRUE(std::ranges::is_sorted(hits, {}, &SyncHit::start));
    }
  }
}

TEST_P(SyncSearchOf, TakesNoComplementUnlessAskedTo) {
  const Pattern& p = GetParam();
  testing::Channel channel;
  const Sent sent = send(p, channel, true);
  SyncSearch search(p.modem, p.bits, false, kRate_hz);
  std::vector<SyncHit> hits;
  search.search(sent.samples, 0, std::array{0.0}, p.threshold, hits);
  for (const SyncHit& hit : hits) {
    EXPECT_FALSE(hit.inverted);
    EXPECT_GT(std::abs(hit.start - sent.start), 2) << hit.score;
  }
}

// A false hit costs a demodulation; the threshold holds them to a few a second and carrier.
TEST_P(SyncSearchOf, NoiseSeldomPassesTheThreshold) {
  const Pattern& p = GetParam();
  SyncSearch search(p.modem, p.bits, true, kRate_hz);
  const std::array tried = {-300.0, 300.0};
  std::vector<SyncHit> hits;
  constexpr int kSeconds = 10;
  for (int second = 0; second < kSeconds; ++second) {
    const auto noise = testing::white_noise(48'000, 1, static_cast<std::uint64_t>(second) * 7 + 1);
    search.search(noise, second * 48'000, tried, p.threshold, hits);
  }
  const double most_per_second = p.bits.size() > 32 ? 0.5 : 6;
  EXPECT_LT(static_cast<double>(hits.size()) / kSeconds, most_per_second);
}

TEST_P(SyncSearchOf, FindsThePatternInFmAudioWithAnOffset) {
  const Pattern& p = GetParam();
  const double symbol = kRate_hz / p.modem.symbol_rate_hz;
  for (const bool inverted : {false, true}) {
    for (int i = 0; i < 10; ++i) {
      testing::Channel channel;
      channel.seed = static_cast<std::uint64_t>(i) + 300;
      channel.ebn0_db = 22;
      const Sent sent = send(p, channel, inverted);
      auto audio = testing::discriminate(sent.samples);
      for (auto& a : audio) a += 0.04F;  // 1.9 kHz: most of the deviation
      SyncSearch search(p.modem, p.bits, true, kRate_hz, SignalKind::kFmAudio);
      std::vector<SyncHit> hits;
      search.search(audio, -77, {}, p.threshold, hits);
      const auto best = std::ranges::max_element(hits, {}, &SyncHit::score);
      ASSERT_NE(best, hits.end()) << "try " << i;
      EXPECT_NEAR(best->start, -77 + sent.start, 0.2 * symbol + 1) << "try " << i;
      EXPECT_EQ(best->inverted, inverted);
    }
  }
}

TEST_P(SyncSearchOf, AStretchShorterThanThePatternHoldsNothing) {
  const Pattern& p = GetParam();
  SyncSearch search(p.modem, p.bits, true, kRate_hz);
  std::vector<SyncHit> hits;
  search.search({}, 0, std::array{0.0}, 0.1F, hits);
  search.search(testing::white_noise(100, 1, 1), 0, std::array{0.0}, 0.1F, hits);
  EXPECT_TRUE(hits.empty());
}

INSTANTIATE_TEST_SUITE_P(Patterns, SyncSearchOf, ::testing::Values(kLong, kShort),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace omnisonde::dsp
