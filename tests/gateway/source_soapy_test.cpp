// The faults that a receiver shows only when it breaks are played by a device of this file,
// registered with SoapySDR as any module is. The healthy path runs on the simulated SDR.
#include "gateway/source_soapy.hpp"

#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Logger.hpp>
#include <SoapySDR/Registry.hpp>
#include <chrono>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gateway/loss_estimator.hpp"

namespace omnisonde {
namespace {

using SoapySDR::Kwargs;
using ::testing::AllOf;
using ::testing::HasSubstr;

// driver=broken: streams a counter in CS8; arguments choose what goes wrong.
class BrokenDevice : public SoapySDR::Device {
 public:
  explicit BrokenDevice(Kwargs args) : args_(std::move(args)) {
    if (args_.count("busy") != 0) {
      SoapySDR::log(SOAPY_SDR_ERROR, "usb_claim_interface error -6");
      throw std::runtime_error("Unable to open the device");
    }
  }
  std::string getDriverKey() const override { return "broken"; }
  size_t getNumChannels(int direction) const override { return direction == SOAPY_SDR_RX ? 1 : 0; }
  std::vector<std::string> getStreamFormats(int, size_t) const override {
    return {SOAPY_SDR_CS8, SOAPY_SDR_CS16, SOAPY_SDR_CF32};
  }
  std::string getNativeStreamFormat(int, size_t, double& full_scale) const override {
    full_scale = args_.count("twelve_bit") != 0 ? 2048 : 128;
    return args_.count("twelve_bit") != 0 ? SOAPY_SDR_CS16 : SOAPY_SDR_CS8;
  }
  SoapySDR::Stream* setupStream(int, const std::string& format, const std::vector<size_t>&,
                                const Kwargs&) override {
    bytes_ = format == SOAPY_SDR_CF32 ? 8 : 2;
    return reinterpret_cast<SoapySDR::Stream*>(this);
  }
  int readStream(SoapySDR::Stream*, void* const* buffers, size_t count, int& flags,
                 long long& time_ns, long timeout_us) override {
    ++calls_;
    if (args_.count("stalls") != 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(timeout_us));
      return SOAPY_SDR_TIMEOUT;
    }
    if (args_.count("unplugged") != 0 && calls_ > 2) return SOAPY_SDR_STREAM_ERROR;
    if (args_.count("throws") != 0 && calls_ > 2) throw std::runtime_error("device gone");
    if (args_.count("overflows") != 0 && calls_ == 3) {
      index_ += 5000;
      return SOAPY_SDR_OVERFLOW;
    }
    count = std::min<size_t>(count, 1000);
    std::memset(buffers[0], 0, count * bytes_);
    flags = SOAPY_SDR_HAS_TIME;
    time_ns = std::llround(static_cast<double>(index_) * 1e9 / rate_hz_);
    index_ += static_cast<long long>(count);
    return static_cast<int>(count);
  }
  void setSampleRate(int, size_t, double rate_hz) override {
    rate_hz_ = rate_hz == 2'400'000 ? rate_hz : 1'000'000;
  }
  double getSampleRate(int, size_t) const override { return rate_hz_; }
  SoapySDR::RangeList getSampleRateRange(int, size_t) const override {
    return {{2'400'000, 2'400'000}, {1'000'000, 1'000'000}};
  }
  std::vector<std::string> listAntennas(int, size_t) const override { return {"RX"}; }
  std::vector<std::string> listFrequencies(int, size_t) const override { return {"RF"}; }
  void setFrequency(int, size_t, const std::string&, double hz, const Kwargs&) override {
    if (hz > 2e9) throw std::runtime_error("PLL not locked");
    tuned_hz() = hz;
  }
  bool hasFrequencyCorrection(int, size_t) const override { return args_.count("whole_ppm") != 0; }
  void setFrequencyCorrection(int, size_t, double ppm) override { ppm_ = std::trunc(ppm); }
  double getFrequencyCorrection(int, size_t) const override { return ppm_; }

  static double& tuned_hz() {  // what the hardware was last set to
    static double value = 0;
    return value;
  }

