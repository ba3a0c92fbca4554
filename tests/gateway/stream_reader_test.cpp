#include "gateway/stream_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gateway/source_file.hpp"

namespace omnisonde {
namespace {

// A live source from a script; sample i of the stream is (i mod 100, 1) / 127.
class ScriptedSource final : public Source {
 public:
  struct Step {
    std::size_t samples = 0;
    std::uint64_t lost_before = 0;
    bool end = false;
    bool fault = false;
  };
  explicit ScriptedSource(std::deque<Step> steps) : steps_(std::move(steps)) {
    info_.format = dsp::SampleFormat::kCs8;
    info_.sample_rate_hz = 48'000;
    info_.live = true;
  }
  [[nodiscard]] const StreamInfo& info() const override { return info_; }
  Expected<ReadResult> read(std::span<std::byte> out) override {
    if (steps_.empty()) return ReadResult{.end = true};
    Step& step = steps_.front();
    if (step.fault) return Error{"the device is gone", "plug it in"};
    at_ += step.lost_before;
    ReadResult result{std::min(step.samples, out.size() / 2), step.lost_before, false};
    for (std::size_t i = 0; i < result.samples; ++i) {
      out[2 * i] = static_cast<std::byte>(at_++ % 100);
      out[2 * i + 1] = std::byte{1};
    }
    step.lost_before = 0;
    step.samples -= result.samples;
    result.end = step.end && step.samples == 0;
    if (step.samples == 0) steps_.pop_front();
    return result;
  }

 private:
  StreamInfo info_;
  std::deque<Step> steps_;
  std::uint64_t at_ = 0;
};

void expect_contiguous(const StreamReader::Block& block) {
  for (std::size_t i = 0; i < block.valid; ++i) {
    const auto want = static_cast<float>((block.first_index + i) % 100) / 127;
    ASSERT_NEAR(block.samples[i].real(), want, 0.01F) << block.first_index + i;
  }
}

TEST(StreamReader, CutsPiecesOfAnySizeIntoBlocks) {
  ScriptedSource source({{.samples = 3}, {.samples = 250}, {.samples = 47, .end = true}});
  StreamReader reader(source, 100);
  for (std::uint64_t block = 0; block < 3; ++block) {
    const auto got = reader.next();
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->samples.size(), 100U);
    EXPECT_EQ(got->valid, 100U);
    EXPECT_EQ(got->first_index, block * 100);
    expect_contiguous(*got);
  }
  const auto end = reader.next();
  ASSERT_TRUE(end.ok());
  EXPECT_TRUE(end->end);
  EXPECT_TRUE(end->samples.empty());
  EXPECT_EQ(reader.samples_in(), 300U);
  EXPECT_EQ(reader.samples_lost(), 0U);
}

TEST(StreamReader, FillsTheLastBlockWithZeros) {
  ScriptedSource source({{.samples = 130, .end = true}});
  StreamReader reader(source, 100);
  ASSERT_TRUE(reader.next().ok());
  const auto last = reader.next();
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->samples.size(), 100U);
  EXPECT_EQ(last->valid, 30U);
  EXPECT_EQ(last->samples[29].imag(), last->samples[0].imag());
  for (std::size_t i = 30; i < 100; ++i) EXPECT_EQ(last->samples[i], dsp::Sample{}) << i;
}

TEST(StreamReader, ABlockNeverSpansAGap) {
  ScriptedSource source(
      {{.samples = 150}, {.samples = 170, .lost_before = 1000}, {.samples = 80, .end = true}});
  StreamReader reader(source, 100);
  std::uint64_t valid = 0;
  std::vector<std::uint64_t> starts;
  for (auto block = reader.next(); block.ok() && !block->samples.empty(); block = reader.next()) {
    starts.push_back(block->first_index);
    valid += block->valid;
    expect_contiguous(*block);
    if (block->end) break;
  }
  EXPECT_EQ(starts, (std::vector<std::uint64_t>{0, 1150, 1250, 1350}));
  EXPECT_EQ(valid, 100U + 250U);
  EXPECT_EQ(reader.samples_in(), 400U);
  EXPECT_EQ(reader.samples_lost(), 1050U) << "the 50 before the gap go with it";
}

TEST(StreamReader, ALiveSourceWithNothingGivesAnEmptyBlockAndGoesOn) {
  ScriptedSource source({{.samples = 60}, {.samples = 0}, {.samples = 40}});
  StreamReader reader(source, 100);
  const auto nothing = reader.next();
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->samples.empty());
  EXPECT_FALSE(nothing->end);
  const auto block = reader.next();
  ASSERT_TRUE(block.ok());
  EXPECT_EQ(block->valid, 100U);
  expect_contiguous(*block);
}

// Whatever the fault, the samples before it come first, and it is not lost behind them.
TEST(StreamReader, TellsAFaultAfterTheSamplesBeforeIt) {
  for (const std::size_t samples : {100U, 130U, 0U}) {
    ScriptedSource source({{.samples = samples}, {.fault = true}});
    StreamReader reader(source, 100);
    std::uint64_t valid = 0;
    bool told = false;
    for (int i = 0; i < 10 && !told; ++i) {
      const auto block = reader.next();
      if (!block) {
        EXPECT_EQ(block.error().what, "the device is gone");
        told = true;
        break;
      }
      valid += block->valid;
      EXPECT_FALSE(block->end) << "an end would say that all is well";
      if (block->end) break;
    }
    EXPECT_TRUE(told) << samples;
    EXPECT_EQ(valid, samples);
  }
}

TEST(StreamReader, ATruncatedFileGivesItsSamplesThenTheError) {
  const std::string path = ::testing::TempDir() + "stream_reader_truncated.wav";
  std::string head("RIFF\x24\x10\0\0WAVEfmt \x10\0\0\0\1\0\2\0\x80\xBB\0\0\0\xEE\2\0\4\0\x10\0data",
                   40);
  const std::uint32_t promised = 4096;  // 1024 samples
  head.append(reinterpret_cast<const char*>(&promised), 4);
  std::ofstream(path, std::ios::binary) << head << std::string(400, '\x11');  // 100 samples
  auto source = open_file_source({.path = path});
  ASSERT_TRUE(source.ok()) << source.error().line();
  StreamReader reader(**source, 64);
  std::uint64_t valid = 0;
  for (int i = 0; i < 10; ++i) {
    const auto block = reader.next();
    if (!block) {
      EXPECT_THAT(block.error().line(), ::testing::HasSubstr("truncated"));
      break;
    }
    ASSERT_FALSE(block->end);
    valid += block->valid;
  }
  EXPECT_EQ(valid, 100U);
}

}  // namespace
}  // namespace omnisonde
