#include "uploader/feeds/csv_feed.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "tests/uploader/feeds/flight.hpp"
#include "uploader/feeds/feeds.hpp"

namespace omnisonde::uploader {
namespace {

namespace fs = std::filesystem;
using testing::at;
using testing::eventually;
using testing::field_record;
using testing::TempFolder;

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

FeedsConfig config(const std::string& folder) {
  FeedsConfig c;
  c.csv = {.enabled = true, .folder = folder};
  return c;
}

Hooks hooks() {
  Hooks h;
  h.now = [] { return from_civil({2026, 1, 21, 11, 18, 2, 0}); };
  return h;
}

const char* const kHeader =
    "timestamp,serial,frame,lat,lon,alt,vel_v,vel_h,heading,temp,humidity,pressure,type,freq_mhz,"
    "snr,f_error_hz,sats,batt_v,burst_timer,aux_data\n";

TEST(CsvLine, AllFields) {
  Telemetry t = field_record();
  t.xdata = "0501A2B3";
  EXPECT_EQ(csv_line(t),
            "2026-01-21T11:18:02.000Z,W1234567,4242,-34.12346,138.65432,12345.7,5.0,12.5,271.5,"
            "-40.1,12.3,187.6,RS41-SGP,402.700,15.3,120,9,2.8,08:20:00,0501A2B3\n");
  EXPECT_STREQ(csv_header(), kHeader);
}

TEST(CsvLine, WhatIsNotKnown) {
  Telemetry t;
  t.type = "M10";
  t.serial = "310-2-11329";
  t.frame_number = 7;
  t.datetime = from_civil({2026, 1, 21, 0, 0, 0, 250});
  t.position = GeoPosition{0.000004, -0.1, 0};
  t.rx.frequency_hz = 405'087'900;
  EXPECT_EQ(csv_line(t),
            "2026-01-21T00:00:00.250Z,M10-310-2-11329,7,0.00000,-0.10000,0.0,-9999.0,-9999.0,"
            "-9999.0,-273.0,-1.0,-1.0,M10,405.090,-99.0,-2100,-1,-1,,\n");
}

TEST(CsvLine, StaysUnderWhatReadersLookAt) {
  Telemetry t = field_record();
  t.xdata = std::string(400, 'A');
  EXPECT_LT(csv_line(t).size(), 300U);
  t.burst_timer_s = 65'535;  // not set
  EXPECT_NE(csv_line(t).find(",2.8,,"), std::string::npos);
}

TEST(CsvFileName, AsAutoRxNamesIt) {
  const UtcMillis opened = from_civil({2026, 1, 21, 11, 18, 2, 0});
  EXPECT_EQ(csv_file_name(field_record(), opened),
            "20260121-111802_W1234567_RS41-SGP_402700_sonde.log");
  Telemetry t = field_record();
  t.xdata = "05";
  EXPECT_EQ(csv_file_name(t, opened), "20260121-111802_W1234567_RS41-SGP-XDATA_402700_sonde.log");
  t = testing::dfm();
  EXPECT_EQ(csv_file_name(t, opened), "20260121-111802_DFM-19012345_DFM17_402700_sonde.log");
}

TEST(CsvFeed, OneFileForEachSondeByteForByte) {
  TempFolder folder;
  auto feeds = Feeds::start(config(folder.path() + "/log"), hooks());
  ASSERT_TRUE(feeds) << feeds.error().line();
  std::string first, second;
  for (int i = 0; i < 50; ++i) {
    (*feeds)->accept(at(i, 1'000 + 5 * i, 20'000, "W1234567"));
    (*feeds)->accept(at(i, 3'000 + 5 * i, 30'000, "W7654321"));
    first += csv_line(at(i, 1'000 + 5 * i, 20'000, "W1234567"));
    second += csv_line(at(i, 3'000 + 5 * i, 30'000, "W7654321"));
  }
  ASSERT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 100; }));
  const auto names = names_in(folder.path() + "/log");
  ASSERT_EQ(names,
            (std::vector<std::string>{"20260121-111802_W1234567_RS41-SGP_402700_sonde.log",
                                      "20260121-111802_W7654321_RS41-SGP_402700_sonde.log"}));
  EXPECT_EQ(text_of(folder.path() + "/log/" + names[0]), kHeader + first) << "while it is open";
  EXPECT_EQ(text_of(folder.path() + "/log/" + names[1]), kHeader + second);
}

TEST(CsvFeed, ASondeHeardAgainGoesOnInItsFile) {
  TempFolder folder;
  const std::string path = folder.path() + "/20260120-230000_W1234567_RS41-SGP_402700_sonde.log";
  std::ofstream(path) << kHeader << csv_line(at(0, 1'000));
  std::ofstream(folder.path() + "/20260120-230000_XW1234567_RS41-SGP_402700_sonde.log") << "other";
  {
    auto feeds = Feeds::start(config(folder.path()), hooks());
    ASSERT_TRUE(feeds);
    (*feeds)->accept(at(1, 1'005));
  }  // the end writes what waits
  EXPECT_EQ(text_of(path), kHeader + csv_line(at(0, 1'000)) + csv_line(at(1, 1'005)));
  EXPECT_EQ(names_in(folder.path()).size(), 2U);
}

TEST(CsvFeed, AFullDiskLosesNothingAndIsSaid) {
  TempFolder folder;
  // A limit on file sizes makes writes fail as a full disk does.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 500;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  auto feeds = Feeds::start(config(folder.path()), hooks());
  ASSERT_TRUE(feeds);
  std::string all = kHeader;
  for (int i = 0; i < 10; ++i) {
    (*feeds)->accept(at(i, 1'000 + i));
    all += csv_line(at(i, 1'000 + i));
  }
  const bool told = eventually([&] { return !(*feeds)->status()[0].ok; });
  const OutputStatus full = (*feeds)->status()[0];
  const std::string path = folder.path() + "/20260121-111802_W1234567_RS41-SGP_402700_sonde.log";
  const std::string partly = text_of(path);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  (void)std::signal(SIGXFSZ, old_handler);
  EXPECT_TRUE(told);
  EXPECT_EQ(full.delivered + full.waiting, 10U);
  EXPECT_GT(full.waiting, 0U);
  EXPECT_TRUE(partly.ends_with('\n')) << "no half lines";
  (*feeds)->accept(at(10, 1'010));  // wakes it
  all += csv_line(at(10, 1'010));
  EXPECT_TRUE(eventually([&] { return (*feeds)->status()[0].delivered == 11; }));
  EXPECT_TRUE((*feeds)->status()[0].ok);
  EXPECT_EQ(text_of(path), all);
}

TEST(CsvFeed, AFolderThatCannotBeMadeIsRefused) {
  const auto feeds = Feeds::start(config("/proc/nowhere/log"), hooks());
  ASSERT_FALSE(feeds);
  EXPECT_NE(feeds.error().what.find("[csv] folder = /proc/nowhere/log"), std::string::npos);
}

}  // namespace
}  // namespace omnisonde::uploader
