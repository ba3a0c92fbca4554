#include "dsp/resampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "dsp/channelizer.hpp"

namespace omnisonde::dsp {
namespace {

TEST(Resampler, NextRateIsTheLowestThatTheChannelizerTakes) {
  EXPECT_EQ(next_supported_rate(48'000), 48'000);
  EXPECT_EQ(next_supported_rate(44'100), 45'000);
  EXPECT_EQ(next_supported_rate(1), 12'000);
  for (const double rate_hz : {22'050.0, 1'999'999.0, 2'800'000.5}) {
    const double next = next_supported_rate(rate_hz);
    EXPECT_GE(next, rate_hz);
    EXPECT_TRUE(channelizer_supports(next));
  }
}

TEST(Resampler, KeepsATonesFrequencyAndLevel) {
  constexpr double kFrom_hz = 44'100, kTone_hz = -5321.7, kAmplitude = 0.5;
  const double to_hz = next_supported_rate(kFrom_hz);
  Resampler resampler(kFrom_hz, to_hz);
  std::vector<Sample> out;
  std::vector<Sample> in;
  std::size_t n = 0;
  for (int piece = 0; piece < 60; ++piece) {  // pieces of odd length: no seams between them
    in.resize(701 + static_cast<std::size_t>(piece));
    for (Sample& s : in) {
      const double turns = std::fmod(kTone_hz / kFrom_hz * static_cast<double>(n++), 1.0);
      s = Sample(std::polar(kAmplitude, 2 * std::numbers::pi * turns));
    }
    const auto got = resampler.run(in);
    out.insert(out.end(), got.begin(), got.end());
  }
  EXPECT_NEAR(static_cast<double>(out.size()), static_cast<double>(n) * to_hz / kFrom_hz, 2);

  // The best fit of such a tone leaves nothing over: level, frequency and phase hold throughout.
  constexpr std::size_t kSettle = 500;
  std::complex<double> first, all;
  double power = 0;
  for (std::size_t i = kSettle; i < out.size(); ++i) {
    const double turns = std::fmod(kTone_hz / to_hz * static_cast<double>(i), 1.0);
    const std::complex<double> mixed =
        std::complex<double>(out[i]) * std::polar(1.0, -2 * std::numbers::pi * turns);
    all += mixed;
    if (i < out.size() / 2) first += mixed;
    power += std::norm(mixed);
  }
  const auto count = static_cast<double>(out.size() - kSettle);
  EXPECT_NEAR(20 * std::log10(std::abs(all) / count / kAmplitude), 0, 0.1);
  EXPECT_NEAR(10 * std::log10(power / count / kAmplitude / kAmplitude), 0, 0.1);
  const std::complex<double> second = all - first;
  const double half_s = count / 2 / to_hz;
  EXPECT_NEAR(std::arg(second * std::conj(first)) / (2 * std::numbers::pi) / half_s, 0, 0.05);
}

}  // namespace
}  // namespace omnisonde::dsp
