#include "gateway/window_planner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace omnisonde {
namespace {

constexpr double kUsable_hz = 2.04e6;  // 85 % of 2.4 MS/s
constexpr FrequencyRange kBand{400.05e6, 406.0e6};

/// Receivers in simulated time: each is at once where it is told to be, and holds the sondes that
/// it has had in its window for 3 s, until they are outside.
class Watch {
 public:
  explicit Watch(std::vector<std::string> names, PlannerRules rules = {}) : planner(with(rules)) {
    for (const std::string& name : names)
      receivers.push_back({.name = name, .usable_hz = kUsable_hz, .held_hz = {}, .probed_hz = {}});
  }
  static PlannerRules with(PlannerRules rules) {
    if (rules.wanted.empty()) rules.wanted = {kBand};
    return rules;
  }

  void run(double seconds) {
    for (int i = 0; i < std::lround(seconds * 2); ++i, now_s += 0.5) step();
  }
  void step() {
    const auto centres = planner.plan(now_s, receivers);
    for (std::size_t i = 0; i < receivers.size(); ++i) {
      PlannerReceiver& r = receivers[i];
      if (r.centre_hz != centres[i]) ++moves[r.name];
      r.centre_hz = centres[i];
      const auto before = r.held_hz;
      r.held_hz.clear();
      for (const auto& [name, hz] : sondes) {
        const bool in = std::abs(hz - r.centre_hz) <= kUsable_hz / 2 && r.healthy;
        double& since = in_since.try_emplace({r.name, name}, now_s).first->second;
        if (!in) since = now_s;
        if (in && now_s - since >= 3) r.held_hz.push_back(hz);
        const bool held_before =
            std::ranges::any_of(before, [&](double b) { return std::abs(b - hz) < 2000; });
        if (held_before && !in && r.healthy) lost.insert(name);
      }
    }
    for (const auto& [name, hz] : sondes) {
      const bool heard = std::ranges::any_of(receivers, [&](const PlannerReceiver& r) {
        return std::ranges::count(r.held_hz, hz) > 0;
      });
      if (heard) heard_s[name] += 0.5;
    }
    for (const BandStretch& s : planner.map().stretches()) {
      longest_unwatched_s = std::max(longest_unwatched_s, s.unwatched_s);
    }
  }
  [[nodiscard]] bool watched(double hz) const {
    return std::ranges::any_of(receivers, [&](const PlannerReceiver& r) {
      return r.healthy && std::abs(hz - r.centre_hz) <= kUsable_hz / 2;
    });
  }

  WindowPlanner planner;
  std::vector<PlannerReceiver> receivers;
  std::map<std::string, double> sondes, heard_s;
  std::map<std::string, int> moves;
  std::set<std::string> lost;
  double now_s = 100, longest_unwatched_s = 0;

