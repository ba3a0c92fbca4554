#include "dsp/sample_ring.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

std::vector<Sample> ramp(std::int64_t from, std::size_t count) {
  std::vector<Sample> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = {static_cast<float>(from + static_cast<std::int64_t>(i)), 1.0F};
  }
  return out;
}

TEST(SampleRing, KeepsTheNewestSamplesInPieceOfAnySize) {
  SampleRing ring(64);
  ring.reset(1000);
  std::int64_t at = 1000;
  for (const std::size_t piece : {7U, 30U, 64U, 1U, 100U, 13U}) {
    ring.push(ramp(at, piece));
    at += static_cast<std::int64_t>(piece);
    EXPECT_EQ(ring.end(), at);
    EXPECT_EQ(ring.begin(), std::max<std::int64_t>(1000, at - 64));
    std::vector<Sample> out(static_cast<std::size_t>(ring.end() - ring.begin()));
    ring.copy(ring.begin(), out);
    EXPECT_EQ(out, ramp(ring.begin(), out.size()));
  }
}

TEST(SampleRing, ReadsZeroOutsideWhatItHolds) {
  SampleRing ring(16);
  ring.push(ramp(0, 40));  // holds 24 .. 39
  std::vector<Sample> out(30, Sample{-1, -1});
  ring.copy(18, out);
  for (std::int64_t i = 0; i < 30; ++i) {
    const std::int64_t at = 18 + i;
    const Sample want = at >= 24 && at < 40 ? Sample{static_cast<float>(at), 1.0F} : Sample{};
    EXPECT_EQ(out[static_cast<std::size_t>(i)], want) << at;
  }
  ring.reset(-100);
  ring.copy(-110, out);
  EXPECT_EQ(out, std::vector<Sample>(30));  // nothing of the past comes back
}

TEST(SampleRing, ShiftEqualsAnExplicitMix) {
  constexpr double kRate_hz = 48'000, kShift_hz = 1234.5, kOrigin = 24;
  const auto noise = testing::white_noise(5000, 1, 3);
  SampleRing ring(1024);
  ring.reset(7'000'000'000);  // 40 hours of stream: the mixer's phase must not suffer
  ring.push(noise);
  ring.shift(kShift_hz, kRate_hz, kOrigin);
  std::vector<Sample> out(1024);
  ring.copy(ring.begin(), out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto at = static_cast<long double>(ring.begin() + static_cast<std::int64_t>(i));
    const long double turns = std::fmod(
        static_cast<long double>(kShift_hz / kRate_hz) * (at - static_cast<long double>(kOrigin)),
        1.0L);
    const auto w = std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(turns));
    const std::complex<double> want = std::complex<double>(noise[5000 - 1024 + i]) * w;
    ASSERT_NEAR(std::abs(std::complex<double>(out[i]) - want), 0, 1e-4) << i;
  }
}

TEST(MixDown, FollowsFrequencyAndDriftOverTwoSeconds) {
  constexpr std::size_t kCount = 100'000;
  for (const double freq : {0.02, -0.31, 0.499}) {
    const double phase = 0.3, drift = 50.0 / 48'000 / 48'000;  // 50 Hz/s
    const std::vector<Sample> ones(kCount, Sample{1, 0});
    std::vector<Sample> out(kCount);
    mix_down(ones, out, phase, freq, drift);
    double worst = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto n = static_cast<double>(i);
      const double turns = std::fmod(phase + freq * n + drift * n * n / 2, 1.0);
      const auto want = std::polar(1.0, -2 * std::numbers::pi * turns);
      worst = std::max(worst, std::abs(std::complex<double>(out[i]) - want));
    }
    EXPECT_LT(worst, 1e-4) << freq;
  }
}

TEST(MixDown, WorksInPlace) {
  auto in = testing::white_noise(1000, 1, 9);
  std::vector<Sample> apart(in.size());
  mix_down(in, apart, 0.1, 0.03, 0);
  mix_down(in, in, 0.1, 0.03, 0);
  EXPECT_EQ(in, apart);
}

}  // namespace
}  // namespace omnisonde::dsp
