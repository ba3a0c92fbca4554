// Wide signals are found in their middle; narrow ones are nobody's business here.
#include "dsp/wide_detector.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace omnisonde::dsp {
namespace {

constexpr std::size_t kBins = 12'000;  // 2.4 MHz
constexpr double kWidth_hz = 70'000;

class WideDetectorTest : public ::testing::Test {
 protected:
  WideDetectorTest() : power_(kBins), floor_(kBins, 1.0F) {
    // The scatter of a 100 ms average: 12 Hann-windowed blocks of one bin.
    std::mt19937 random(1);
    std::gamma_distribution<float> average(9, 1.0F / 9);
    for (float& p : power_) p = average(random);
  }
  /// Raises the power evenly over `width_hz` around `offset_hz`.
  void add(double offset_hz, double width_hz, double over_floor) {
    for (std::size_t i = 0; i < kBins; ++i) {
      const double hz = (static_cast<double>(i) - kBins / 2.0) * 200;
      if (std::abs(hz - offset_hz) <= width_hz / 2) power_[i] += static_cast<float>(over_floor);
    }
  }
  std::vector<Candidate> find() {
    std::vector<Candidate> out;
    WideDetector(kWidth_hz).find(power_, floor_, 0.5F, out);
    return out;
  }
  std::vector<float> power_, floor_;
};

TEST_F(WideDetectorTest, NoiseHoldsNothing) { EXPECT_TRUE(find().empty()); }

TEST_F(WideDetectorTest, ASpreadSignalIsFoundInItsMiddle) {
  add(300'000, 60'000, 2);
  const auto found = find();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].offset_hz, 300'000, 2000);
}

TEST_F(WideDetectorTest, TwoTonesFarApartAreOneSignal) {
  add(-500'000 - 25'000, 8'000, 100);
  add(-500'000 + 25'000, 8'000, 80);
  const auto found = find();
  ASSERT_FALSE(found.empty());
  EXPECT_NEAR(found[0].offset_hz, -500'000, 4000);
}

TEST_F(WideDetectorTest, ANarrowSondeIsNone) {
  add(100'000, 8'000, 3000);
  EXPECT_TRUE(find().empty());
}

TEST_F(WideDetectorTest, ASpectrumNarrowerThanTheSignalHoldsNothing) {
  power_.resize(100);
  floor_.resize(100);
  EXPECT_TRUE(find().empty());
}

}  // namespace
}  // namespace omnisonde::dsp
