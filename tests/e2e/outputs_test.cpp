// From simulated air to everything else that an operator feeds, with two outputs whose other end is
// dead beside them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/e2e/rig.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/line_server.hpp"

namespace omnisonde::testing {
namespace {

using ::testing::HasSubstr;

const std::string kTwoSondes = R"(
[sonde:A]
type = RS41
serial = T1234501
frequency_mhz = 402.900
distance_km = 5
altitude_m = 600
ebn0_db = 25
stop_s = 18
[sonde:B]
type = DFM
variant = DFM09
serial = 20061234
frequency_mhz = 403.060
distance_km = 9
altitude_m = 1000
ebn0_db = 20
stop_s = 18
)";

/// A UDP socket of this machine; counts datagrams that hold a text.
class Datagrams {
 public:
  Datagrams() {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    (void)::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    (void)::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~Datagrams() { ::close(fd_); }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  std::string all() {
    char text[2048];
    for (ssize_t n = 0; (n = ::recv(fd_, text, sizeof text, MSG_DONTWAIT)) > 0;) {
      seen_.append(text, static_cast<std::size_t>(n));
    }
    return seen_;
  }
  std::uint16_t port = 0;

 private:
  int fd_ = ::socket(AF_INET, SOCK_DGRAM, 0);
  std::string seen_;
};

/// Lines below the header in the log of a sonde; -1 when there is no log.
int csv_records(const std::string& folder, const std::string& id) {
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec)) {
    if (entry.path().filename().string().find("_" + id + "_") == std::string::npos) continue;
    std::ifstream in(entry.path());
    int lines = -1;
    for (std::string line; std::getline(in, line);) ++lines;
    return lines;
  }
  return -1;
}

TEST(Outputs, EachGetsItsShareAndDeadOnesHoldUpNobody) {
  if (!Mosquitto::installed()) GTEST_SKIP() << "mosquitto is not installed";
  Rig rig;
  ASSERT_TRUE(rig.ok());
  TemporaryFolder folder;
  const Subscriber ws(rig.broker().mqtt_uri(), "ws");
  Datagrams summaries;
  HttpSink hook;
  LineServer aprs("# test\r\n", [](const std::string& line) -> std::string {
    return line.starts_with("user ") ? "# logresp E2E-1 verified, server TEST\r\n" : "";
  });
  write_file(folder.path() + "/passcode", "12345\n");
  const std::string dead = std::to_string(free_port());
  std::string extra = "[chasemapper]\nenabled = yes\nhost = 127.0.0.1\ninterval_s = 1\nport = " +
                      std::to_string(summaries.port);
  extra += "\n[csv]\nenabled = yes\nfolder = " + folder.path() + "/log";
  extra += "\n[aprs]\nenabled = yes\nhost = 127.0.0.1\nport = " + std::to_string(aprs.port()) +
           "\npasscode_file = " + folder.path() + "/passcode";
  extra += "\n[webhook:test]\nurl = http://127.0.0.1:" + std::to_string(hook.port) + "/x";
  extra += "\n[webhook:dead]\nurl = http://127.0.0.1:" + dead + "/x";
  extra += "\n[rotator]\nenabled = yes\nport = " + dead + "\n";
  rig.start_gateway({.scenario = kTwoSondes, .device_args = "", .extra_config = extra});
  ASSERT_TRUE(rig.air_is_silent(30, 90)) << rig.gateway().err();

  const auto by_mqtt = [&](const std::string& serial) {
    std::set<int> frames;
    for (const Json& record : ws.records()) {
      if (record.value("serial", "") == serial) frames.insert(record.value("frame", -1));
    }
    return static_cast<int>(frames.size());
  };
  const std::string log = folder.path() + "/log";
  EXPECT_TRUE(eventually(10,
                         [&] {
                           return by_mqtt("T1234501") > 10 &&
                                  csv_records(log, "T1234501") == by_mqtt("T1234501") &&
                                  by_mqtt("20061234") > 10 &&
                                  csv_records(log, "DFM-20061234") == by_mqtt("20061234");
                         }))
      << csv_records(log, "T1234501") << " of " << by_mqtt("T1234501") << ", "
      << csv_records(log, "DFM-20061234") << " of " << by_mqtt("20061234") << rig.gateway().err();
  EXPECT_THAT(summaries.all(), HasSubstr(R"("callsign":"T1234501")"));
  EXPECT_THAT(summaries.all(), HasSubstr(R"("callsign":"DFM-20061234")"));
  ASSERT_EQ(hook.requests().size(), 2U) << "first heard, twice";
  std::string packets;
  for (const std::string& line : aprs.lines()) packets += line;
  EXPECT_THAT(packets, HasSubstr("E2E-1>APZOMN,SONDEGATE,TCPIP,qAR,E2E-1:;T1234501 *"));
  EXPECT_THAT(packets, HasSubstr("qAR,E2E-1:;D20061234*"));

  auto metrics = rig.metrics();
  EXPECT_EQ(metrics[R"(omnisonde_output_up{output="csv"})"], 1);
  EXPECT_EQ(metrics[R"(omnisonde_output_delivered_total{output="webhook:test"})"], 2);
  EXPECT_EQ(metrics[R"(omnisonde_output_up{output="webhook:dead"})"], 0);
  EXPECT_EQ(metrics[R"(omnisonde_output_queued{output="webhook:dead"})"], 2);
  EXPECT_EQ(metrics[R"(omnisonde_output_up{output="rotator"})"], 0);
  EXPECT_THAT(rig.get("/rs_feed.kml").body, HasSubstr("<name>T1234501</name>"));
  rig.gateway().send(SIGTERM);
  EXPECT_TRUE(rig.gateway().wait(10)) << "dead outputs do not hold up the end";
}

}  // namespace
}  // namespace omnisonde::testing
