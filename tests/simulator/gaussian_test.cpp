#include "simulator/gaussian.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace omnisonde::sim {
namespace {

TEST(GaussianSource, HasTheMomentsAndTailsOfANormalDistribution) {
  std::vector<dsp::Sample> noise(1'000'000);
  GaussianSource(7).add_noise(1, noise);
  double sum = 0, square = 0, fourth = 0, cross = 0;
  int beyond3 = 0, beyond4 = 0;
  for (const dsp::Sample& s : noise) {
    cross += static_cast<double>(s.real() * s.imag());
    for (const float part : {s.real(), s.imag()}) {
      const double x = static_cast<double>(part);
      sum += x;
      square += x * x;
      fourth += x * x * x * x;
      beyond3 += std::abs(x) > 3 ? 1 : 0;
      beyond4 += std::abs(x) > 4 ? 1 : 0;
    }
  }
  constexpr double kCount = 2'000'000;
  EXPECT_NEAR(sum / kCount, 0, 0.003);
  EXPECT_NEAR(square / kCount, 1, 0.005);
  EXPECT_NEAR(fourth / kCount, 3, 0.04);
  EXPECT_NEAR(cross / kCount, 0, 0.003);
  EXPECT_NEAR(beyond3 / kCount, 2.70e-3, 0.12e-3);  // tables of the normal distribution
  EXPECT_NEAR(beyond4 / kCount, 6.33e-5, 1.8e-5);
}

TEST(GaussianSource, RepeatsBySeedOnly) {
  std::vector<dsp::Sample> a(1000), b(1000), c(1000);
  GaussianSource(5).add_noise(1, a);
  GaussianSource(5).add_noise(1, b);
  GaussianSource(6).add_noise(1, c);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
}

}  // namespace
}  // namespace omnisonde::sim
