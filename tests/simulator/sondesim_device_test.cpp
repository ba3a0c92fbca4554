// The plug-in as any program meets it: found, opened and read through SoapySDR's own API.
#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <SoapySDR/Device.hpp>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dsp/convert.hpp"
#include "tests/simulator/plain_transmitter.hpp"

namespace omnisonde::sim {
namespace {

using ::testing::HasSubstr;

class SondesimDevice : public ::testing::Test {
 protected:
  // Modules load on SoapySDR's first use; only ours shall.
  static void SetUpTestSuite() {
    setenv("SOAPY_SDR_PLUGIN_PATH", OMNISONDE_SOAPY_DIR, 1);
    setenv("SOAPY_SDR_ROOT", "/nonexistent", 1);
  }

  void SetUp() override {
    path_ = ::testing::TempDir() + "sondesim_device_" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".ini";
    std::ofstream(path_) << "[stream]\nsample_rate_hz = 1000000\ncenter_mhz = 403\n"
                            "noise_dbfs = -35\n"
                            "[sonde:A]\ntype = DFM\nvariant = DFM17\nserial = 23041001\n"
                            "frequency_mhz = 403.2\nebn0_db = 30\n";
  }

  void TearDown() override {
    if (device_ == nullptr) return;
    if (stream_ != nullptr) device_->closeStream(stream_);
    SoapySDR::Device::unmake(device_);
  }

  void open(const std::string& more = "", const std::string& format = SOAPY_SDR_CF32) {
    device_ = SoapySDR::Device::make("driver=sondesim,scenario=" + path_ + more);
    stream_ = device_->setupStream(SOAPY_SDR_RX, format, {0}, {});
    ASSERT_EQ(device_->activateStream(stream_), 0);
  }

  int read(void* to, std::size_t count, long timeout_us = 500'000) {
    int flags = 0;
    return device_->readStream(stream_, &to, count, flags, time_ns_, timeout_us);
  }

  /// Reads until `count` samples are there; other answers are counted.
  std::vector<dsp::Sample> collect(std::size_t count) {
    std::vector<dsp::Sample> samples(count);
    for (std::size_t at = 0; at < count;) {
      const int got = read(&samples[at], count - at);
      if (got == SOAPY_SDR_OVERFLOW) ++overflows_;
      if (got == SOAPY_SDR_OVERFLOW) continue;
      if (got <= 0) {
        ADD_FAILURE() << "readStream gave " << got;
        break;
      }
      at += static_cast<std::size_t>(got);
    }
    return samples;
  }

