// The healthy path of the SoapySDR source and some faults, on the simulated receiver: loaded as a
// module, found and opened as any device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <thread>
#include <vector>

#include "gateway/source_soapy.hpp"

namespace omnisonde {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// Before SoapySDR looks for modules: ours, and no others of this machine.
const bool kEnvironmentSet = ::setenv("SOAPY_SDR_PLUGIN_PATH", OMNISONDE_SOAPY_DIR, 1) == 0 &&
                             ::setenv("SOAPY_SDR_ROOT", "/nonexistent", 1) == 0;

constexpr double kRate_hz = 240'000;  // light enough for the sanitizer builds

std::unique_ptr<TunableSource> open_simulated(const std::string& args = "") {
  SoapySourceOptions options;
  options.driver = "sondesim";
  options.args = args;
  options.sample_rate_hz = kRate_hz;
  options.centre_hz = 402.7e6;
  options.gain_db = 40;
  options.bias_tee = true;
  auto source = open_soapy_source(options);
  if (!source) {
    ADD_FAILURE() << source.error().line();
    return nullptr;
  }
  return std::move(source).value();
}

struct Heard {
  std::uint64_t samples = 0, lost = 0;
  double power = 0;  // mean, full scale 1.0
  std::string error;
};

Heard listen(TunableSource& source, std::chrono::milliseconds time) {
  Heard heard;
  const std::size_t size = dsp::bytes_per_sample(source.info().format);
  std::vector<std::byte> buffer(1200 * size);
  std::vector<dsp::Sample> samples(1200);
  double energy = 0;
  for (const auto end = Clock::now() + time; Clock::now() < end;) {
    const auto got = source.read(buffer);
    if (!got) {
      heard.error = got.error().line();
      break;
    }
    (void)dsp::convert(source.info().format, buffer, std::span(samples).first(got->samples));
    for (std::size_t i = 0; i < got->samples; ++i)
      energy += static_cast<double>(std::norm(samples[i]));
    heard.samples += got->samples;
    heard.lost += got->lost_before;
  }
  heard.power = energy / std::max<double>(1, static_cast<double>(heard.samples));
  return heard;
}

TEST(SimulatedSdr, IsAnInstalledDriver) {
  const auto list = list_devices();
  ASSERT_TRUE(list) << list.error().line();
  EXPECT_THAT(list->drivers, testing::Contains("sondesim"));
}

TEST(SimulatedSdr, StreamsInRealTimeAndReportsNoLossThatWasNone) {
  const auto source = open_simulated();
  ASSERT_TRUE(source);
  EXPECT_TRUE(source->info().live);
  EXPECT_EQ(source->info().sample_rate_hz, kRate_hz);
  EXPECT_EQ(source->info().centre_hz, 402.7e6);
  (void)listen(*source, std::chrono::milliseconds(100));
  const Heard heard = listen(*source, std::chrono::milliseconds(1000));
  EXPECT_EQ(heard.error, "");
  // A busy machine may overflow; then, and only then, samples are missing.
  EXPECT_EQ(heard.lost == 0, source->overflows() == 0);
  EXPECT_NEAR(static_cast<double>(heard.samples + heard.lost), kRate_hz, 0.15 * kRate_hz);
  EXPECT_GT(heard.power, 1e-5);
}

TEST(SimulatedSdr, SamplesThatWereNotFetchedAreCountedAsLost) {
  const auto source = open_simulated();
  ASSERT_TRUE(source);
  const auto start = Clock::now();
  Heard total = listen(*source, std::chrono::milliseconds(200));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const Heard after = listen(*source, std::chrono::milliseconds(300));
  const double elapsed_s = std::chrono::duration<double>(Clock::now() - start).count();
  EXPECT_GT(after.lost, 0.3 * kRate_hz);
  EXPECT_GT(source->overflows(), 0U);
  EXPECT_NEAR(static_cast<double>(total.samples + after.samples + after.lost), elapsed_s * kRate_hz,
              0.15 * kRate_hz);
}

TEST(SimulatedSdr, CanBeRetunedWhileStreaming) {
  const auto source = open_simulated();
  ASSERT_TRUE(source);
  ASSERT_TRUE(source->set_centre_hz(403.3e6));
  EXPECT_EQ(source->info().centre_hz, 403.3e6);
  EXPECT_EQ(listen(*source, std::chrono::milliseconds(200)).error, "");
}

TEST(SimulatedSdr, UnpluggedIsAnErrorAndReopeningWorks) {
  {
    const auto source = open_simulated("unplug_at_s=0.3");
    ASSERT_TRUE(source);
    const Heard heard = listen(*source, std::chrono::seconds(5));
    EXPECT_GT(heard.samples, 0U);
    EXPECT_THAT(heard.error, HasSubstr("broken"));
  }
  const auto again = open_simulated();
  ASSERT_TRUE(again);
  EXPECT_EQ(listen(*again, std::chrono::milliseconds(200)).error, "");
}

TEST(SimulatedSdr, BadArgumentIsAOneLineError) {
  SoapySourceOptions options;
  options.driver = "sondesim";
  options.args = "scenario=/nonexistent.ini";
  const auto source = open_soapy_source(options);
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().line(), HasSubstr("/nonexistent.ini"));
  EXPECT_EQ(source.error().line().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace omnisonde
