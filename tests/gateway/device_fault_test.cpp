#include "gateway/device_fault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace omnisonde {
namespace {

using ::testing::HasSubstr;

TEST(BackOff, BeginsShortNeverGetsLongAndForgets) {
  BackOff back_off;
  std::vector<double> pauses(6);
  for (double& pause : pauses) pause = back_off.next_s();
  EXPECT_THAT(pauses, ::testing::ElementsAre(0.25, 0.5, 1, 2, 3, 3));
  back_off.worked(0.2);  // opened, and failed at once
  EXPECT_EQ(back_off.next_s(), 3);
  back_off.worked(2);
  EXPECT_EQ(back_off.next_s(), 0.25);
}

TEST(LikelyCause, IsReadFromWhatTheDriverSays) {
  EXPECT_THAT(likely_cause("Unable to open; usb_claim_interface error -6", 1),
              HasSubstr("another program"));
  EXPECT_THAT(likely_cause("SDR driver=rtlsdr serial=1 not found; found: nothing", 1),
              HasSubstr("unplugged"));
  EXPECT_THAT(likely_cause("usb_open error -3", 1), HasSubstr("permission"));
  EXPECT_THAT(likely_cause("RTL stalled: no samples for 2 s", 1), HasSubstr("cable"));
  EXPECT_THAT(likely_cause("RTL stalled: no samples for 2 s", 3), HasSubstr("again and again"));
}

TEST(FlatLine, NeedsTwoSecondsOfOneValue) {
  std::vector<std::byte> same(960 * 2, std::byte{127}), live = same;
  live[1000] = std::byte{128};
  FlatLine line;
  for (int i = 0; i < 499; ++i) EXPECT_FALSE(line.flat(same, 2, 0.004)) << i;
  EXPECT_FALSE(line.flat(live, 2, 0.004));
  for (int i = 0; i < 499; ++i) EXPECT_FALSE(line.flat(same, 2, 0.004)) << i;
  EXPECT_TRUE(line.flat(same, 2, 0.0041));
}

}  // namespace
}  // namespace omnisonde
