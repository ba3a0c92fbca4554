// Orbits by real HTTPS: OpenSSL's own server hands out files of a folder.
#include "gateway/orbit_fetch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "gateway/base/system_clock.hpp"
#include "gateway/orbit_shelf.hpp"
#include "simulator/sondes/gps_constellation.hpp"
#include "tests/support/ports.hpp"
#include "tests/support/tls.hpp"
#include "uploader/gzip.hpp"

namespace omnisonde {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(OrbitUrl, HasTheDayWhoseFileHoldsEnough) {
  const std::string pattern = "https://a/%Y/%j/b%Y%j.rnx";
  EXPECT_EQ(orbit_url(pattern, from_civil({2026, 11, 21, 12, 0, 0})),
            "https://a/2026/325/b2026325.rnx");
  EXPECT_EQ(orbit_url(pattern, from_civil({2027, 1, 1, 2, 59, 59})),
            "https://a/2026/365/b2026365.rnx");
  EXPECT_EQ(orbit_url(pattern, from_civil({2027, 1, 1, 3, 0, 0})),
            "https://a/2027/001/b2027001.rnx");
  EXPECT_THAT(orbit_url("fetch", from_civil({2026, 1, 9, 12, 0, 0})),
              ::testing::AllOf(HasSubstr("https://"), HasSubstr("/2026/009/"), HasSubstr(".gz")));
  EXPECT_TRUE(is_orbit_address("fetch"));
  EXPECT_TRUE(is_orbit_address("https://a"));
  EXPECT_FALSE(is_orbit_address("/var/lib/orbits.rnx"));
}

class OrbitFetching : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("omnisonde-orbits-" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "served");
    certificates_ = testing::make_test_certificates((folder_ / "certificates").string()).value();
    port_ = testing::free_port();
    server_ = ::fork();
    if (server_ == 0) {
      if (::chdir((folder_ / "served").c_str()) != 0) ::_exit(1);
      ::execlp("openssl", "openssl", "s_server", "-quiet", "-HTTP", "-accept",
               std::to_string(port_).c_str(), "-cert", certificates_.cert_file.c_str(), "-key",
               certificates_.key_file.c_str(), nullptr);
      ::_exit(127);
    }
  }
  void TearDown() override {
    ::kill(server_, SIGTERM);
    ::waitpid(server_, nullptr, 0);
    fs::remove_all(folder_);
  }

  /// `-HTTP` sends files as they are, head included.
  void serve(const std::string& name, const std::string& body) {
    std::ofstream(folder_ / "served" / name, std::ios::binary)
        << "HTTP/1.0 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"
        << body;
  }
  [[nodiscard]] std::string file() const { return (folder_ / "orbits.rnx").string(); }
  OrbitFetch::Options options(const std::string& name) {
    return {.address = "https://localhost:" + std::to_string(port_) + "/" + name,
            .file = file(),
            .ca_file = certificates_.ca_file,
            .first_retry_s = 0.2};
  }
  /// The server takes a moment to start.
  static Expected<void> patient(OrbitFetch& fetch) {
    for (int i = 0; i < 100; ++i) {
      auto done = fetch.fetch();
      if (done || done.error().what.find("connect") == std::string::npos) return done;
      std::this_thread::sleep_for(50ms);
    }
    return fetch.fetch();
  }

  fs::path folder_;
  testing::TestCertificates certificates_;
  std::uint16_t port_ = 0;
  pid_t server_ = 0;
  Log log_{LogSeverity::kError};
};

TEST_F(OrbitFetching, PackedOrbitsBecomeAFileThatTheShelfReads) {
  serve("day.gz", uploader::gzip(sim::gps_rinex(system_now())));
  OrbitFetch fetch(options("day.gz"), log_);
  const auto done = patient(fetch);
  ASSERT_TRUE(done) << done.error().line();
  OrbitShelf shelf(file());
  ASSERT_TRUE(shelf.refresh(system_now()));
  EXPECT_GT(shelf.book()->size(), 100U);
  EXPECT_THAT(fetch.state(), HasSubstr("fetched"));
}

TEST_F(OrbitFetching, AFailureLeavesTheFileAndSaysWhy) {
  const std::string good = sim::gps_rinex(system_now());
  std::ofstream(file()) << good;
  serve("page.html", "<html>please log in</html>");
  serve("cut.gz", uploader::gzip(good).substr(0, 2000));
  for (const char* name : {"page.html", "cut.gz"}) {
    OrbitFetch fetch(options(name), log_);
    const auto done = patient(fetch);
    ASSERT_FALSE(done) << name;
    EXPECT_THAT(done.error().what, HasSubstr(name));
    EXPECT_TRUE(fetch.failing());
    EXPECT_THAT(fetch.state(), HasSubstr("waiting"));
  }
  OrbitFetch::Options stranger = options("page.html");
  stranger.ca_file.clear();  // the system's authorities do not know this server
  OrbitFetch fetch(stranger, log_);
  EXPECT_FALSE(fetch.fetch());
  OrbitShelf shelf(file());
  EXPECT_TRUE(shelf.refresh(system_now()));
}

TEST_F(OrbitFetching, NothingIsFetchedUntilASondeNeedsIt) {
  serve("day.rnx", sim::gps_rinex(system_now()));
  OrbitFetch fetch(options("day.rnx"), log_);
  std::this_thread::sleep_for(300ms);
  EXPECT_FALSE(fs::exists(file()));
  EXPECT_EQ(fetch.state(), "not needed");
  fetch.want();
  for (int i = 0; i < 100 && !fs::exists(file()); ++i) std::this_thread::sleep_for(100ms);
  EXPECT_TRUE(fs::exists(file()));
  // A fresh file is not fetched again, by a new process neither.
  const auto written = fs::last_write_time(file());
  OrbitFetch again(options("day.rnx"), log_);
  again.want();
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(fs::last_write_time(file()), written);
}

}  // namespace
}  // namespace omnisonde
