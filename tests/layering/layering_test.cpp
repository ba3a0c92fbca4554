#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "tests/layering/rules.hpp"

namespace omnisonde::layering {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;

const fs::path kTop = OMNISONDE_SOURCE_DIR;

struct File {
  std::string path;  // from the top
  std::string text;
};

// All files of the repository with one of these extensions ("" takes all).
std::vector<File> files(const std::set<std::string>& extensions) {
  std::vector<File> found;
  for (const auto& top : fs::directory_iterator(kTop)) {
    const std::string name = top.path().filename();
    if (!top.is_directory() || name == ".git" || name == "build" || name.starts_with(".c")) {
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(top.path())) {
      if (!entry.is_regular_file()) continue;
      if (!extensions.empty() && !extensions.contains(entry.path().extension())) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      found.push_back({fs::relative(entry.path(), kTop),
                       {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
    }
  }
  return found;
}

template <typename Rule>
std::vector<std::string> faults_in_tree(const std::set<std::string>& extensions, Rule rule) {
  std::vector<std::string> all;
  for (const auto& file : files(extensions)) {
    for (auto& fault : rule(file.path, file.text)) all.push_back(std::move(fault));
  }
  return all;
}

TEST(Tree, HasSourcesInEveryRoom) {  // or the tests below would pass on nothing
  std::set<std::string> rooms;
  for (const auto& file : files({".cpp"})) rooms.insert(file.path.substr(0, file.path.find('/')));
  EXPECT_THAT(rooms, testing::IsSupersetOf(
                         {"dsp", "decoders", "gateway", "simulator", "tests", "uploader"}));
}

TEST(Tree, FollowsThePictureOfTheRooms) {
  EXPECT_THAT(faults_in_tree({".cpp", ".hpp"}, include_faults), IsEmpty());
}

TEST(Tree, HasNoFileOverItsLength) {
  EXPECT_THAT(faults_in_tree({".cpp", ".hpp", ".js"}, length_faults), IsEmpty());
}

TEST(Tree, NamesNoPathOfOneMachine) { EXPECT_THAT(faults_in_tree({}, path_faults), IsEmpty()); }

TEST(Tree, HasNothingNewAtTheTop) {
  std::vector<std::string> strangers;
  for (const auto& entry : fs::directory_iterator(kTop)) {
    const std::string name = entry.path().filename();
    if (!allowed_at_top(name)) strangers.push_back(name);
  }
  EXPECT_THAT(strangers, IsEmpty());
}

struct Arrow {
  const char* path;
  const char* line;
};
void PrintTo(const Arrow& arrow, std::ostream* out) { *out << arrow.path << ": " << arrow.line; }

class WrongArrow : public ::testing::TestWithParam<Arrow> {};
TEST_P(WrongArrow, IsRefused) {
  EXPECT_EQ(include_faults(GetParam().path, GetParam().line).size(), 1U);
}
INSTANTIATE_TEST_SUITE_P(
    Rules, WrongArrow,
    ::testing::Values(Arrow{"gateway/base/a.hpp", "#include \"dsp/fft.hpp\""},
                      Arrow{"gateway/base/a.hpp", "#include <unistd.h>"},
                      Arrow{"gateway/base/a.hpp", "#include <nlohmann/json.hpp>"},
                      Arrow{"dsp/a.cpp", "#include \"decoders/sonde.hpp\""},
                      Arrow{"dsp/a.cpp", "#include \"gateway/source.hpp\""},
                      Arrow{"dsp/a.cpp", "#include <fftw3.h>"},
                      Arrow{"dsp/a.cpp", "#include <chrono>"},
                      Arrow{"decoders/a.cpp", "#include \"gateway/base/system_clock.hpp\""},
                      Arrow{"dsp/a.cpp", "#include <SoapySDR/Device.hpp>"},
                      Arrow{"decoders/a.cpp", "#include \"dsp/fft.hpp\""},
                      Arrow{"decoders/a.cpp", "#include \"uploader/record.hpp\""},
                      Arrow{"decoders/sondes/a.cpp", "#include <thread>"},
                      Arrow{"decoders/sondes/a.cpp", "  #  include <fstream>"},
                      Arrow{"decoders/a.cpp", "#include <liquid/liquid.h>"},
                      Arrow{"uploader/a.cpp", "#include \"decoders/sonde.hpp\""},
                      Arrow{"uploader/a.cpp", "#include \"gateway/tracks.hpp\""},
                      Arrow{"uploader/a.cpp", "#include \"dsp/modem_params.hpp\""},
                      Arrow{"gateway/a.cpp", "#include \"simulator/transmitter.hpp\""},
                      Arrow{"gateway/a.cpp", "#include \"tests/support/x.hpp\""},
                      Arrow{"gateway/receiver.cpp", "#include <SoapySDR/Device.hpp>"},
                      Arrow{"gateway/a.cpp", "#include <curl/curl.h>"},
                      Arrow{"gateway/a.cpp", "#include <gtest/gtest.h>"},
                      Arrow{"gateway/a.cpp", "#include <qt/widget.h>"},
                      Arrow{"gateway/a.cpp", "#include \"source.hpp\""},
                      Arrow{"simulator/a.cpp", "#include \"tests/support/x.hpp\""}));

class RightArrow : public ::testing::TestWithParam<Arrow> {};
TEST_P(RightArrow, IsAccepted) {
  EXPECT_THAT(include_faults(GetParam().path, GetParam().line), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(
    Rules, RightArrow,
    ::testing::Values(Arrow{"dsp/a.cpp", "#include \"gateway/base/assert.hpp\""},
                      Arrow{"dsp/fft.cpp", "#include <fftw3.h>"},
                      Arrow{"decoders/a.hpp", "#include \"dsp/modem_params.hpp\""},
                      Arrow{"uploader/a.hpp", "#include \"decoders/telemetry.hpp\""},
                      Arrow{"gateway/web/a.cpp", "#include <boost/asio.hpp>"},
                      Arrow{"gateway/source_soapy.cpp", "#include <SoapySDR/Device.hpp>"},
                      Arrow{"gateway/a.cpp", "#include <sys/stat.h>"},
                      Arrow{"simulator/a.cpp", "#include \"gateway/source.hpp\""},
                      Arrow{"tests/dsp/a.cpp", "#include \"simulator/transmitter.hpp\""},
                      Arrow{"dsp/a.cpp", "// #include \"decoders/sonde.hpp\""}));

TEST(Rules, CountLinesOutsideTests) {
  EXPECT_THAT(length_faults("dsp/a.cpp", std::string(400, '\n')), IsEmpty());
  EXPECT_EQ(length_faults("dsp/a.cpp", std::string(401, '\n')).size(), 1U);
  EXPECT_THAT(length_faults("tests/dsp/a.cpp", std::string(900, '\n')), IsEmpty());
}

TEST(Rules, FindHomeFoldersButNotTheirNamesakes) {
  const std::string home = std::string("/") + "home/";
  EXPECT_EQ(path_faults("a.sh", "x\ncd " + home + "me\n").size(), 1U);
  EXPECT_EQ(path_faults("a.sh", home + "me").size(), 1U);
  EXPECT_THAT(path_faults("a.md", "https://example.org" + home + "page"), IsEmpty());
}

TEST(Rules, KnowWhatBelongsAtTheTop) {
  EXPECT_TRUE(allowed_at_top("dsp"));
  EXPECT_FALSE(allowed_at_top("utils"));
  EXPECT_FALSE(allowed_at_top("CHANGELOG.md"));
}

}  // namespace
}  // namespace omnisonde::layering
