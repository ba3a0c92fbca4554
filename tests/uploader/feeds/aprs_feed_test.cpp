#include "uploader/feeds/aprs_feed.hpp"

#include <gtest/gtest.h>

#include "tests/support/line_server.hpp"
#include "tests/uploader/feeds/flight.hpp"
#include "uploader/feeds/address_rules.hpp"
#include "uploader/feeds/aprs_packet.hpp"
#include "uploader/feeds/feeds.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

using omnisonde::testing::LineServer;
using testing::at;
using testing::eventually;
using testing::field_record;

const char* const kComment =
    "Clb={climb} t={temperature} h={humidity} p={pressure} {frequency} Type={type} ser={serial} "
    "Radiosonde";

/// Answers a login as APRS-IS servers do. @param passcode  the right one.
std::function<std::string(const std::string&)> aprs_server(const std::string& passcode) {
  return [passcode](const std::string& line) -> std::string {
    if (!line.starts_with("user ")) return "";
    const bool good = line.find(" pass " + passcode + " ") != std::string::npos;
    return std::string("# logresp DL1ABC-11 ") + (good ? "verified" : "unverified") +
           ", server TEST\r\n";
  };
}

FeedsConfig config(std::uint16_t port) {
  FeedsConfig c;
  c.station = testing::station();
  c.aprs.enabled = true;
  c.aprs.host = "127.0.0.1";
  c.aprs.port = port;
  c.aprs.callsign = "DL1ABC-11";
  c.aprs.passcode = "12345";
  c.aprs.interval_s = 0.3;
  c.aprs.comment = kComment;
  return c;
}

std::string login() {
  return std::string("user DL1ABC-11 pass 12345 vers ") + software_name() + " " +
         software_version() + "\r";
}

TEST(AprsPacket, ObjectBytes) {
  EXPECT_EQ(aprs_object(field_record(), kComment),
            ";W1234567 *111802h3407.40S/13839.25EO271/024/A=040504 Clb=5.0m/s t=-40.1C h=12.3% "
            "p=187.6hPa 402.700 MHz Type=RS41-SGP ser=W1234567 Radiosonde !wdv!");
}

TEST(AprsPacket, LineAndBeaconBytes) {
  EXPECT_EQ(aprs_line("DL1ABC-11", "SONDEGATE", "text\r\nmore"),
            "DL1ABC-11>APZOMN,SONDEGATE,TCPIP,qAR,DL1ABC-11:textmore\r\n");
  EXPECT_EQ(aprs_beacon({52.5, 13.4, 50}, "/`", "omnisonde"),
            "!5230.00N/01324.00E`omnisonde !w!!!");
}

TEST(AprsPacket, AMinuteThatRoundsUpCarries) {
  Telemetry t = field_record();
  t.position = GeoPosition{47.99999999, -10.99999999, -3};
  t.heading_deg.reset();
  EXPECT_EQ(aprs_object(t, "x"), ";W1234567 *111802h4800.00N/01100.00WO000/000/A=-00009 x !w!!!");
}

TEST(AprsPacket, NoAgreedNameNoObject) {
  Telemetry t = field_record();
  t.type = "SRS-C50";
  EXPECT_FALSE(aprs_object(t, kComment));
}

TEST(AprsHost, ThePublicNetworkIsRefused) {
  for (const char* host :
       {"rotate.aprs2.net", "euro.aprs2.net.", "NOAM.APRS2.NET", "aprs.net", "srvr.aprs-is.net",
        "radiosondy.info.example.org", "44.1.2.3", "8.8.8.8", "myradiosondy.info", ""}) {
    const auto fault = aprs_host_fault(host, 14580);
    EXPECT_TRUE(fault) << host;
  }
  EXPECT_NE(aprs_host_fault("rotate.aprs2.net", 14580)->what.find("shared network"),
            std::string::npos);
  for (const char* host : {"radiosondy.info", "RadioSondy.info", "wettersonde.net", "localhost",
                           "192.168.1.7", "10.0.0.1", "172.16.0.9", "::1", "fd00::7"}) {
    EXPECT_FALSE(aprs_host_fault(host, 14580)) << host;
  }
  EXPECT_TRUE(aprs_host_fault("radiosondy.info", 14579)) << "a port that forwards";
  EXPECT_FALSE(aprs_host_fault("192.168.1.7", 1234)) << "one's own server, one's own port";
  EXPECT_FALSE(Feeds::start(
      [] {
        FeedsConfig c = config(14580);
        c.aprs.host = "rotate.aprs2.net";
        return c;
      }(),
      {}));
}

