#include "uploader/feeds/event_detector.hpp"

#include <gtest/gtest.h>

#include "tests/uploader/feeds/flight.hpp"

namespace omnisonde::uploader {
namespace {

using testing::at;
using testing::kNow;

UtcMillis after(double s) { return {kNow.ms + static_cast<std::int64_t>(s * 1000)}; }

EventRules rules() {
  EventRules r;
  r.station = GeoPosition{52.5, 13.4, 50};
  return r;
}

// Feeds heights at 1 Hz; collects the names of what is told.
class Flight {
 public:
  explicit Flight(EventRules r = rules()) : detector(std::move(r)) {}

  void fly(double from_m, double to_m, double rate_mps, double east_m = 20'000) {
    for (double h = from_m; rate_mps > 0 ? h < to_m : h > to_m; h += rate_mps) {
      hear(at(s, h, east_m));
    }
  }
  void hear(const Telemetry& t) {
    for (Event& e : detector.record(t, after(s))) told.push_back(std::move(e));
    s += 1;
  }
  void silence(double for_s) {
    s += for_s;
    for (Event& e : detector.tick(after(s))) told.push_back(std::move(e));
  }
  [[nodiscard]] std::string names() const {
    std::string out;
    for (const Event& e : told) out += (out.empty() ? "" : " ") + std::string(event_name(e.kind));
    return out;
  }

  EventDetector detector;
  double s = 0;
  std::vector<Event> told;
};

TEST(EventDetector, TellsAFlightFromLaunchToLanding) {
  Flight flight;
  flight.fly(100, 30'000, 5);
  flight.fly(30'000, 600, -20);
  flight.silence(130);
  EXPECT_EQ(flight.names(), "first_heard burst landing_near landed");
  EXPECT_NEAR(flight.told[1].sonde->position->altitude_m, 29'995, 15) << "the burst is the top";
  ASSERT_TRUE(flight.told[2].distance_m);
  EXPECT_NEAR(*flight.told[2].distance_m, 20'000, 100);
  EXPECT_NEAR(*flight.told[2].bearing_deg, 90, 1);
  ASSERT_TRUE(flight.told[3].predicted);
  EXPECT_DOUBLE_EQ(flight.told[3].predicted->altitude_m, 50);
  EXPECT_NE(flight.told[3].text.find("RS41-SGP W1234567 on 402.700 MHz has landed: 52.5"),
            std::string::npos)
      << flight.told[3].text;
}

TEST(EventDetector, WildHeightsAreNoBurst) {
  Flight flight;
  flight.fly(1'000, 5'000, 5);
  flight.hear(at(flight.s, 40'000));
  flight.hear(at(flight.s, 39'000));
  flight.fly(5'010, 9'000, 5);
  EXPECT_EQ(flight.names(), "first_heard");
}

TEST(EventDetector, AFloaterThatSwingsHasNotBurst) {
  Flight flight;
  flight.fly(1'000, 12'000, 5);
  for (int i = 0; i < 600; ++i) flight.hear(at(flight.s, 12'000 + 100 * std::sin(i / 30.0)));
  EXPECT_EQ(flight.names(), "first_heard");
}

TEST(EventDetector, ASondeFirstHeardFallingHasNoBurst) {
  Flight flight;
  flight.fly(20'000, 10'000, -15);
  EXPECT_EQ(flight.names(), "first_heard");
}

TEST(EventDetector, ABurstDuringAGapIsTold) {
  Flight flight;
  flight.fly(1'000, 28'000, 5);
  flight.s += 600;
  flight.fly(20'000, 19'500, -15);
  EXPECT_EQ(flight.names(), "first_heard burst");
}

TEST(EventDetector, FarAwayIsNoLandingNear) {
  Flight flight;
  flight.fly(1'000, 3'000, 5, 60'000);
  flight.fly(3'000, 600, -10, 60'000);
  flight.silence(130);
  EXPECT_EQ(flight.names(), "first_heard burst landed");
}

TEST(EventDetector, DriftingTowardsTheStationCountsByItsPrediction) {
  Flight flight;
  double east_m = 45'000;
  for (double h = 3'000; h > 950; h -= 2, east_m -= 40) flight.hear(at(flight.s, h, east_m));
  EXPECT_EQ(flight.names(), "first_heard landing_near");
  ASSERT_TRUE(flight.told[1].predicted);
}

TEST(EventDetector, SilenceHighUpIsNoLanding) {
  Flight flight;
  flight.fly(1'000, 20'000, 5);
  flight.fly(20'000, 5'000, -15);
  flight.silence(5'000);
  EXPECT_EQ(flight.names(), "first_heard burst");
}

TEST(EventDetector, ASondeThatLiesStillAndTransmitsHasLanded) {
  Flight flight;
  flight.fly(100, 2'000, 5);
  flight.fly(2'000, 60, -8);
  for (int i = 0; i < 150; ++i) flight.hear(at(flight.s, 60));
  flight.silence(300);
  EXPECT_EQ(flight.names(), "first_heard burst landing_near landed");
  EXPECT_NE(flight.told.back().text.find("still transmitting"), std::string::npos);
}

TEST(EventDetector, LateRecordsAndRepeatsTellNothing) {
  Flight flight;
  flight.fly(1'000, 5'000, 5);
  for (int i = 0; i < 30; ++i) flight.hear(at(10, 1'050));
  EXPECT_EQ(flight.names(), "first_heard");
}

TEST(EventDetector, EncryptedOnceForEachSonde) {
  Flight flight;
  Telemetry t = at(0, 0);
  t.encrypted = true;
  t.position.reset();
  for (int i = 0; i < 5; ++i) flight.hear(t);
  t.serial = "W7654321";
  flight.hear(t);
  EXPECT_EQ(flight.names(), "encrypted encrypted");
}

TEST(EventDetector, ForgetsAndBeginsAnew) {
  Flight flight;
  flight.fly(1'000, 1'100, 5);
  flight.silence(7 * 3600);
  flight.fly(1'000, 1'100, 5);
  EXPECT_EQ(flight.names(), "first_heard first_heard");
}

TEST(EventDetector, StationTroubleOnceItLastsAndWhenItIsOver) {
  EventDetector detector(rules());
  const std::vector<StageState> bad{{"receiver roof", false, "no samples for 8 s"}};
  const std::vector<StageState> good{{"receiver roof", true, ""}};
  EXPECT_TRUE(detector.stages(bad, after(0)).empty());
  EXPECT_TRUE(detector.stages(good, after(10)).empty()) << "a short one is no event";
  EXPECT_TRUE(detector.stages(bad, after(20)).empty());
  const auto told = detector.stages(bad, after(81));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].text, "receiver roof does not work: no samples for 8 s");
  EXPECT_TRUE(detector.stages(bad, after(500)).empty());
  const auto over = detector.stages(good, after(600));
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].text, "receiver roof works again");
}

TEST(EventDetector, WithoutAPlaceOfTheStationLandingStillCounts) {
  Flight flight(EventRules{});
  flight.fly(100, 5'000, 5);
  flight.fly(5'000, 500, -10);
  flight.silence(130);
  EXPECT_EQ(flight.names(), "first_heard burst landed");
}

}  // namespace
}  // namespace omnisonde::uploader
