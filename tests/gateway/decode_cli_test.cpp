// `omnisonde decode` as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "simulator/quantise.hpp"
#include "simulator/stream_generator.hpp"

namespace omnisonde {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;
namespace fs = std::filesystem;

struct Outcome {
  int status = -1;
  std::string out, err;
  [[nodiscard]] std::vector<Json> records() const {
    std::vector<Json> lines;
    std::size_t at = 0;
    while (at < out.size()) {
      const std::size_t end = out.find('\n', at);
      EXPECT_NE(end, std::string::npos) << "the last line is not ended";
      lines.push_back(Json::parse(out.substr(at, end - at)));  // throws on what is no JSON
      at = end == std::string::npos ? out.size() : end + 1;
    }
    return lines;
  }
};

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class DecodeCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = ::testing::TempDir() + "decode_cli_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] Outcome run(const std::string& arguments) const {
    Outcome outcome;
    const std::string command = std::string(OMNISONDE_PROGRAM) + " decode " + arguments + " > " +
                                folder_ + "out 2> " + folder_ + "err";
    outcome.status = WEXITSTATUS(std::system(command.c_str()));
    outcome.out = slurp(folder_ + "out");
    outcome.err = slurp(folder_ + "err");
    return outcome;
  }

  // A fault is one line that names thing and remedy, a non-zero status, and nothing on stdout.
  void expect_fault(const std::string& arguments, const std::string& thing,
                    const std::string& remedy) const {
    SCOPED_TRACE("decode " + arguments);
    const Outcome outcome = run(arguments);
    EXPECT_NE(outcome.status, 0);
    EXPECT_LT(outcome.status, 126) << "ended by a signal or not found";
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, ::testing::StartsWith("omnisonde: "));
    EXPECT_THAT(outcome.err, HasSubstr(thing));
    EXPECT_THAT(outcome.err, HasSubstr(remedy));
    EXPECT_EQ(outcome.out, "");
  }

  // An RS41 in a 48 kHz stream: 16-bit IQ, optionally with a WAV header.
  std::string recording(const std::string& name, bool wav, double seconds = 6) const {
    sim::Scenario scenario =
        sim::parse_scenario(
            "[stream]\nsample_rate_hz = 48000\ncenter_mhz = 403\n[sonde:A]\ntype = RS41\n"
            "serial = T2440001\nfrequency_mhz = 403\nebn0_db = 18\noffset_hz = 600\n",
            "test")
            .value();
    scenario.stream.start = UtcMillis{1'792'497'600'000};  // 2026-10-20T12:00:00Z
    auto generator = sim::StreamGenerator::create(scenario).value();
    std::vector<dsp::Sample> samples(static_cast<std::size_t>(seconds * 48'000));
    generator.next_block(samples);
    std::vector<std::byte> bytes(samples.size() * 4);
    sim::quantise(dsp::SampleFormat::kCs16, samples, bytes);
    std::ofstream file(folder_ + name, std::ios::binary);
    if (wav) {
      const auto le32 = [&file](std::uint32_t v) {
        for (int i = 0; i < 4; ++i) file.put(static_cast<char>(v >> (8 * i) & 0xFF));
      };
      const auto size = static_cast<std::uint32_t>(bytes.size());
      file << "RIFF", le32(36 + size), file << "WAVEfmt ", le32(16), le32(0x0002'0001);
      le32(48'000), le32(192'000), le32(0x0010'0004), file << "data", le32(size);
    }
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return folder_ + name;
  }

  std::string folder_;
};

TEST_F(DecodeCommand, PrintsOneJsonObjectPerFrame) {
  const Outcome outcome = run(recording("iq.wav", true));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const auto records = outcome.records();
  ASSERT_GE(records.size(), 4U);
  double t = -1;
  for (const Json& r : records) {
    EXPECT_EQ(r["type"], "RS41");
    EXPECT_EQ(r["serial"], "T2440001");
    EXPECT_EQ(r["manufacturer"], "Vaisala");
    for (const char* number : {"frame", "lat", "lon", "alt", "vel_h", "vel_v", "heading", "batt",
                               "sats", "snr", "t", "corrected"}) {
      EXPECT_TRUE(r.contains(number) && r[number].is_number()) << number << " in " << r;
    }
    EXPECT_THAT((std::vector<std::string>{"hard", "erasures", "priors", "deep"}),
                ::testing::Contains(r["effort"].get<std::string>()));
    EXPECT_GT(r["t"].get<double>(), t) << "in order of time";
    t = r["t"].get<double>();
  }
  EXPECT_LT(t, 6);
}

TEST_F(DecodeCommand, ATypeTooWideForTheRecordingIsAFault) {
  const std::string wav = recording("iq.wav", true, 1);
  expect_fault(wav + " --channel 0:LMS6-1680", "LMS6-1680 is 180000 Hz wide", "at least ");
  expect_fault(wav + " --types LMS6-1680", "LMS6-1680", "at least ");
  EXPECT_EQ(run(wav + " --types LMS6-1680,RS41").status, 0) << "one of them fits";
}

// Pressure and dew point follow from height, temperature and humidity: beside the sonde's own
// fields, under other names.
TEST_F(DecodeCommand, DerivedValuesStandBesideWhatWasSent) {
  const Outcome outcome = run(recording("iq.wav", true));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto records = outcome.records();
  ASSERT_FALSE(records.empty());
  const Json& last = records.back();
  EXPECT_NE(last.contains("pressure"), last.contains("pressure_derived_hpa")) << last;
  if (last.contains("pressure_derived_hpa")) {
    EXPECT_THAT(last["pressure_derived_from"].get<std::string>(), HasSubstr("height"));
  }
}

TEST_F(DecodeCommand, ReadsRawSamplesAndStandardInput) {
  const std::string raw = recording("iq.cs16", false);
  const Outcome file = run(raw + " --sample-rate 48000");
  EXPECT_EQ(file.status, 0) << file.err;
  ASSERT_GE(file.records().size(), 4U);
  const Outcome pipe = run("- --format cs16 --sample-rate 48000 < " + raw);
  EXPECT_EQ(pipe.status, 0) << pipe.err;
  EXPECT_EQ(pipe.out, file.out);
  const Outcome again = run(raw + " --sample-rate 48000");
  EXPECT_EQ(again.out, file.out) << "the same bytes in, the same bytes out";
}

TEST_F(DecodeCommand, ChannelAndTypesNarrowTheSearch) {
  const std::string wav = recording("iq.wav", true);
  EXPECT_GE(run(wav + " --channel 0").records().size(), 4U);
  EXPECT_GE(run(wav + " --channel 0:RS41").records().size(), 4U);
  EXPECT_GE(run(wav + " --channel 0:rs41 --types RS41,DFM").records().size(), 4U);
  EXPECT_EQ(run(wav + " --channel 0:DFM").records().size(), 0U);
  EXPECT_EQ(run(wav + " --types DFM").records().size(), 0U);
  const auto centred = run(wav + " --center 403e6 --channel 403000000").records();
  ASSERT_GE(centred.size(), 4U);
  EXPECT_NEAR(centred[0]["frequency"].get<double>(), 403.0006, 2e-4) << "MHz";
}

// --start is the wall clock of the first sample. What the sonde says of itself does not depend on
// it.
TEST_F(DecodeCommand, StartIsTakenInAllItsFormsAndChangesNoFrame) {
  const std::string wav = recording("iq.wav", true, 3);
  const Outcome plain = run(wav);
  ASSERT_GE(plain.records().size(), 1U);
  for (const char* start :
       {"2026-10-20T12:00:00Z", "2026-10-20T12:00:00.250", "'2026-10-20 12:00:00'"}) {
    const Outcome timed = run(wav + " --start " + start);
    EXPECT_EQ(timed.status, 0) << timed.err;
    const auto records = timed.records();
    ASSERT_EQ(records.size(), plain.records().size()) << start;
    EXPECT_EQ(records[0]["t"], plain.records()[0]["t"]);
    EXPECT_EQ(records[0]["datetime"], plain.records()[0]["datetime"]);
  }
  expect_fault(wav + " --start 2026-13-20T12:00:00Z", "2026-13-20", "ISO 8601");
}

TEST_F(DecodeCommand, WritesStatistics) {
  const std::string wav = recording("iq.wav", true);
  const Outcome outcome = run(wav + " --stats " + folder_ + "stats.json");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  const Json stats = Json::parse(slurp(folder_ + "stats.json"));
  EXPECT_EQ(stats["samples_in"], 288'000);
  EXPECT_EQ(stats["samples_lost"], 0);
  EXPECT_NEAR(stats["signal_s"].get<double>(), 6, 1e-6);
  for (const char* positive : {"cpu_s", "wall_s", "real_time_factor", "peak_memory_kib"}) {
    EXPECT_GT(stats[positive].get<double>(), 0) << positive;
  }
  const auto rs41 = std::ranges::find_if(
      stats["channels"], [](const Json& channel) { return channel["type"] == "RS41"; });
  ASSERT_NE(rs41, stats["channels"].end());
  EXPECT_EQ((*rs41)["frames_good"].get<std::size_t>(), outcome.records().size());
  EXPECT_GE((*rs41)["syncs"].get<std::size_t>(), outcome.records().size());
  EXPECT_TRUE(rs41->contains("frames_bad"));
}

TEST_F(DecodeCommand, BadInputIsOneLineWithARemedy) {
  const std::string raw = recording("iq.cs16", false, 0.1);
  std::ofstream(folder_ + "empty.wav").flush();
  std::ofstream(folder_ + "letter.wav") << "Dear reader, this is not a recording.\n";
  std::ofstream(folder_ + "unknown.bin") << std::string(4096, 'x');
  expect_fault(folder_ + "missing.wav", "missing.wav", "check the path");
  expect_fault(folder_ + "empty.wav", "empty.wav", "record again");
  expect_fault(folder_, folder_, "name a recording");
  expect_fault(folder_ + "letter.wav", "letter.wav", "(");
  expect_fault(folder_ + "unknown.bin", "unknown.bin", "--format");
  expect_fault(raw + " --format cs16", "iq.cs16", "--sample-rate");
  expect_fault(raw + " --format mp3", "mp3", "cs16");
  expect_fault(raw + " --format wav", "iq.cs16", "(");
}

TEST_F(DecodeCommand, BadOptionsAreOneLineWithARemedy) {
  const std::string raw = recording("iq.cs16", false, 0.1) + " --sample-rate 48000 ";
  expect_fault(raw + "--channel here", "--channel here", "HZ");
  expect_fault(raw + "--channel 0:RS99", "RS99", "RS41");
  expect_fault(raw + "--channel 1e6", "--channel 1e6", "24000");
  expect_fault(raw + "--channel nan", "--channel nan", "HZ");
  expect_fault(raw + "--types RS41,RS99", "RS99", "RS41");
  expect_fault(raw + "--start yesterday", "yesterday", "2026-10-20T12:00:00Z");
  expect_fault(folder_ + "iq.cs16 --sample-rate fast", "--sample-rate", "--help");
  expect_fault(folder_ + "iq.cs16 --sample-rate -48000", "rate", "(");
  expect_fault("", "INPUT", "--help");
  expect_fault(raw + "--volume 11", "--volume", "--help");
}

TEST_F(DecodeCommand, StatisticsThatCannotBeWrittenAreAFault) {
  const Outcome outcome =
      run(recording("iq.wav", true, 2) + " --stats " + folder_ + "no/such.json");
  EXPECT_NE(outcome.status, 0);
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("no/such.json"));
  EXPECT_THAT(outcome.err, HasSubstr("folder"));
  EXPECT_GE(outcome.records().size(), 1U);
}

// What was there is printed, and the fault told all the same.
TEST_F(DecodeCommand, ATruncatedRecordingGivesItsFramesAndAFault) {
  const std::string wav = recording("iq.wav", true);
  fs::resize_file(wav, 44 + 4 * 48'000 * 4 + 4 * 57);  // 4 s and a part of a block
  const Outcome outcome = run(wav);
  EXPECT_NE(outcome.status, 0);
  EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("truncated"));
  EXPECT_THAT(outcome.err, HasSubstr("iq.wav"));
  EXPECT_GE(outcome.records().size(), 3U);
}

}  // namespace
}  // namespace omnisonde
