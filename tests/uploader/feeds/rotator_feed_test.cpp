#include "uploader/feeds/rotator_feed.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/line_server.hpp"
#include "tests/support/program.hpp"
#include "tests/uploader/feeds/flight.hpp"
#include "uploader/feeds/feeds.hpp"
#include "uploader/feeds/line_link.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::LineServer;
using omnisonde::testing::Program;
using testing::at;
using testing::eventually;

const GeoPosition kStation{52.5, 13.4, 50};

FeedsConfig config(std::uint16_t port) {
  FeedsConfig c;
  c.station = testing::station();
  c.rotator.enabled = true;
  c.rotator.port = port;
  c.rotator.interval_s = 0.2;
  return c;
}

TEST(Rotator, WhichSonde) {
  std::vector<Telemetry> heard{at(0, 20'000, 50'000, "A1"), at(0, 500, 90'000, "B2"),
                               at(0, 9'000, 20'000, "C3")};
  heard[0].rx.snr_db = 3;
  RotatorConfig c;
  const auto followed = [&] { return sonde_to_follow(heard, c, kStation)->serial; };
  EXPECT_EQ(followed(), "C3") << "nearest";
  c.follow = RotatorFollow::kLowest;
  EXPECT_EQ(followed(), "B2");
  c.follow = RotatorFollow::kHighest;
  EXPECT_EQ(followed(), "A1");
  c.follow = RotatorFollow::kWeakest;
  EXPECT_EQ(followed(), "A1");
  c.serial = "B2";
  EXPECT_EQ(followed(), "B2");
  c.serial = "Z9";
  EXPECT_EQ(followed(), "A1") << "not heard: by the rule";
  EXPECT_EQ(sonde_to_follow({}, c, kStation), nullptr);
}

TEST(Rotator, Commands) {
  EXPECT_EQ(move_command(271.49, 12.04), "P 271.5 12.0\n");
  EXPECT_EQ(move_command(-90, -3), "P 270.0 0.0\n");
  EXPECT_EQ(move_command(359.99, 91), "P 0.0 90.0\n");
  EXPECT_DOUBLE_EQ(azimuth_apart_deg(359, 2), 3);
  EXPECT_DOUBLE_EQ(azimuth_apart_deg(10, 200), 170);
}

TEST(RotatorFeed, MovesOutsideTheDeadbandOnly) {
  LineServer server("", [](const std::string&) { return "RPRT 0\n"; });
  auto feeds = Feeds::start(config(server.port()), {});
  ASSERT_TRUE(feeds) << feeds.error().line();
  (*feeds)->accept(at(0, 50 + 10'000, 20'000));
  ASSERT_TRUE(eventually([&] { return server.lines().size() == 1; }));
  EXPECT_EQ(server.lines()[0], "P 89.9 26.5");
  (*feeds)->accept(at(1, 50 + 10'100, 20'000));  // 0.2 deg higher
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(server.lines().size(), 1U);
  (*feeds)->accept(at(2, 50 + 20'000, 20'000));
  ASSERT_TRUE(eventually([&] { return server.lines().size() == 2; }));
  EXPECT_EQ(server.lines()[1], "P 89.9 44.9");
  EXPECT_EQ((*feeds)->status()[0].state, "follows W1234567");
}

TEST(RotatorFeed, ParksWhenNothingIsHeard) {
  LineServer server("", [](const std::string&) { return "RPRT 0\n"; });
  FeedsConfig c = config(server.port());
  c.rotator.park = true;
  c.rotator.park_after_s = 0.1;
  c.rotator.park_azimuth_deg = 180;
  auto feeds = Feeds::start(c, {});
  ASSERT_TRUE(feeds);
  ASSERT_TRUE(eventually([&] { return server.lines().size() == 1; }));
  EXPECT_EQ(server.lines()[0], "P 180.0 0.0");
  EXPECT_TRUE(eventually([&] { return (*feeds)->status()[0].state == "parked"; }));
}

TEST(RotatorFeed, ARefusalIsSaid) {
  LineServer server("", [](const std::string&) { return "RPRT -1\n"; });
  auto feeds = Feeds::start(config(server.port()), {});
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 10'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].ok; }));
  EXPECT_EQ((*feeds)->status()[0].last_error, "127.0.0.1: rotctld answers RPRT -1");
}

// Debian: libhamlib-utils. Model 1 is a rotator that only pretends; it turns a few degrees a
// second.
TEST(RotatorFeed, RotctldTurnsItsDummy) {
  if (!Program::installed("/usr/bin/rotctld")) GTEST_SKIP() << "rotctld is not installed";
  testing::TempFolder folder;
  const std::uint16_t port = omnisonde::testing::free_port();
  const Program rotctld(
      {"/usr/bin/rotctld", "-m", "1", "-T", "127.0.0.1", "-t", std::to_string(port)},
      folder.path() + "/log");
  ASSERT_TRUE(eventually([&] { return Program::answers(port); }));
  auto feeds = Feeds::start(config(port), {});
  ASSERT_TRUE(feeds);
  (*feeds)->accept(at(0, 50 + 10'000, 900));  // nearly overhead, to the east
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 1; }))
      << (*feeds)->status()[0].last_error;
  const std::atomic<bool> stop{false};
  const auto azimuth_deg = [&]() -> double {
    auto link = LineLink::connect("127.0.0.1", port, 5, stop);
    if (!link || !(*link)->send("p\n", 5).empty()) return -1;
    return std::stod((*link)->read_line(5).value_or("-1"));
  };
  const double first_deg = azimuth_deg();
  EXPECT_TRUE(eventually([&] { return azimuth_deg() > first_deg + 1 || azimuth_deg() > 89; }))
      << "it turns towards 90: " << azimuth_deg();
}

}  // namespace
}  // namespace omnisonde::uploader
