#include "gateway/base/utc.hpp"

#include <gtest/gtest.h>

namespace omnisonde {
namespace {

TEST(Utc, FormatsTheSheetsExampleTime) {
  EXPECT_EQ(to_iso8601(from_civil({2026, 10, 20, 12, 1, 8, 0})), "2026-10-20T12:01:08.000Z");
  EXPECT_EQ(from_civil({2026, 10, 20, 12, 1, 8, 0}).ms, 1792497668000);
}

TEST(Utc, RoundTripsEveryDayOfFourCenturies) {
  for (std::int64_t day = -80'000; day < 80'000; ++day) {
    const UtcMillis t{day * 86'400'000 + 1};
    ASSERT_EQ(from_civil(to_civil(t)), t);
  }
}

TEST(Utc, ReadsTheFormsThatTheHubTakes) {
  const UtcMillis want = from_civil({2026, 10, 20, 12, 1, 8, 250});
  for (const char* text : {"2026-10-20T12:01:08.25Z", "2026-10-20 12:01:08.250+00:00",
                           "2026-10-20T12:01:08.250999999Z", "2026-10-20T12:01:08.250"}) {
    ASSERT_TRUE(parse_iso8601(text).has_value()) << text;
    EXPECT_EQ(*parse_iso8601(text), want) << text;
  }
}

TEST(Utc, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z",
                           "2026-10-20T24:00:00Z", "2026-10-20T12:01:08+02:00", "yesterday"}) {
    EXPECT_FALSE(parse_iso8601(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace omnisonde