 private:
  std::map<std::pair<std::string, std::string>, double> in_since;
};

TEST(WindowPlanner, GoesRoundTheBandWhileItHoldsNothing) {
  Watch watch({"a"});
  watch.run(300);
  EXPECT_EQ(watch.moves["a"], 15);  // every 20 s, the first included
  EXPECT_LE(watch.longest_unwatched_s, 41);
  watch.run(60);
  for (const BandStretch& s : watch.planner.map().stretches()) EXPECT_LE(s.unwatched_s, 41);
}

TEST(WindowPlanner, StaysInTheMiddleOfABandThatFits) {
  Watch watch({"a"}, {.wanted = {{402e6, 404e6}}, .always_hz = {}});
  watch.run(300);
  EXPECT_EQ(watch.moves["a"], 1);
  EXPECT_DOUBLE_EQ(watch.receivers[0].centre_hz, 403e6);
  EXPECT_DOUBLE_EQ(watch.planner.map().watched_hz(), 2e6);
}

TEST(WindowPlanner, GoesToAndFroAroundWhatItHolds) {
  Watch watch({"a"});
  watch.sondes = {{"S", 403.0e6}};
  watch.run(60);
  ASSERT_GT(watch.heard_s["S"], 0);
  watch.heard_s.clear();
  std::set<double> places;
  for (int i = 0; i < 600; ++i, watch.now_s += 0.5) {
    watch.step();
    places.insert(watch.receivers[0].centre_hz);
  }
  EXPECT_DOUBLE_EQ(watch.heard_s["S"], 300);
  EXPECT_THAT(watch.lost, ::testing::IsEmpty());
  ASSERT_EQ(places.size(), 2U);
  EXPECT_NEAR(*places.begin(), 403.0e6 + 25e3 - kUsable_hz / 2, 200);
  EXPECT_NEAR(*places.rbegin(), 403.0e6 - 25e3 + kUsable_hz / 2, 200);
}

TEST(WindowPlanner, FollowsWhatDriftsToTheEnd) {
  Watch watch({"a"});
  watch.sondes = {{"S", 403.0e6}, {"T", 401.2e6}};
  watch.run(90);
  watch.heard_s.clear();
  for (int i = 0; i < 1200; ++i, watch.now_s += 0.5) {
    for (auto& [name, hz] : watch.sondes) hz += name == "S" ? 50 : -50;
    watch.step();
  }
  EXPECT_THAT(watch.lost, ::testing::IsEmpty());
  EXPECT_GE(std::max(watch.heard_s["S"], watch.heard_s["T"]), 600);
}

// A silent sonde is waited for, then the receiver is free again.
TEST(WindowPlanner, WaitsForASilentSondeAsLongAsItShould) {
  Watch watch({"a"}, {.wanted = {}, .always_hz = {}, .hold_s = 120});
  watch.sondes = {{"S", 400.5e6}};
  watch.run(70);
  watch.sondes.clear();
  for (int i = 0; i < 230; ++i, watch.now_s += 0.5) {
    watch.step();
    EXPECT_TRUE(watch.watched(400.5e6)) << i;
  }
  bool top_seen = false;
  for (int i = 0; i < 100; ++i, watch.now_s += 0.5) {
    watch.step();
    top_seen = top_seen || watch.watched(405.9e6);
  }
  EXPECT_TRUE(top_seen);
}

TEST(WindowPlanner, KeepsAlwaysFrequenciesInside) {
  Watch watch({"a"}, {.wanted = {}, .always_hz = {402.7e6, 403.9e6}});
  watch.sondes = {{"S", 401.95e6}};
  for (int i = 0; i < 600; ++i, watch.now_s += 0.5) {
    watch.step();
    EXPECT_TRUE(watch.watched(402.7e6) && watch.watched(403.9e6));
  }
  EXPECT_GT(watch.moves["a"], 5);
  EXPECT_THAT(watch.lost, ::testing::IsEmpty());
}

TEST(WindowPlanner, ThreeReceiversWatchAllOfIt) {
  Watch watch({"a", "b", "c"});
  watch.run(100);
  EXPECT_DOUBLE_EQ(watch.planner.map().watched_hz(), watch.planner.map().wanted_hz());
  EXPECT_EQ(watch.moves["a"] + watch.moves["b"] + watch.moves["c"], 3);
}

TEST(WindowPlanner, TheOthersTakeTheBandOfAReceiverThatDies) {
  Watch watch({"a", "b", "c"});
  watch.sondes = {{"S", 403.0e6}};  // in b's part
  watch.run(60);
  EXPECT_GT(watch.heard_s["S"], 55);
  watch.receivers[1].healthy = false;
  watch.run(5);
  EXPECT_EQ(watch.moves["a"] + watch.moves["c"], 2) << "a hiccup moves nobody";
  EXPECT_THAT(watch.planner.missed_hz(), ::testing::ElementsAre(403.0e6));
  watch.run(20);
  EXPECT_TRUE(watch.watched(403.0e6));
  watch.longest_unwatched_s = 0;
  watch.run(200);
  EXPECT_LE(watch.longest_unwatched_s, 45);
  watch.receivers[1].healthy = true;
  watch.lost.clear();
  watch.run(60);
  EXPECT_TRUE(watch.watched(403.0e6));
  EXPECT_THAT(watch.lost, ::testing::IsEmpty()) << "handed over, not dropped";
  EXPECT_DOUBLE_EQ(watch.planner.map().watched_hz(), watch.planner.map().wanted_hz());
}

TEST(WindowPlanner, AReceiverThatIsTiedToOnePlaceLeavesTheRestToTheOther) {
  Watch watch({"fixed", "free"});
  watch.receivers[0].fixed_centre_hz = 401.07e6;
  watch.run(30);
  std::set<double> places;
  for (int i = 0; i < 400; ++i, watch.now_s += 0.5) {
    watch.step();
    places.insert(watch.receivers[1].centre_hz);
  }
  EXPECT_EQ(watch.receivers[0].centre_hz, 401.07e6);
  EXPECT_EQ(places.size(), 2U) << "the third is in sight of the fixed one";
}

TEST(WindowPlanner, WaitsForACandidateThatAMoveWouldCutShort) {
  Watch watch({"a"});
  watch.run(19.5);
  const double centre_hz = watch.receivers[0].centre_hz;
  watch.receivers[0].probed_hz = {centre_hz - 1e6};
  watch.run(10);
  EXPECT_EQ(watch.receivers[0].centre_hz, centre_hz);
  watch.run(4);  // but not for ever
  EXPECT_NE(watch.receivers[0].centre_hz, centre_hz);
}

TEST(WindowPlanner, GoesFirstWhereASondeIsExpected) {
  Watch watch({"a"});
  watch.run(10);
  ASSERT_FALSE(watch.watched(405.5e6));
  watch.planner.set_hints({{405.5e6, 160}});
  watch.run(15);
  EXPECT_TRUE(watch.watched(405.5e6));
  watch.run(30);
  EXPECT_THAT(watch.planner.missed_hz(), ::testing::ElementsAre(405.5e6));
  watch.run(10);  // the hint is over
  EXPECT_THAT(watch.planner.missed_hz(), ::testing::IsEmpty());
}

// Held at 400.5 MHz, no place shows 405 MHz: with excursions it is looked at, and come back from.
TEST(WindowPlanner, ExcursionsAreShortAndReturn) {
  Watch without({"a"});
  without.sondes = {{"S", 400.5e6}};
  without.run(600);
  EXPECT_GT(without.longest_unwatched_s, 500);
  EXPECT_THAT(without.lost, ::testing::IsEmpty());

  Watch watch({"a"}, {.wanted = {}, .always_hz = {}, .excursion_s = 5});
  watch.sondes = {{"S", 400.5e6}};
  watch.run(70);
  watch.heard_s.clear();
  watch.longest_unwatched_s = 0;
  watch.run(600);
  EXPECT_GT(watch.heard_s["S"], 0.75 * 600);
  EXPECT_LT(watch.longest_unwatched_s, 130);
}

TEST(BandMap, TellsWhatIsOutOfSightAndSinceWhen) {
  BandMap map({{400e6, 402e6}, {401e6, 403e6}});
  map.watch(10, {{400e6, 401e6}});
  map.watch(30, {{401e6, 402e6}});
  EXPECT_DOUBLE_EQ(map.wanted_hz(), 3e6);
  EXPECT_DOUBLE_EQ(map.watched_hz(), 1e6);
  const auto parts = map.stretches();
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_NEAR(parts[0].unwatched_s, 20, 0.01);
  EXPECT_TRUE(parts[1].watched());
  EXPECT_NEAR(parts[2].unwatched_s, 20, 0.01);  // never watched: since the start
  EXPECT_DOUBLE_EQ(parts[2].low_hz, 402e6);
  EXPECT_NEAR(map.staleness({402e6, 403e6}, {}), 20e6, 0.1e6);
  EXPECT_NEAR(map.staleness({402e6, 403e6}, {{402.5e6, 404e6}}), 10e6, 0.1e6);
  EXPECT_DOUBLE_EQ(map.staleness({401e6, 402e6}, {}), 0);
}

}  // namespace
}  // namespace omnisonde
