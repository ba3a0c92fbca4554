#include "gateway/gain_control.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace omnisonde {
namespace {

/// A receiver whose noise is `antenna_dbfs` at 40 dB and which clips above `clips_db` of gain.
struct Receiver {
  GainControl control{0, 49.6};
  double antenna_dbfs = -30, clips_db = 100;
  double now_s = 0;
  int changes = 0;
  /// @returns seconds until the gain is below `below_db`, or -1.
  double run(double seconds, double below_db = -1) {
    const double start_s = now_s;
    for (; now_s < start_s + seconds; now_s += 0.2) {
      const double noise_dbfs = std::max(-50.0, antenna_dbfs + control.gain_db() - 40);
      const double clipped = control.gain_db() > clips_db ? 0.02 : 0;
      if (control.update(now_s, clipped, noise_dbfs)) ++changes;
      if (control.gain_db() < below_db) return now_s - start_s;
    }
    return -1;
  }
  [[nodiscard]] double noise_dbfs() const { return antenna_dbfs + control.gain_db() - 40; }
};

TEST(GainControl, FindsALevelAndStaysThere) {
  for (const double antenna_dbfs : {-45.0, -36.0, -30.0, -20.0, -10.0}) {
    Receiver r;
    r.antenna_dbfs = antenna_dbfs;
    r.run(120);
    const double reachable = std::min(-34.0, antenna_dbfs + 9.6);
    EXPECT_GE(r.noise_dbfs(), reachable - 0.01) << antenna_dbfs;
    EXPECT_LE(r.noise_dbfs(), -22) << antenna_dbfs;
    const int changes = r.changes;
    r.run(3600);
    EXPECT_EQ(r.changes, changes) << "settled means settled: " << antenna_dbfs;
  }
}

TEST(GainControl, ClippingLowersItWithinASecond) {
  Receiver r;
  r.run(60);
  const double before_db = r.control.gain_db();
  r.clips_db = before_db - 3;
  const double took_s = r.run(5, before_db - 5);
  EXPECT_GE(took_s, 0);
  EXPECT_LT(took_s, 1);
  EXPECT_EQ(r.control.overloads(), 1);
}

// A strong transmitter nearby: the gain goes back up to where it clips, but ever more rarely.
TEST(GainControl, TriesAgainEverMoreRarely) {
  Receiver r;
  r.antenna_dbfs = -40;  // would like 46 dB
  r.clips_db = 38;
  r.run(600);
  const int in_ten_minutes = r.control.overloads();
  EXPECT_GE(in_ten_minutes, 2);
  r.run(3600);
  EXPECT_LE(r.control.overloads() - in_ten_minutes, 6);
  r.clips_db = 100;
  r.run(1200);
  EXPECT_GE(r.noise_dbfs(), -34.01);
}

}  // namespace
}  // namespace omnisonde
