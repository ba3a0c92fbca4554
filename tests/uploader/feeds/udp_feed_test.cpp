#include "uploader/feeds/udp_feed.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/support/ports.hpp"
#include "tests/uploader/feeds/flight.hpp"
#include "uploader/feeds/feeds.hpp"
#include "uploader/feeds/names.hpp"

namespace omnisonde::uploader {
namespace {

using testing::at;
using testing::field_record;

/// A UDP socket of this machine.
class Receiver {
 public:
  Receiver() {
    sockaddr_in address = omnisonde::testing::loopback(0);
    socklen_t size = sizeof address;
    (void)::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    (void)::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~Receiver() { ::close(fd_); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// The next datagram; "nothing" if none comes in time.
  std::string next(int timeout_ms = 5'000) {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, timeout_ms) != 1) return "nothing";
    char text[2048];
    const auto n = ::recv(fd_, text, sizeof text, 0);
    return {text, static_cast<std::size_t>(n)};
  }

  std::uint16_t port = 0;

 private:
  int fd_ = ::socket(AF_INET, SOCK_DGRAM, 0);
};

FeedsConfig config(std::uint16_t summary_port, std::uint16_t ozi_port) {
  FeedsConfig c;
  c.station = testing::station();
  c.chasemapper = {.enabled = summary_port != 0,
                   .hosts = {"127.0.0.1"},
                   .port = summary_port,
                   .interval_s = 0.3};
  c.ozimux = {
      .enabled = ozi_port != 0, .hosts = {"localhost"}, .port = ozi_port, .interval_s = 0.3};
  return c;
}

// Field names and units as in the Horus "payload summary".
TEST(PayloadSummary, AllFields) {
  Telemetry t = field_record();
  t.xdata = "0501A2B3";
  EXPECT_EQ(
      payload_summary(t, "DL1ABC"),
      R"({"type":"PAYLOAD_SUMMARY","station":"DL1ABC","callsign":"W1234567","latitude":-34.12346,)"
      R"("longitude":138.65432,"altitude":12345.67,"speed":45.0,"heading":271.5,"time":"11:18:02",)"
      R"("comment":"Radiosonde","model":"RS41-SGP","freq":"402.7000 MHz","temp":-40.1,"frame":4242,)"
      R"("bt":30000,"humidity":12.3,"pressure":187.65,"sats":9,"batt":2.75,"snr":15.3,)"
      R"("f_centre":402700120,"subtype":"RS41-SGP","vel_v":5.04,"vel_h":12.5,"aux":"0501A2B3"})");
}

TEST(PayloadSummary, WhatIsNotKnown) {
  Telemetry t;
  t.type = "DFM";
  t.serial = "19012345";
  t.frame_number = 1;
  t.datetime = from_civil({2026, 1, 21, 23, 59, 59, 999});
  t.position = GeoPosition{48, 11.5, 520};
  t.rx.frequency_hz = 403'997'000;
  EXPECT_EQ(payload_summary(t, ""),
            R"({"type":"PAYLOAD_SUMMARY","station":"","callsign":"DFM-19012345","latitude":48.0,)"
            R"("longitude":11.5,"altitude":520.0,"speed":-1.0,"heading":-1.0,"time":"23:59:59",)"
            R"("comment":"Radiosonde","model":"DFM","freq":"404.0000 MHz","temp":-273.0,"frame":1,)"
            R"("f_centre":403997000})");
}

TEST(OzimuxLine, Bytes) {
  EXPECT_EQ(ozimux_line(field_record()), "TELEMETRY,11:18:02,-34.12346,138.65432,12345\n");
}

TEST(Names, AsAutoRxHasThem) {
  const auto named = [](const char* type, const char* subtype, const char* serial) {
    Telemetry t;
    t.type = type;
    t.subtype = subtype;
    t.serial = serial;
    return autorx_id(t) + " " + autorx_type(t) + " [" + aprs_object_name(t).value_or("none") + "]";
  };
  EXPECT_EQ(named("RS41", "RS41-SGP", "W1234567"), "W1234567 RS41-SGP [W1234567 ]");
  EXPECT_EQ(named("RS41", "", "W1234567"), "W1234567 RS41 [W1234567 ]");
  EXPECT_EQ(named("RS92", "RS92-SGP", "K1234567"), "K1234567 RS92 [K1234567 ]");
  EXPECT_EQ(named("DFM", "DFM17", "19012345"), "DFM-19012345 DFM17 [D19012345]");
  EXPECT_EQ(named("PS-15", "PS-15", "123456"), "DFM-123456 PS15 [D123456  ]");
  EXPECT_EQ(named("M10", "", "310-2-11329"), "M10-310-2-11329 M10 [ME3A22531]");
  EXPECT_EQ(named("M20", "", "911-2-00059"), "M20-911-2-00059 M20 [MEF600059]");
  EXPECT_EQ(named("iMet-4", "iMet-4", "1A2B3C4D"), "IMET-1A2B3C4D IMET [IMETB3C4D]");
  EXPECT_EQ(named("iMet-54", "iMet-54", "55062194"), "IMET5-55062194 IMET5 [IMET62194]");
  EXPECT_EQ(named("LMS6-403", "", "8212345"), "LMS6-8212345 LMS6 [LMS6D4F79]");
  EXPECT_EQ(named("iMS-100", "", "50317"), "IMS100-50317 IMS100 [IMSC48D  ]");
  EXPECT_EQ(named("RS-11G", "", "50317"), "RS11G-50317 RS11G [IMSC48D  ]");
  EXPECT_EQ(named("MRZ", "", "5667-39155"), "MRZ-5667-39155 MRZ [MRZC7C0D3]");
  EXPECT_EQ(named("MTS01", "", "16777217"), "MTS01-16777217 MTS01 [MTS000001]");
  EXPECT_EQ(named("WxR-301D", "", "12345678"), "WXR-12345678 WXR301 [WXRBC614E]");
  EXPECT_EQ(named("SRS-C50", "", "1_2"), "SRSC50-1-2 SRS-C50 [none]");
}

TEST(UdpFeed, EverySondeAtItsIntervalOverARealSocket) {
  Receiver summaries, lines;
  auto feeds = Feeds::start(config(summaries.port, lines.port), {});
  ASSERT_TRUE(feeds) << feeds.error().line();
  const auto both = [&](int i) {
    (*feeds)->accept(at(i, 1'000 + i, 20'000, "W1234567"));
    (*feeds)->accept(at(i, 2'000 + i, 20'000, "W7654321"));
  };
  both(0);
  const std::string first = summaries.next() + summaries.next();
  EXPECT_NE(first.find("W1234567"), std::string::npos) << "at once";
  EXPECT_NE(first.find("W7654321"), std::string::npos);
  for (int i = 1; i < 20; ++i) both(i);
  const std::string second = summaries.next() + summaries.next();
  EXPECT_NE(second.find(R"("altitude":1019.0)"), std::string::npos) << "the newest: " << second;
  EXPECT_NE(second.find(R"("altitude":2019.0)"), std::string::npos) << second;
  EXPECT_EQ(lines.next().substr(0, 10), "TELEMETRY,");
  ASSERT_TRUE(testing::eventually([&] { return (*feeds)->status()[0].delivered == 4; }));
  const auto status = (*feeds)->status();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].name, "chasemapper");
  EXPECT_TRUE(status[0].ok);
  ASSERT_EQ(status[0].rejected.size(), 1U);
  EXPECT_EQ(status[0].rejected[0].count, 36U) << "40 in = 4 sent + 36 superseded";
  EXPECT_TRUE(status[0].last_success_age_s);
  EXPECT_EQ(status[1].name, "ozimux");
}

TEST(UdpFeed, HeldAndEncryptedRecordsStayHere) {
  Receiver summaries;
  auto feeds = Feeds::start(config(summaries.port, 0), {});
  ASSERT_TRUE(feeds);
  Telemetry held = at(0, 1'000);
  held.hold_reason = "fewer than 4 satellites";
  (*feeds)->accept(held);
  Telemetry secret = at(1, 1'000);
  secret.encrypted = true;
  (*feeds)->accept(secret);
  Telemetry lost = at(2, 1'000);
  lost.position.reset();
  (*feeds)->accept(lost);
  EXPECT_EQ(summaries.next(200), "nothing");
}

TEST(UdpFeed, ATargetThatIsNoAddressIsRefused) {
  FeedsConfig c = config(1, 0);
  c.chasemapper.hosts = {"chase.example.org"};
  const auto feeds = Feeds::start(c, {});
  ASSERT_FALSE(feeds);
  EXPECT_NE(feeds.error().what.find("[chasemapper] `chase.example.org`"), std::string::npos);
}

}  // namespace
}  // namespace omnisonde::uploader
