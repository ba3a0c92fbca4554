#include "gateway/spur_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace omnisonde {
namespace {

TEST(SpurList, BlocksAroundTheFrequencyForAWhile) {
  SpurList list;
  list.add(403e6, 100);
  EXPECT_TRUE(list.blocked(403e6, 101));
  EXPECT_TRUE(list.blocked(403e6 + 1400, 109.9));
  EXPECT_FALSE(list.blocked(403e6 + 1600, 101));
  EXPECT_FALSE(list.blocked(403e6, 110.1));
}

TEST(SpurList, PausesDoubleUpToTenMinutes) {
  SpurList list;
  double now = 0, pause = 0;
  for (int i = 0; i < 10; ++i) {
    list.add(403e6 + i * 10, now);
    pause = 0;
    while (list.blocked(403e6, now + pause)) pause += 1;
    EXPECT_NEAR(pause, std::min(10.0 * (1 << i), 600.0), 1.5) << i;
    now += pause;
  }
  EXPECT_EQ(list.size(), 1U);
}

TEST(SpurList, ASondeThatIsDecodedAfterAllIsNoSpur) {
  SpurList list;
  list.add(403e6, 0);
  list.add(403.1e6, 0);
  list.forget(403e6 + 500);
  EXPECT_FALSE(list.blocked(403e6, 1));
  EXPECT_TRUE(list.blocked(403.1e6, 1));
}

TEST(SpurList, IsBounded) {
  SpurList list;
  for (int i = 0; i < 2000; ++i) list.add(400e6 + i * 5000.0, i * 1e-3);
  EXPECT_LE(list.size(), 500U);
  EXPECT_TRUE(list.blocked(400e6 + 1999 * 5000.0, 2));
}

}  // namespace
}  // namespace omnisonde
