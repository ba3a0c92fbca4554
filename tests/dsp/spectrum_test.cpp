#include "dsp/spectrum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <numeric>
#include <vector>

#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kRate_hz = 240'000;

// Feeds whole blocks; @returns how often new averages were announced.
int feed(BandFft& band, SpectrumAverager& averager, std::span<const Sample> samples) {
  int news = 0;
  const std::size_t block = band.block_samples();
  for (std::size_t at = 0; at + block <= samples.size(); at += block) {
    band.process({samples.subspan(at, block), at, 0});
    news += averager.add(band) ? 1 : 0;
  }
  return news;
}

double sum_db(std::span<const float> power, std::size_t centre, std::size_t reach) {
  double sum = 0;
  for (std::size_t i = centre - reach; i <= centre + reach; ++i)
    sum += static_cast<double>(power[i]);
  return 10 * std::log10(sum);
}

class SpectrumOfTone : public ::testing::TestWithParam<double> {};

TEST_P(SpectrumOfTone, AFullScaleToneMeasures0dB) {
  const double tone_hz = GetParam();
  std::vector<Sample> x(static_cast<std::size_t>(kRate_hz * 0.2));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double turns = std::fmod(tone_hz / kRate_hz * static_cast<double>(i), 1.0);
    x[i] = Sample(std::polar(1.0, 2 * std::numbers::pi * turns));
  }
  BandFft band(kRate_hz);
  SpectrumAverager averager(band.bins());
  EXPECT_EQ(feed(band, averager, x), 2);  // one per 100 ms
  EXPECT_FALSE(averager.slow_complete());
  const auto power = averager.fast();
  const auto peak = static_cast<std::size_t>(std::ranges::max_element(power) - power.begin());
  const std::size_t zero_hz_bin = band.bins() / 2;
  const auto want = static_cast<double>(zero_hz_bin) + tone_hz / kBinHz;
  EXPECT_NEAR(static_cast<double>(peak), want, 0.51);
  EXPECT_NEAR(sum_db(power, peak, 3), 0, 0.3);
  // The Hann window: what lies 4 kHz away is 70 dB down.
  EXPECT_LT(power[peak > 600 ? peak - 20 : peak + 20], 1e-7F);
}

INSTANTIATE_TEST_SUITE_P(Tones, SpectrumOfTone,
                         ::testing::Values(0.0, 200.0, -200.0, 40'000.0, 40'100.0, -77'777.0,
                                           118'000.0, -118'000.0));

TEST(SpectrumAverager, TheSlowOneCoversTheLastSecond) {
  BandFft band(kRate_hz);
  SpectrumAverager averager(band.bins());
  const auto second = static_cast<std::size_t>(kRate_hz);
  feed(band, averager, testing::white_noise(second * 9 / 10, 1.0, 1));
  EXPECT_FALSE(averager.slow_complete());
  feed(band, averager, testing::white_noise(second / 10, 1.0, 2));
  EXPECT_TRUE(averager.slow_complete());
  EXPECT_NEAR(10 * std::log10(std::accumulate(averager.slow().begin(), averager.slow().end(), 0.0)),
              0, 0.1);
  // A second of silence, and nothing of the noise is left.
  feed(band, averager, std::vector<Sample>(second + second / 10));
  EXPECT_LT(*std::ranges::max_element(averager.slow()), 1e-12F);
}

TEST(NoiseFloor, TenCarriersDoNotLiftIt) {
  constexpr double kNoise = 0.01;
  const double true_floor = kNoise * kBinHz / kRate_hz;
  const auto samples = static_cast<std::size_t>(kRate_hz);
  std::vector<Sample> x = testing::white_noise(samples, kNoise, 5);
  const ModemParams modem{.symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F};
  testing::Channel channel;
  channel.rate_hz = kRate_hz;
  channel.lead_s = 0;
  for (int carrier = 0; carrier < 10; ++carrier) {
    channel.carrier_hz = -108'000 + carrier * 24'000;
    channel.seed = static_cast<std::uint64_t>(carrier);
    const auto s = testing::fsk_signal(modem, testing::random_bits(4800, channel.seed), channel);
    for (std::size_t i = 0; i < samples; ++i) x[i] += 0.1F * s[i];  // 20 dB over N0 x 4.8 kHz
  }
  BandFft band(kRate_hz);
  SpectrumAverager averager(band.bins());
  feed(band, averager, x);
  std::vector<float> floor(band.bins());
  noise_floor(averager.slow(), floor);
  for (std::size_t i = 0; i < floor.size(); ++i) {
    EXPECT_NEAR(10 * std::log10(static_cast<double>(floor[i]) / true_floor), 0, 0.5) << i;
  }
}

TEST(NoiseFloor, FollowsASlopeAndIsNeverZero) {
  std::vector<float> power(12'000), floor(12'000);
  for (std::size_t i = 0; i < power.size(); ++i) {
    power[i] = std::pow(10.0F, static_cast<float>(i) / 6000);  // 20 dB over the band
  }
  noise_floor(power, floor);
  for (std::size_t i = 600; i < 11'400; ++i) {
    EXPECT_NEAR(10 * std::log10(floor[i] / power[i]), 0, 0.5) << i;
  }
  std::ranges::fill(power, 0.0F);
  noise_floor(power, floor);
  EXPECT_GT(*std::ranges::min_element(floor), 0.0F);
}

// By sorting each window, as the definition says.
TEST(NoiseFloor, IsTheQuantileToAHundredthOfADecibel) {
  const auto noise = testing::white_noise(12'000, 1e-9, 8);
  std::vector<float> power, floor(noise.size());
  for (std::size_t i = 0; i < noise.size(); ++i) {
    const float lift = i / 1000 % 3 == 0 ? 1e4F : 1.0F;  // strong signals come and go
    power.push_back(lift * std::norm(noise[i]));
  }
  constexpr std::size_t kReach = 300;
  noise_floor(power, floor, kReach);
  for (std::size_t base = 0; base < power.size(); base += 100) {
    const std::size_t from = std::max(base + 50, kReach) - kReach;
    std::vector<float> window(
        power.begin() + static_cast<std::ptrdiff_t>(from),
        power.begin() + static_cast<std::ptrdiff_t>(std::min(power.size(), base + 50 + kReach)));
    std::ranges::sort(window);
    EXPECT_NEAR(10 * std::log10(floor[base] / window[window.size() * 2 / 5]), 0, 0.015) << base;
  }
}

}  // namespace
}  // namespace omnisonde::dsp