 private:
  Kwargs args_;
  std::size_t bytes_ = 2;
  double rate_hz_ = 2'400'000, ppm_ = 0;
  int calls_ = 0;
  long long index_ = 0;
};

SoapySDR::KwargsList find_broken(const Kwargs& asked) {
  if (asked.count("driver") == 0 || asked.at("driver") != "broken") return {};
  Kwargs one{{"label", "Broken A"}, {"serial", "0001"}};
  Kwargs two{{"label", "Broken B"}, {"serial", "00012"}};
  return {one, two};
}
SoapySDR::Device* make_broken(const Kwargs& args) { return new BrokenDevice(args); }
const SoapySDR::Registry kRegistered("broken", &find_broken, &make_broken, SOAPY_SDR_ABI_VERSION);

SoapySourceOptions broken(const std::string& args) {
  SoapySourceOptions options;
  options.driver = "broken";
  options.args = args;
  return options;
}
std::string open_error(const SoapySourceOptions& options) {
  const auto source = open_soapy_source(options);
  return source ? "opened" : source.error().line();
}

TEST(SoapySource, SerialIsComparedExactly) {
  auto options = broken("");
  options.serial = "00012";
  const auto source = open_soapy_source(options);
  ASSERT_TRUE(source) << source.error().line();
  EXPECT_EQ((*source)->info().name, "Broken B serial 00012");
  options.serial = "000";
  EXPECT_THAT(open_error(options), AllOf(HasSubstr("serial=000 "), HasSubstr("serial=0001 "),
                                         HasSubstr("serial=00012"), HasSubstr("correct serial")));
}

TEST(SoapySource, MissingDriverAndMissingDeviceSayWhatToDo) {
  SoapySourceOptions options;
  options.driver = "rtlsdrx";
  EXPECT_THAT(open_error(options), AllOf(HasSubstr("rtlsdrx is not installed; installed: broken"),
                                         HasSubstr("install soapysdr-module-rtlsdrx")));
}

TEST(SoapySource, BusyDeviceRepeatsWhatTheDriverSaid) {
  const std::string error = open_error(broken("busy=1"));
  EXPECT_THAT(error,
              AllOf(HasSubstr("driver=broken"), HasSubstr("Unable to open the device"),
                    HasSubstr("usb_claim_interface error -6"), HasSubstr("close other programs")));
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

TEST(SoapySource, DriverLogDoesNotReachTheTerminal) {
  testing::internal::CaptureStderr();
  (void)open_error(broken("busy=1"));
  SoapySDR::log(SOAPY_SDR_SSI, "O");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(SoapySource, RateAndAntennaErrorsListWhatIsOffered) {
  auto options = broken("");
  options.sample_rate_hz = 3'000'000;
  EXPECT_THAT(open_error(options), HasSubstr("offers 2.4e+06 1e+06"));
  options = broken("");
  options.antenna = "HF";
  EXPECT_THAT(open_error(options), HasSubstr("no antenna input HF; it has RX"));
  options = broken("");
  options.bias_tee = true;
  EXPECT_THAT(open_error(options), HasSubstr("no bias tee"));
}

TEST(SoapySource, TakesTheNativeFormatUnlessItHidesFullScale) {
  const auto format_of = [](const std::string& args) {
    const auto source = open_soapy_source(broken(args));
    return source ? (*source)->info().format : dsp::SampleFormat::kFmU8;
  };
  EXPECT_EQ(format_of(""), dsp::SampleFormat::kCs8);
  EXPECT_EQ(format_of("twelve_bit=1"), dsp::SampleFormat::kCf32);
}

TEST(SoapySource, OverflowBecomesTheExactLossWhenTheDeviceHasTime) {
  auto source = open_soapy_source(broken("overflows=1"));
  ASSERT_TRUE(source);
  std::vector<std::byte> buffer(4000);
  std::vector<std::uint64_t> lost;
  while (lost.size() < 5) {
    const auto got = (*source)->read(buffer);
    ASSERT_TRUE(got) << got.error().line();
    if (got->samples != 0) lost.push_back(got->lost_before);
  }
  EXPECT_THAT(lost, testing::ElementsAre(0, 0, 5000, 0, 0));
  EXPECT_EQ((*source)->overflows(), 1U);
}

TEST(SoapySource, UnpluggedDeviceIsAnErrorNotAnException) {
  for (const char* how : {"unplugged=1", "throws=1"}) {
    auto source = open_soapy_source(broken(how));
    ASSERT_TRUE(source);
    std::vector<std::byte> buffer(4000);
    ASSERT_TRUE((*source)->read(buffer));
    ASSERT_TRUE((*source)->read(buffer));
    const auto got = (*source)->read(buffer);
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().line(), HasSubstr("Broken A"));
  }
}

TEST(SoapySource, SilenceForTwoSecondsIsAnErrorAndNotSooner) {
  auto source = open_soapy_source(broken("stalls=1"));
  ASSERT_TRUE(source);
  std::vector<std::byte> buffer(4000);
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const auto call = std::chrono::steady_clock::now();
    const auto got = (*source)->read(buffer);
    EXPECT_LT(std::chrono::steady_clock::now() - call, std::chrono::milliseconds(1000));
    if (!got) {
      EXPECT_THAT(got.error().line(), HasSubstr("stalled"));
      break;
    }
    ASSERT_EQ(got->samples, 0U);
    ASSERT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1900));
}