TEST(AprsFeed, LoginThenObjectsAfterThreeRecords) {
  LineServer server("# test 1.0\r\n", aprs_server("12345"));
  auto feeds = Feeds::start(config(server.port()), {});
  ASSERT_TRUE(feeds) << feeds.error().line();
  (*feeds)->accept(at(0, 1'000));
  (*feeds)->accept(at(1, 1'005));
  ASSERT_TRUE(eventually([&] { return server.lines().size() >= 2; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ASSERT_EQ(server.lines(), (std::vector<std::string>{login(), "#filter p/ZZ\r"}));
  (*feeds)->accept(at(2, 1'010));
  ASSERT_TRUE(eventually([&] { return server.lines().size() == 3; }));
  EXPECT_EQ(server.lines()[2] + "\n",
            aprs_line("DL1ABC-11", "SONDEGATE", *aprs_object(at(2, 1'010), kComment)));
  for (int i = 3; i < 50; ++i) (*feeds)->accept(at(i, 1'010 + i));
  ASSERT_TRUE(eventually([&] { return server.lines().size() == 4; }));
  EXPECT_EQ(server.lines()[3] + "\n",
            aprs_line("DL1ABC-11", "SONDEGATE", *aprs_object(at(49, 1'059), kComment)))
      << "an interval later the newest, nothing in between";
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 2; }));
  EXPECT_EQ((*feeds)->status()[0].state, "connected to 127.0.0.1");
}

TEST(AprsFeed, AWrongPasscodeSendsNothingAndSaysSo) {
  LineServer server("# test 1.0\r\n", aprs_server("54321"));
  auto feeds = Feeds::start(config(server.port()), {});
  ASSERT_TRUE(feeds);
  for (int i = 0; i < 5; ++i) (*feeds)->accept(at(i, 1'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].ok; }));
  EXPECT_EQ((*feeds)->status()[0].last_error,
            "127.0.0.1: the passcode does not belong to DL1ABC-11");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(server.lines().size(), 2U);
  EXPECT_EQ((*feeds)->status()[0].delivered, 0U);
}

TEST(AprsFeed, TheStationsBeacon) {
  LineServer server("# test 1.0\r\n", aprs_server("12345"));
  FeedsConfig c = config(server.port());
  c.aprs.beacon = true;
  c.aprs.beacon_comment = "omnisonde {version}";
  auto feeds = Feeds::start(c, {});
  ASSERT_TRUE(feeds);
  ASSERT_TRUE(eventually([&] { return server.lines().size() == 3; }));
  EXPECT_EQ(server.lines()[2],
            std::string("DL1ABC-11>APZOMN,SONDEGATE,TCPIP,qAR,DL1ABC-11:!5230.00N/01324.00E`"
                        "omnisonde ") +
                software_version() + " !w!!!\r");
}

TEST(AprsFeed, ADeadServerHoldsUpNobodyAndIsSaid) {
  FeedsConfig c = config(omnisonde::testing::free_port());
  auto feeds = Feeds::start(c, {});
  ASSERT_TRUE(feeds);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000; ++i) (*feeds)->accept(at(i, 1'000));
  ASSERT_TRUE(eventually([&] { return !(*feeds)->status()[0].ok; }));
  (*feeds)->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
}

}  // namespace
}  // namespace omnisonde::uploader
