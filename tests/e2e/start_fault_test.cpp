// What keeps the daemon from starting is said in one line that names the thing and the remedy.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "tests/e2e/rig.hpp"

namespace omnisonde::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr double kPatience_s = 10;

/// A fault's lines, without the log's (which begin with a time).
std::vector<std::string> fault_lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("20")) out.push_back(line);
  }
  return out;
}

class StartFault : public ::testing::Test {
 protected:
  /// A configuration that starts, without hub and broker.
  [[nodiscard]] std::string config() const {
    return "[station]\ncallsign =\n[sdr:air]\ndriver = sondesim\nserial = " + serial_ +
           "\nsample_rate_hz = 480000\ncenter_mhz = 403.0\n[storage]\npath = " + state_ +
           "\n[web]\nlisten = 127.0.0.1:" + std::to_string(port_) + "\n";
  }
  /// Runs it until it ends by itself. @returns its exit status, or -1.
  int run(const std::string& text) {
    write_file(file_, text);
    return run_file();
  }
  int run_file() {
    program_ = start_program({"run", "--config", file_}, folder_.path() + "/run");
    const auto end = program_->wait(kPatience_s);
    if (!end) return -1;
    EXPECT_EQ(end->signal, 0) << program_->err();
    return end->status;
  }
  [[nodiscard]] std::string only_line() const {
    const auto lines = fault_lines(program_->err());
    EXPECT_EQ(lines.size(), 1U) << program_->err();
    return lines.empty() ? "" : lines.front();
  }

  TemporaryFolder folder_;
  std::string file_ = folder_.path() + "/omnisonde.ini", state_ = folder_.path() + "/state";
  std::string serial_;
  std::uint16_t port_ = free_port();
  std::unique_ptr<ChildProcess> program_;
};

TEST_F(StartFault, BusyPortIsNamed) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(fd, 1), 0);
  EXPECT_GT(run(config()), 0);
  EXPECT_THAT(only_line(),
              AllOf(HasSubstr(std::to_string(port_)), HasSubstr("in use"), HasSubstr("listen")));
  ::close(fd);
}

TEST_F(StartFault, MissingDeviceIsNamedWithWhatThereIs) {
  serial_ = "NOSUCH01";
  EXPECT_GT(run(config()), 0);
  EXPECT_THAT(only_line(), AllOf(HasSubstr("[sdr:air]"), HasSubstr("NOSUCH01"),
                                 HasSubstr("not found"), HasSubstr("SIM00001")));
}

TEST_F(StartFault, MissingDriverIsNamedWithItsPackage) {
  std::string text = config();
  text.replace(text.find("sondesim"), std::string("sondesim").size(), "hackrf");
  EXPECT_GT(run(text), 0);
  EXPECT_THAT(only_line(), AllOf(HasSubstr("hackrf"), HasSubstr("soapysdr-module-hackrf")));
}

TEST_F(StartFault, AllWrongKeysAreNamedAtOnceWithFileAndLine) {
  const std::string text =
      config() + "[decode]\nmax_track = 5\n[sondehub]\nbatch_interval_s = 3000\n";
  constexpr int kExConfig = 78;  // sysexits.h; the unit's RestartPreventExitStatus
  EXPECT_EQ(run(text), kExConfig);
  const auto line_of = [&](const std::string& key) {
    const auto begin = text.begin();
    return std::count(begin, begin + static_cast<std::ptrdiff_t>(text.find(key)), '\n') + 1;
  };
  for (const std::string key : {"max_track", "batch_interval_s"}) {
    EXPECT_THAT(program_->err(), HasSubstr(file_ + ":" + std::to_string(line_of(key)) + ":"));
    EXPECT_THAT(program_->err(), HasSubstr(key));
  }
  EXPECT_THAT(program_->err(), HasSubstr("max_tracks")) << "the nearest valid key";
  EXPECT_EQ(fault_lines(program_->err()).size(), 2U) << program_->err();
}

TEST_F(StartFault, UnreadableConfigIsNamed) {
  file_ += ".missing";
  EXPECT_GT(run_file(), 0);
  EXPECT_THAT(only_line(), HasSubstr(file_));
}

TEST_F(StartFault, FileInPlaceOfTheStateFolderIsNamed) {
  write_file(state_, "not a folder");
  EXPECT_GT(run(config()), 0);
  EXPECT_THAT(only_line(), AllOf(HasSubstr(state_), HasSubstr("[storage] path")));
}

TEST_F(StartFault, ReadOnlyStateFolderIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  std::filesystem::create_directories(state_);
  ASSERT_EQ(::chmod(state_.c_str(), 0555), 0);
  EXPECT_GT(run(config()), 0);
  EXPECT_THAT(only_line(), AllOf(HasSubstr(state_), HasSubstr("[storage] path")));
}

TEST_F(StartFault, SecondGatewayOnOneStateFolderIsRefused) {
  write_file(file_, config());
  const auto first = start_program({"run", "--config", file_}, folder_.path() + "/first");
  ASSERT_TRUE(eventually(20, [&] { return http_get(port_, "/health").status != 0; }))
      << first->err();
  port_ = free_port();
  EXPECT_GT(run(config()), 0);
  EXPECT_THAT(only_line(), AllOf(HasSubstr(state_), HasSubstr("in use")));
}

}  // namespace
}  // namespace omnisonde::testing