  double power_db_at(double offset_hz) {
    const auto samples = collect(100'000);
    const auto spectrum = testing::power_spectrum(samples, device_->getSampleRate(SOAPY_SDR_RX, 0));
    return 10 * std::log10(testing::band_power(spectrum, offset_hz - 5e3, offset_hz + 5e3));
  }

  std::string path_;
  SoapySDR::Device* device_ = nullptr;
  SoapySDR::Stream* stream_ = nullptr;
  long long time_ns_ = 0;
  int overflows_ = 0;
};

TEST_F(SondesimDevice, IsFoundOnlyWhenAskedFor) {
  const auto found = SoapySDR::Device::enumerate("driver=sondesim,serial=X7");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("driver"), "sondesim");
  EXPECT_EQ(found[0].at("serial"), "X7");
  EXPECT_THAT(found[0].at("label"), HasSubstr("X7"));
  EXPECT_TRUE(SoapySDR::Device::enumerate("driver=rtlsdr").empty());
  EXPECT_TRUE(SoapySDR::Device::enumerate("").empty());
}

TEST_F(SondesimDevice, LooksLikeAReceiver) {
  open();
  EXPECT_EQ(device_->getDriverKey(), "sondesim");
  EXPECT_EQ(device_->getNumChannels(SOAPY_SDR_RX), 1U);
  EXPECT_EQ(device_->getNumChannels(SOAPY_SDR_TX), 0U);
  double full_scale = 0;
  EXPECT_EQ(device_->getNativeStreamFormat(SOAPY_SDR_RX, 0, full_scale), SOAPY_SDR_CU8);
  EXPECT_EQ(full_scale, 128);
  EXPECT_EQ(device_->getFrequency(SOAPY_SDR_RX, 0), 403e6);
  EXPECT_EQ(device_->getSampleRate(SOAPY_SDR_RX, 0), 1e6);
  EXPECT_THAT(device_->getStreamFormats(SOAPY_SDR_RX, 0),
              ::testing::UnorderedElementsAre(SOAPY_SDR_CU8, SOAPY_SDR_CS8, SOAPY_SDR_CS16,
                                              SOAPY_SDR_CF32));
  device_->writeSetting("biastee", "true");
  EXPECT_EQ(device_->readSetting("biastee"), "true");
  EXPECT_THROW(device_->setSampleRate(SOAPY_SDR_RX, 0, 12'345.6), std::runtime_error);
  EXPECT_THROW(device_->setAntenna(SOAPY_SDR_RX, 0, "TX"), std::runtime_error);
}

TEST_F(SondesimDevice, DeliversInRealTime) {
  open();
  const auto begin = std::chrono::steady_clock::now();
  collect(600'000);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took.count(), 0.58);
  EXPECT_LT(took.count(), 1.1);
  EXPECT_EQ(overflows_, 0);
  std::vector<dsp::Sample> samples(24'000);
  EXPECT_EQ(read(samples.data(), samples.size(), 1000), SOAPY_SDR_TIMEOUT);
}

TEST_F(SondesimDevice, RetunesAndChangesRate) {
  open(",pace=0");
  const double before_db = power_db_at(200e3);
  device_->setFrequency(SOAPY_SDR_RX, 0, 403.5e6);
  power_db_at(0);  // samples that were made before
  EXPECT_NEAR(power_db_at(-300e3), before_db, 0.5);
  EXPECT_LT(power_db_at(200e3), before_db - 15);
  device_->setSampleRate(SOAPY_SDR_RX, 0, 2.4e6);
  EXPECT_NEAR(power_db_at(-300e3), before_db, 0.5);
  device_->setFrequency(SOAPY_SDR_RX, 0, 410e6);
  power_db_at(0);
  EXPECT_LT(power_db_at(-300e3), before_db - 15);
  device_->setFrequency(SOAPY_SDR_RX, 0, 403e6);
  device_->setFrequencyCorrection(SOAPY_SDR_RX, 0, -100);  // tunes 40.3 kHz higher
  power_db_at(0);
  EXPECT_NEAR(power_db_at(200e3 - 40.3e3), before_db, 0.5);
}

TEST_F(SondesimDevice, GainScalesTheLevel) {
  open(",pace=0");
  const double automatic_db = power_db_at(200e3);
  device_->setGainMode(SOAPY_SDR_RX, 0, false);
  device_->setGain(SOAPY_SDR_RX, 0, 30);
  power_db_at(0);
  EXPECT_NEAR(power_db_at(200e3), automatic_db - 10, 0.5);
}

template <typename Raw>
double noise_dbfs(SoapySDR::Device* device, SoapySDR::Stream* stream, dsp::SampleFormat format) {
  std::vector<Raw> raw(2 * 20'000);
  void* to = raw.data();
  int flags = 0;
  long long time_ns = 0;
  const int got = device->readStream(stream, &to, 20'000, flags, time_ns, 500'000);
  EXPECT_EQ(got, 20'000);
  std::vector<dsp::Sample> samples(20'000);
  dsp::convert(format, std::as_bytes(std::span(raw)), samples);
  double power = 0;
  for (const dsp::Sample& s : samples) power += static_cast<double>(std::norm(s));
  return 10 * std::log10(power / 20'000);
}

TEST_F(SondesimDevice, AllFormatsHaveTheSameLevel) {
  std::ofstream(path_) << "[stream]\nsample_rate_hz = 1000000\nnoise_dbfs = -20\n";
  const auto level = [&](const char* name, auto raw, dsp::SampleFormat format) {
    open(",pace=0", name);
    const double db = noise_dbfs<decltype(raw)>(device_, stream_, format);
    device_->closeStream(stream_);
    SoapySDR::Device::unmake(device_);
    device_ = nullptr;
    stream_ = nullptr;
    return db;
  };
  EXPECT_NEAR(level(SOAPY_SDR_CU8, std::uint8_t{}, dsp::SampleFormat::kCu8), -20, 0.2);
  EXPECT_NEAR(level(SOAPY_SDR_CS8, std::int8_t{}, dsp::SampleFormat::kCs8), -20, 0.2);
  EXPECT_NEAR(level(SOAPY_SDR_CS16, std::int16_t{}, dsp::SampleFormat::kCs16), -20, 0.2);
  EXPECT_NEAR(level(SOAPY_SDR_CF32, float{}, dsp::SampleFormat::kCf32), -20, 0.2);
}

TEST_F(SondesimDevice, ALateReaderLosesSamplesAndIsTold) {
  open();
  std::vector<dsp::Sample> samples(4000);
  ASSERT_EQ(read(samples.data(), samples.size()), 4000);
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(read(samples.data(), samples.size()), SOAPY_SDR_OVERFLOW);
  ASSERT_EQ(read(samples.data(), samples.size()), 4000);
  EXPECT_GE(time_ns_, 690'000'000);
}

TEST_F(SondesimDevice, KeepsItsClockWhileStopped) {
  open();
  collect(50'000);
  device_->deactivateStream(stream_);
  std::vector<dsp::Sample> samples(1000);
  EXPECT_EQ(read(samples.data(), samples.size()), SOAPY_SDR_STREAM_ERROR);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  ASSERT_EQ(device_->activateStream(stream_), 0);
  ASSERT_EQ(read(samples.data(), samples.size()), 1000);
  EXPECT_GE(time_ns_, 240'000'000);
}

TEST_F(SondesimDevice, FailsOnPurpose) {
  std::vector<dsp::Sample> samples(10'000);
  open(",pace=0,overflow_every_s=0.2");
  collect(900'000);
  EXPECT_EQ(overflows_, 5);  // at 0.2, 0.4 ... 1.0 s: 0.9 s read and 0.05 s lost each time
  TearDown();
  open(",pace=0,stall_at_s=0.1");
  collect(100'000);
  EXPECT_EQ(read(samples.data(), samples.size(), 10'000), SOAPY_SDR_TIMEOUT);
  TearDown();
  open(",pace=0,unplug_at_s=0.1");
  collect(100'000);
  EXPECT_EQ(read(samples.data(), samples.size(), 10'000), SOAPY_SDR_STREAM_ERROR);
  TearDown();
  open(",pace=0,garbage_at_s=0.1");
  const double before_db = power_db_at(-300e3);
  EXPECT_GT(power_db_at(-300e3), before_db + 20);
}

TEST_F(SondesimDevice, NamesWhatIsWrongWithItsArguments) {
  const auto complaint = [](const std::string& args) -> std::string {
    try {
      SoapySDR::Device::unmake(SoapySDR::Device::make("driver=sondesim" + args));
    } catch (const std::runtime_error& fault) {
      return fault.what();
    }
    return "";
  };
  EXPECT_THAT(complaint(",scenario=/nonexistent/a.ini"), HasSubstr("/nonexistent/a.ini"));
  EXPECT_THAT(complaint(",pace=2"), HasSubstr("pace=2"));
  EXPECT_THAT(complaint(",stall_at_s=soon"), HasSubstr("stall_at_s=soon"));
  EXPECT_THAT(complaint(",start=soon"), HasSubstr("soon"));
  std::ofstream(path_) << "[stream]\nrate = 1\n";
  EXPECT_THAT(complaint(",scenario=" + path_), HasSubstr(path_ + ":2: [stream] rate"));
}

// Sondes of `start = now` send the time of day, or a gateway's clock checks would throw them out.
TEST_F(SondesimDevice, BuiltInScenarioFliesNow) {
  const std::string truth = path_ + ".truth";
  unsetenv("OMNISONDE_SCENARIO");
  device_ = SoapySDR::Device::make("driver=sondesim,pace=0,truth=" + truth);
  stream_ = device_->setupStream(SOAPY_SDR_RX, SOAPY_SDR_CF32, {0}, {});
  EXPECT_EQ(device_->getSampleRate(SOAPY_SDR_RX, 0), 2.4e6);
  const UtcMillis now = StreamGenerator::system_now();
  ASSERT_EQ(device_->activateStream(stream_), 0);
  collect(5'000'000);  // 2 s: each of the five RS41 ends one burst at least
  std::ifstream in(truth);
  int rs41 = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.find("\"RS41\"") != std::string::npos) ++rs41;
    const std::size_t at = line.find("\"datetime\":\"");
    if (at == std::string::npos) continue;
    const auto sent = parse_iso8601(line.substr(at + 12, 24));
    ASSERT_TRUE(sent.has_value()) << line;
    EXPECT_LT(std::abs(static_cast<double>(sent->ms - now.ms)), 25'000) << line;  // GPS is 18 s on
  }
  EXPECT_GE(rs41, 5);
}

TEST_F(SondesimDevice, EnvironmentNamesTheScenario) {
  setenv("OMNISONDE_SCENARIO", path_.c_str(), 1);
  device_ = SoapySDR::Device::make("driver=sondesim,serial=E1");
  EXPECT_EQ(device_->getSampleRate(SOAPY_SDR_RX, 0), 1e6);
  unsetenv("OMNISONDE_SCENARIO");
}

}  // namespace
}  // namespace omnisonde::sim
