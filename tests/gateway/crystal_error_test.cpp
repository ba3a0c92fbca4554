#include "gateway/crystal_error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace omnisonde {
namespace {

/// `frames` frames of a sonde set to 403.1 MHz whose own crystal is `own_ppm` off, on a receiver
/// that is `true_ppm` off and corrects `used_ppm`.
void hear(CrystalError& error, const std::string& serial, double true_ppm, double own_ppm,
          int frames = 20, double used_ppm = 0) {
  for (int i = 0; i < frames; ++i) {
    const double noise_hz = 60 * std::sin(i * 2.3);
    const double measured_hz =
        403.1e6 * (1 + own_ppm * 1e-6) * (1 - (true_ppm - used_ppm) * 1e-6) + noise_hz;
    error.heard(serial, measured_hz, 403.1e6, used_ppm);
  }
}

TEST(CrystalError, IsTheMedianOfSondes) {
  CrystalError error;
  EXPECT_FALSE(error.ppm());
  hear(error, "A", 31.4, 0.4);
  hear(error, "B", 31.4, -0.6);
  hear(error, "C", 31.4, 0.1);
  hear(error, "D", 31.4, 24);  // a sonde that is wrong itself
  hear(error, "E", 31.4, -0.2);
  ASSERT_TRUE(error.ppm());
  EXPECT_NEAR(*error.ppm(), 31.4, 0.3);
  EXPECT_EQ(error.sondes(), 5U);
}

TEST(CrystalError, DoesNotDependOnWhatIsCorrectedAlready) {
  CrystalError error;
  hear(error, "A", 12, 0, 15, 0);
  hear(error, "A", 12, 0, 16, 11.5);
  EXPECT_NEAR(*error.ppm(), 12, 0.1);
}

TEST(CrystalError, LeavesOutWhatCannotBe) {
  CrystalError error;
  for (int i = 0; i < 30; ++i) {
    error.heard("", 403.1e6, 403.1e6, 0);
    error.heard("A", 403.1e6, 403.1034e6, 0);  // no multiple of 10 kHz
    error.heard("B", 403.1e6, 404.1e6, 0);     // 2500 ppm
    error.heard("C", 403.1e6, 0, 0);
  }
  hear(error, "D", 5, 0, 7);  // too few frames
  EXPECT_FALSE(error.ppm());
}

TEST(CrystalError, IsApproachedSlowly) {
  CrystalError error;
  hear(error, "A", 3, 0);
  double used = 0;
  for (int i = 0; i < 5; ++i) {
    const double next = error.approach(used);
    EXPECT_LE(std::abs(next - used), 0.2001);
    used = next;
  }
  EXPECT_NEAR(used, 1, 0.01);
  for (int i = 0; i < 20; ++i) used = error.approach(used);
  EXPECT_NEAR(used, 3, 0.2);
  EXPECT_EQ(error.approach(used), used);
}

TEST(CrystalError, IsKeptInAFile) {
  CrystalError error;
  hear(error, "A", -7, 0.3);
  hear(error, "B", -7, 0.1);
  CrystalError later;
  later.load("nonsense\n" + error.text() + "C 1e9\n");
  ASSERT_TRUE(later.ppm());
  EXPECT_NEAR(*later.ppm(), *error.ppm(), 0.001);
  EXPECT_EQ(later.text(), error.text());
}

}  // namespace
}  // namespace omnisonde
