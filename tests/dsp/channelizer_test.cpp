#include "dsp/channelizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace omnisonde::dsp {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;

// Slice of a sum of tones, through the channelizer.
std::vector<Sample> run(double fs, int centre_bin, double slice_rate, double bandwidth,
                        const std::vector<std::pair<double, double>>& tones, int blocks) {
  BandFft band(fs);
  Slicer slicer(slice_rate);
  const auto weights = slice_weights(slicer.bins(), bandwidth, band.bins());
  std::vector<Sample> wide(band.block_samples());
  std::vector<Sample> out;
  std::uint64_t t = 0;
  for (int b = 0; b < blocks; ++b) {
    for (std::size_t i = 0; i < wide.size(); ++i) {
      std::complex<double> x = 0;
      for (const auto& [hz, amplitude] : tones) {
        x +=
            std::polar(amplitude, std::fmod(kTwoPi * hz / fs * static_cast<double>(t + i), kTwoPi));
      }
      wide[i] = Sample(x);
    }
    band.process({wide, t, 0});
    t += wide.size();
    const auto slice = slicer.slice(band, centre_bin, weights);
    if (b > 0) out.insert(out.end(), slice.begin(), slice.end());  // block 0 holds the start-up
  }
  return out;
}

double power_db(const std::vector<Sample>& x) {
  double sum = 0;
  for (const Sample& s : x) sum += static_cast<double>(std::norm(s));
  return 10 * std::log10(sum / static_cast<double>(x.size()) + 1e-30);
}

class ChannelizerRates : public ::testing::TestWithParam<double> {};

TEST_P(ChannelizerRates, ASliceIsTheToneMixedToItsCentreWithoutABreak) {
  const double fs = GetParam();
  const int centre_bin = -37;  // odd: exercises the phase table
  const double offset = 1234.5;
  const auto out = run(fs, centre_bin, 48'000, 12'000, {{centre_bin * kBinHz + offset, 0.5}}, 20);
  // Sample j of block b lies 0.5 ms before the block: its absolute time is known, and so its phase.
  for (std::size_t j = 0; j < out.size(); ++j) {
    const double t = 0.004 - 0.0005 + static_cast<double>(j) / 48'000;
    const std::complex<double> want = std::polar(0.5, std::fmod(kTwoPi * offset * t, kTwoPi));
    ASSERT_LT(std::abs(std::complex<double>(out[j]) - want), 0.5 * 2e-3) << fs << " sample " << j;
  }
}

TEST_P(ChannelizerRates, ANeighbourTenKilohertzAwayIsGone) {
  const auto out = run(GetParam(), 13, 48'000, 12'000, {{13 * kBinHz + 10'000, 1.0}}, 12);
  EXPECT_LT(power_db(out), -65);
}

INSTANTIATE_TEST_SUITE_P(Rates, ChannelizerRates,
                         ::testing::Values(48'000.0, 100'000.0, 1'024'000.0, 2'400'000.0,
                                           2'048'000.0, 3'000'000.0));

TEST(Channelizer, PassbandIsFlatAndStopbandDeep) {
  for (const double hz : {0.0, 1000.0, 2500.0, 4000.0, -4000.0}) {
    EXPECT_NEAR(power_db(run(240'000, 20, 48'000, 12'000, {{4000 + hz, 1.0}}, 10)), 0.0, 0.05)
        << hz;
  }
  for (const double hz : {9000.0, -9000.0, 15'000.0, 40'000.0}) {
    EXPECT_LT(power_db(run(240'000, 20, 48'000, 12'000, {{4000 + hz, 1.0}}, 10)), -65) << hz;
  }
}

TEST(Channelizer, WideSlicesComeFromTheSameTransform) {
  const auto out = run(2'400'000, 500, 192'000, 150'000, {{100'000 + 60'000, 1.0}}, 10);
  EXPECT_NEAR(power_db(out), 0.0, 0.05);
}

TEST(Channelizer, NamesTheRatesItCanDo) {
  for (const double fs : {48e3, 100e3, 1.024e6, 2.048e6, 2.4e6, 2.56e6, 3e6, 6e6, 10e6, 20e6}) {
    EXPECT_TRUE(channelizer_supports(fs)) << fs;
  }
  for (const double fs : {0.0, -1.0, 44'100.0, 48'080.0, 2.4e6 + 1, 2.6e6, 1e12, std::nan("")}) {
    EXPECT_FALSE(channelizer_supports(fs)) << fs;
  }
}

}  // namespace
}  // namespace omnisonde::dsp