TEST(SoapySource, CrystalErrorIsSplitBetweenDeviceAndTuning) {
  auto options = broken("");
  options.frequency_error_ppm = 2.5;
  ASSERT_TRUE(open_soapy_source(options));
  EXPECT_NEAR(BrokenDevice::tuned_hz(), 403e6 / (1 + 2.5e-6), 1e-3);
  options.args = "whole_ppm=1";  // takes 3 of 2.5: -0.5 is left
  ASSERT_TRUE(open_soapy_source(options));
  EXPECT_NEAR(BrokenDevice::tuned_hz(), 403e6 / (1 - 0.5e-6), 1e-3);
}

// Nothing is tuned when the error is learnt: what is known of the centre changes.
TEST(SoapySource, LearntCrystalErrorMovesTheCentreAndTheNextTuning) {
  auto source = open_soapy_source(broken(""));
  ASSERT_TRUE(source);
  (*source)->set_frequency_error_ppm(2.5);
  EXPECT_EQ(BrokenDevice::tuned_hz(), 403e6);
  EXPECT_NEAR((*source)->info().centre_hz, 403e6 * (1 + 2.5e-6), 1e-3);
  ASSERT_TRUE((*source)->set_centre_hz(404e6));
  EXPECT_NEAR(BrokenDevice::tuned_hz(), 404e6 / (1 + 2.5e-6), 1e-3);
  EXPECT_EQ((*source)->info().centre_hz, 404e6);
}

TEST(SoapySource, SamplesOfTwoCentresAreThrownAwayAndCounted) {
  auto source = open_soapy_source(broken(""));
  ASSERT_TRUE(source);
  std::vector<std::byte> buffer(4000);
  ASSERT_EQ((*source)->read(buffer)->retuned_before, 0U);
  ASSERT_TRUE((*source)->set_centre_hz(404e6));
  Expected<ReadResult> got = ReadResult{};
  while (got && got->samples == 0) got = (*source)->read(buffer);
  ASSERT_TRUE(got);
  EXPECT_GE(got->retuned_before, 24'000U);  // 10 ms
  EXPECT_EQ((*source)->read(buffer)->retuned_before, 0U);
}

TEST(SoapySource, RetuneUpdatesTheCentreOnlyWhenItWorked) {
  auto source = open_soapy_source(broken(""));
  ASSERT_TRUE(source);
  ASSERT_TRUE((*source)->set_centre_hz(404e6));
  EXPECT_EQ((*source)->info().centre_hz, 404e6);
  const auto failed = (*source)->set_centre_hz(3e9);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().line(), HasSubstr("PLL not locked"));
  EXPECT_EQ((*source)->info().centre_hz, 404e6);
}

TEST(DeviceList, EmptyListSaysWhatToCheck) {
  EXPECT_THAT(describe(DeviceList{}),
              AllOf(HasSubstr("soapysdr-module-rtlsdr"), HasSubstr("none")));
  DeviceList list;
  list.devices.push_back({.driver = "rtlsdr", .label = "Generic", .serial = "7", .other = {}});
  list.drivers = {"rtlsdr"};
  EXPECT_EQ(describe(list), "driver=rtlsdr serial=7 (Generic)\ninstalled drivers: rtlsdr\n");
}

TEST(DeviceList, NamesTheInstalledDrivers) {
  const auto list = list_devices();
  ASSERT_TRUE(list) << list.error().line();
  EXPECT_THAT(list->drivers, testing::Contains("broken"));
}

TEST(LossEstimator, FindsALossAmongJitterAndCrystalError) {
  constexpr double kRate = 2.4e6 * (1 + 50e-6);  // the device's crystal against the host's clock
  LossEstimator losses(2.4e6);
  constexpr std::uint64_t kBlock = 65'536;
  double t_s = 0;
  for (int i = 0; i < 20'000; ++i) {  // 9 minutes
    t_s += kBlock / kRate;
    losses.arrived(t_s + 0.001 * (i % 7), kBlock);
  }
  t_s += 0.5 + kBlock / kRate;  // half a second is gone
  const auto lost = losses.arrived_after_overflow(t_s, kBlock);
  EXPECT_NEAR(static_cast<double>(lost), 1.2e6, 20'000);
  t_s += kBlock / kRate;
  EXPECT_LT(losses.arrived_after_overflow(t_s, kBlock), 20'000U) << "a loss is counted once";
}

}  // namespace
}  // namespace omnisonde
