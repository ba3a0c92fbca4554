#include "uploader/feeds/gpsd_feed.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <mutex>

#include "tests/support/line_server.hpp"
#include "tests/support/program.hpp"
#include "tests/uploader/feeds/flight.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::LineServer;
using omnisonde::testing::Program;
using testing::eventually;

const char* const kVersion =
    R"({"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14})"
    "\r\n";

std::string tpv(double lat, double lon, double alt) {
  return R"({"class":"TPV","device":"/dev/ttyACM0","mode":3,"time":"2026-10-20T12:01:08.000Z","lat":)" +
         std::to_string(lat) + ",\"lon\":" + std::to_string(lon) +
         ",\"altHAE\":570.0,\"altMSL\":" + std::to_string(alt) + "}\r\n";
}

/// What the feed tells, in order.
class Places {
 public:
  void add(const GeoPosition& p) {
    const std::lock_guard lock(mutex_);
    all_.push_back(p);
  }
  [[nodiscard]] std::vector<GeoPosition> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<GeoPosition> all_;
};

Hooks hooks() {
  Hooks h;
  h.log = [](LogLevel, const std::string&) {};
  return h;
}

TEST(GpsdFix, OnlyReportsWithAFix) {
  const auto fix = gpsd_fix(tpv(48.1, 11.5, 520));
  ASSERT_TRUE(fix);
  EXPECT_DOUBLE_EQ(fix->position.latitude_deg, 48.1);
  EXPECT_DOUBLE_EQ(fix->position.altitude_m, 520) << "above the sea, not above the ellipsoid";
  EXPECT_TRUE(fix->has_altitude);
  EXPECT_FALSE(gpsd_fix(R"({"class":"TPV","mode":1})"));
  EXPECT_FALSE(gpsd_fix(R"({"class":"TPV","mode":3,"lat":95.0,"lon":1.0})"));
  EXPECT_FALSE(gpsd_fix(R"({"class":"TPV","mode":"3","lat":"x","lon":1.0})"));
  EXPECT_FALSE(gpsd_fix(R"({"class":"SKY","satellites":[]})"));
  EXPECT_FALSE(gpsd_fix("no JSON"));
  const auto flat = gpsd_fix(R"({"class":"TPV","mode":2,"lat":48.0,"lon":11.0})");
  ASSERT_TRUE(flat);
  EXPECT_FALSE(flat->has_altitude);
}

TEST(GpsdFeed, TellsTheFirstFixAndEachMove) {
  LineServer server(kVersion, [](const std::string&) { return tpv(48.1, 11.5, 520); });
  Places places;
  auto feed = make_gpsd_feed(
      {.enabled = true, .host = "127.0.0.1", .port = server.port()}, {},
      [&](const GeoPosition& p) { places.add(p); }, hooks());
  feed->start();
  ASSERT_TRUE(eventually([&] { return places.all().size() == 1; }));
  EXPECT_EQ(server.lines()[0], R"(?WATCH={"enable":true,"json":true})");
  server.say(tpv(48.10005, 11.5, 522));  // 5.6 m: a standing receiver wanders so
  server.say(tpv(48.1002, 11.5, 522));   // 22 m
  ASSERT_TRUE(eventually([&] { return places.all().size() == 2; }));
  EXPECT_NEAR(places.all()[1].latitude_deg, 48.1002, 1e-9);
  EXPECT_EQ(feed->status().state, "3D fix 48.10020, 11.50000");
  server.hang_up();
  EXPECT_TRUE(eventually([&] { return server.clients() == 2; })) << "connects anew";
  feed->stop();
}

TEST(GpsdFeed, NobodyThereIsSaid) {
  auto feed = make_gpsd_feed(
      {.enabled = true, .host = "127.0.0.1", .port = omnisonde::testing::free_port()}, {},
      [](const GeoPosition&) {}, hooks());
  feed->start();
  EXPECT_TRUE(eventually([&] { return !feed->status().ok; }));
  feed->stop();
}

std::string nmea(const std::string& body) {
  unsigned sum = 0;
  for (const char c : body) sum ^= static_cast<unsigned char>(c);
  char tail[8];
  std::snprintf(tail, sizeof tail, "*%02X\r\n", sum);
  return "$" + body + tail;
}

// Debian: gpsd. The receiver is a pseudo-terminal that speaks NMEA.
TEST(GpsdFeed, GpsdOfTheSystem) {
  if (!Program::installed("/usr/sbin/gpsd")) GTEST_SKIP() << "gpsd is not installed";
  testing::TempFolder folder;
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(master, 0);
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  const std::string device = ::ptsname(master);
  const std::uint16_t port = omnisonde::testing::free_port();
  const Program gpsd({"/usr/sbin/gpsd", "-N", "-n", "-b", "-S", std::to_string(port), device},
                     folder.path() + "/log");
  ASSERT_TRUE(eventually([&] { return Program::answers(port); }));
  Places places;
  auto feed = make_gpsd_feed(
      {.enabled = true, .host = "127.0.0.1", .port = port}, {},
      [&](const GeoPosition& p) { places.add(p); }, hooks());
  feed->start();
  int second = 0;
  const bool heard = eventually(
      [&] {
        char time[48];
        std::snprintf(time, sizeof time, "12%02d%02d.00", second / 60, second % 60);
        ++second;
        const std::string text =
            nmea("GPRMC," + std::string(time) + ",A,4806.0000,N,01130.0000,E,0.0,0.0,201026,,,A") +
            nmea("GPGGA," + std::string(time) +
                 ",4806.0000,N,01130.0000,E,1,08,1.0,520.0,M,48.0,M,,") +
            nmea("GPGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.5,1.0,1.1");
        EXPECT_GT(::write(master, text.data(), text.size()), 0);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        // The first may be a flat fix; the height comes with GGA.
        return !places.all().empty() && places.all().back().altitude_m > 0;
      },
      20);
  feed->stop();
  ::close(master);
  ASSERT_TRUE(heard);
  EXPECT_NEAR(places.all().back().latitude_deg, 48.1, 1e-5);
  EXPECT_NEAR(places.all().back().longitude_deg, 11.5, 1e-5);
  EXPECT_NEAR(places.all().back().altitude_m, 520, 1);
}

}  // namespace
}  // namespace omnisonde::uploader
