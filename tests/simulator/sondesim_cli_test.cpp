// The program sondesim, run as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace omnisonde::sim {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int status = -1;
  std::string text;  // standard output and error
};

Outcome run(const std::string& arguments) {
  Outcome outcome;
  std::FILE* pipe = popen((std::string(SONDESIM_PROGRAM) + " " + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    outcome.text.append(buffer, got);
  }
  outcome.status = WEXITSTATUS(pclose(pipe));
  return outcome;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::string kTen = OMNISONDE_SCENARIO_DIR "/ten_sondes.ini";

TEST(Sondesim, WritesTheSameBytesAgain) {
  const std::string a = ::testing::TempDir() + "sondesim_a.cu8";
  const std::string b = ::testing::TempDir() + "sondesim_b.cu8";
  ASSERT_EQ(run(kTen + " --duration 1.5 --out " + a + " --truth " + a + ".jsonl").status, 0);
  ASSERT_EQ(run(kTen + " --duration 1.5 --out - > " + b).status, 0);
  EXPECT_EQ(std::filesystem::file_size(a), 1.5 * 2.4e6 * 2);
  EXPECT_TRUE(slurp(a) == slurp(b));
  const std::string truth = slurp(a + ".jsonl");
  EXPECT_THAT(truth, HasSubstr("\"serial\":\"T5100001\""));
  EXPECT_THAT(truth, HasSubstr("\"frequency\":402.01"));
  ASSERT_EQ(run(kTen + " --duration 1.5 --seed 3 --out " + b).status, 0);
  EXPECT_FALSE(slurp(a) == slurp(b));
}

TEST(Sondesim, WritesWav) {
  const std::string path = ::testing::TempDir() + "sondesim.wav";
  ASSERT_EQ(
      run(kTen + " --format wav --duration 0.25 --set stream.sample_rate_hz=48000 --out " + path)
          .status,
      0);
  const std::string wav = slurp(path);
  ASSERT_EQ(wav.size(), 44 + 12'000U * 4);
  EXPECT_EQ(wav.substr(0, 4), "RIFF");
  EXPECT_EQ(wav.substr(8, 8), "WAVEfmt ");
  EXPECT_EQ(static_cast<unsigned char>(wav[24]) + 256 * static_cast<unsigned char>(wav[25]),
            48'000);
  EXPECT_EQ(static_cast<unsigned char>(wav[40]) + 256 * static_cast<unsigned char>(wav[41]),
            48'000);
}

TEST(Sondesim, FailsInOneLineThatNamesTheFault) {
  const std::string out = " --duration 1 --out /dev/null";
  for (const auto& [arguments, name] : {
           std::pair<std::string, std::string>{"/nonexistent.ini" + out, "/nonexistent.ini"},
           {kTen + out + " --format mp3", "mp3"},
           {kTen + " --duration 1 --out /nonexistent/x", "/nonexistent/x"},
           {kTen + " --duration 1 --out /dev/full", "/dev/full"},
           {kTen + out + " --truth /nonexistent/t", "/nonexistent/t"},
           {kTen + out + " --set sonde:R1.ebn0=3", "ebn0_db"},
           {kTen + out + " --set sonde:R1.type=KITE", "KITE"},
           {kTen + out + " --start yesterday", "yesterday"},
           {kTen + " --duration 0 --out /dev/null", "--duration"},
           {"", "scenario"},
       }) {
    const Outcome outcome = run(arguments);
    EXPECT_NE(outcome.status, 0) << arguments;
    EXPECT_THAT(outcome.text, HasSubstr(name));
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
  }
}

}  // namespace
}  // namespace omnisonde::sim
