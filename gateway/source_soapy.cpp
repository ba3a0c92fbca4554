#include "gateway/source_soapy.hpp"

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Errors.hpp>
#include <SoapySDR/Formats.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <sstream>
#include <utility>

#include "gateway/loss_estimator.hpp"
#include "gateway/source_soapy_find.hpp"

namespace omnisonde {
namespace {

using dsp::SampleFormat;
using soapy::complaint_or;
using soapy::guarded;

constexpr int kRx = SOAPY_SDR_RX;
constexpr long kWaitUs = 100'000;
constexpr double kStalledAfter_s = 2;  // with what else takes time it is said within 3 s
constexpr double kPllSettles_s = 0.01;
constexpr double kMaxRateError = 100e-6;

double steady_now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct StreamFormat {
  SampleFormat format;
  const char* soapy_name;
  double full_scale;  // at which our conversion takes the number for 1.0
};
constexpr std::array<StreamFormat, 4> kFormats{{
    {SampleFormat::kCs16, SOAPY_SDR_CS16, 32768},
    {SampleFormat::kCf32, SOAPY_SDR_CF32, 1},
    {SampleFormat::kCs8, SOAPY_SDR_CS8, 128},
    {SampleFormat::kCu8, SOAPY_SDR_CU8, 128},
}};

// The device's own format saves a conversion on its side. A 12-bit receiver that puts small
// numbers into CS16 is asked for floats instead: it knows its full scale, we would not see
// clipping.
std::optional<StreamFormat> choose_format(SoapySDR::Device& device) {
  double full_scale = 0;
  const std::string native = device.getNativeStreamFormat(kRx, 0, full_scale);
  const auto offered = device.getStreamFormats(kRx, 0);
  const auto offers = [&](const std::string& name) {
    return std::find(offered.begin(), offered.end(), name) != offered.end();
  };
  for (const auto& f : kFormats) {
    if (native != f.soapy_name) continue;
    if (full_scale < f.full_scale / 2 && offers(SOAPY_SDR_CF32)) break;
    return f;
  }
  if (offers(SOAPY_SDR_CF32)) return kFormats[1];
  for (const auto& f : kFormats) {
    if (offers(f.soapy_name)) return f;
  }
  return std::nullopt;
}

Expected<void> set_rate(SoapySDR::Device& device, double rate_hz) {
  device.setSampleRate(kRx, 0, rate_hz);
  const double actual_hz = device.getSampleRate(kRx, 0);
  if (std::abs(actual_hz - rate_hz) <= rate_hz * kMaxRateError) return {};
  std::ostringstream text;
  text << "the SDR runs at " << actual_hz << " Hz, not at the asked " << rate_hz << "; it offers";
  for (const auto& range : device.getSampleRateRange(kRx, 0)) {
    text << " " << range.minimum();
    if (range.maximum() > range.minimum()) text << ".." << range.maximum();
  }
  return Error{text.str(), "choose sample_rate_hz among those"};
}

Expected<void> set_antenna(SoapySDR::Device& device, const std::string& antenna) {
  if (antenna.empty()) return {};
  const auto names = device.listAntennas(kRx, 0);
  if (std::find(names.begin(), names.end(), antenna) == names.end()) {
    std::string text = "the SDR has no antenna input " + antenna + "; it has";
    for (const auto& name : names) text += " " + name;
    return Error{text, "correct antenna"};
  }
  device.setAntenna(kRx, 0, antenna);
  return {};
}

void set_gain(SoapySDR::Device& device, const std::optional<double>& gain_db) {
  if (device.hasGainMode(kRx, 0)) device.setGainMode(kRx, 0, !gain_db.has_value());
  if (gain_db) device.setGain(kRx, 0, *gain_db);
}

// Drivers call it biastee (rtlsdr, airspy), bias_tx (hackrf), biasT_ctrl (sdrplay).
Expected<void> set_bias_tee(SoapySDR::Device& device, bool on) {
  for (const auto& setting : device.getSettingInfo()) {
    std::string key = setting.key.substr(0, 4);
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (key != "bias") continue;
    device.writeSetting(setting.key, on ? "true" : "false");
    return {};
  }
  if (!on) return {};
  return Error{"the SDR's driver has no bias tee setting", "set bias_tee = no"};
}

class SoapySource final : public TunableSource {
 public:
  SoapySource(SoapySDR::Device* device, StreamInfo info)
      : device_(device),
        info_(std::move(info)),
        reading_failed_(info_.name + ": reading failed"),
        losses_(info_.sample_rate_hz) {}

  SoapySource(const SoapySource&) = delete;
  SoapySource& operator=(const SoapySource&) = delete;

  ~SoapySource() override {
    try {
      if (stream_ != nullptr) {
        device_->deactivateStream(stream_);
        device_->closeStream(stream_);
      }
      SoapySDR::Device::unmake(device_);
    } catch (...) {  // NOLINT(bugprone-empty-catch): an unplugged device; there is nothing to save
    }
  }

  // May throw; the destructor undoes what was done.
  Expected<void> set_up(const SoapySourceOptions& options) {
    if (device_->getNumChannels(kRx) == 0) {
      return Error{info_.name + " cannot receive", "choose another device"};
    }
    if (auto done = set_rate(*device_, options.sample_rate_hz); !done) return done;
    if (auto done = set_antenna(*device_, options.antenna); !done) return done;
    if (auto done = set_bias_tee(*device_, options.bias_tee); !done) return done;
    set_gain(*device_, options.gain_db);
    const SoapySDR::Range range = device_->getGainRange(kRx, 0);
    gain_range_ = {range.minimum(), range.maximum()};
    if (device_->hasFrequencyCorrection(kRx, 0)) {
      device_->setFrequencyCorrection(kRx, 0, std::round(options.frequency_error_ppm));
      corrected_ppm_ = device_->getFrequencyCorrection(kRx, 0);
    }
    error_ppm_ = options.frequency_error_ppm;
    tune(options.centre_hz);
    const auto format = choose_format(*device_);
    if (!format) return Error{info_.name + " offers no sample format we know", "report this"};
    info_.format = format->format;
    stream_ = device_->setupStream(kRx, format->soapy_name, {0});
    if (stream_ == nullptr) return Error{info_.name + " gives no stream", "replug it"};
    if (const int code = device_->activateStream(stream_); code != 0) {
      return Error{info_.name + ": cannot start the stream: " + SoapySDR::errToStr(code),
                   "replug it"};
    }
    last_data_s_ = steady_now_s();
    return {};
  }

  [[nodiscard]] const StreamInfo& info() const override { return info_; }
  [[nodiscard]] std::uint64_t overflows() const override { return overflows_; }

  Expected<void> set_centre_hz(double centre_hz) override {
    return guarded(info_.name + ": cannot tune to " + std::to_string(centre_hz) + " Hz",
                   "check that the frequency is in the device's range", [&]() -> Expected<void> {
                     tune(centre_hz);
                     // A buffer that the driver holds, one that is being filled, and the PLL.
                     const auto pll = info_.sample_rate_hz * kPllSettles_s;
                     settling_ =
                         2 * device_->getStreamMTU(stream_) + static_cast<std::uint64_t>(pll);
                     return {};
                   });
  }

  void set_frequency_error_ppm(double ppm) override {
    error_ppm_ = ppm;
    info_.centre_hz = tuned_hz_ * tuning_factor();
  }

  [[nodiscard]] GainRange gain_range() const override { return gain_range_; }

  Expected<void> set_gain_db(double gain_db) override {
    return guarded(info_.name + ": cannot set the gain", "set gain_db = agc",
                   [&]() -> Expected<void> {
                     set_gain(*device_, gain_db);
                     return {};
                   });
  }

  Expected<ReadResult> read(std::span<std::byte> out) override {
    return guarded(reading_failed_, "check the cable, then it is reopened",
                   [&]() -> Expected<ReadResult> { return read_stream(out); });
  }

 private:
  Expected<ReadResult> read_stream(std::span<std::byte> out) {
    void* buffers[] = {out.data()};
    int flags = 0;
    long long time_ns = 0;
    const std::size_t room = out.size() / dsp::bytes_per_sample(info_.format);
    const int n = device_->readStream(stream_, buffers, room, flags, time_ns, kWaitUs);
    const double now_s = steady_now_s();
    if (n > 0) {
      const auto samples = static_cast<std::size_t>(n);
      last_data_s_ = now_s;
      const std::uint64_t lost = account(samples, now_s, flags, time_ns);
      if (settling_ > 0) {
        settling_ -= std::min<std::uint64_t>(settling_, samples);
        thrown_away_ += samples + lost;
        return ReadResult{};
      }
      return ReadResult{.samples = samples,
                        .lost_before = lost,
                        .retuned_before = std::exchange(thrown_away_, 0)};
    }
    if (n == SOAPY_SDR_OVERFLOW || n == SOAPY_SDR_CORRUPTION) {
      ++overflows_;
      overflowed_ = true;
    } else if (n != 0 && n != SOAPY_SDR_TIMEOUT) {
      return Error{info_.name + ": stream broken: " + complaint_or(SoapySDR::errToStr(n)),
                   "check the cable, then it is reopened"};
    }
    if (now_s - last_data_s_ > kStalledAfter_s) {
      return Error{info_.name + " stalled: no samples for 2 s",
                   "check the USB cable and power, or replug it"};
    }
    return ReadResult{};
  }

  // Keeps count, and says how many samples are missing before these.
  std::uint64_t account(std::size_t samples, double now_s, int flags, long long time_ns) {
    std::uint64_t lost = 0;
    if (overflowed_) {
      lost = losses_.arrived_after_overflow(now_s, samples);
      if (next_time_ns_ && (flags & SOAPY_SDR_HAS_TIME) != 0) {
        const double gap_s = static_cast<double>(time_ns - *next_time_ns_) * 1e-9;
        const double gap = std::round(gap_s * info_.sample_rate_hz);
        lost = gap > 0 ? static_cast<std::uint64_t>(gap) : 0;
      }
      overflowed_ = false;
    } else {
      losses_.arrived(now_s, samples);
    }
    next_time_ns_.reset();
    if ((flags & SOAPY_SDR_HAS_TIME) != 0) {
      const double length_ns = static_cast<double>(samples) * 1e9 / info_.sample_rate_hz;
      next_time_ns_ = time_ns + std::llround(length_ns);
    }
    return lost;
  }

  // RTL-SDR takes whole ppm only; what the device does not take is put into the tuning.
  [[nodiscard]] double tuning_factor() const { return 1 + (error_ppm_ - corrected_ppm_) * 1e-6; }

  void tune(double centre_hz) {
    device_->setFrequency(kRx, 0, centre_hz / tuning_factor());
    tuned_hz_ = centre_hz / tuning_factor();
    info_.centre_hz = centre_hz;
  }

  SoapySDR::Device* device_;
  SoapySDR::Stream* stream_ = nullptr;
  StreamInfo info_;
  GainRange gain_range_;
  std::string reading_failed_;
  LossEstimator losses_;
  double error_ppm_ = 0, corrected_ppm_ = 0, tuned_hz_ = 0;
  std::uint64_t settling_ = 0;  ///< samples still to be thrown away
  std::uint64_t thrown_away_ = 0;
  double last_data_s_ = 0;
  std::optional<long long> next_time_ns_;
  std::uint64_t overflows_ = 0;
  bool overflowed_ = false;
};

Expected<std::unique_ptr<TunableSource>> open_unguarded(const SoapySourceOptions& options) {
  const auto args = soapy::find_device(options);
  if (!args) return args.error();
  const auto device_info = soapy::to_info(*args);
  StreamInfo info;
  info.name = device_info.label.empty() ? describe(device_info) : device_info.label;
  info.sample_rate_hz = options.sample_rate_hz;
  info.live = true;
  if (!device_info.label.empty() && !device_info.serial.empty() &&
      info.name.find(device_info.serial) == std::string::npos) {
    info.name += " serial " + device_info.serial;
  }
  SoapySDR::Device* device = SoapySDR::Device::make(*args);
  auto source = std::make_unique<SoapySource>(device, std::move(info));
  if (auto done = source->set_up(options); !done) return done.error();
  return std::unique_ptr<TunableSource>(std::move(source));
}

}  // namespace

Expected<std::unique_ptr<TunableSource>> open_soapy_source(const SoapySourceOptions& options) {
  soapy::quieten();
  return guarded("cannot open " + soapy::wanted_text(options),
                 "close other programs that use it, check USB permissions, or replug it",
                 [&] { return open_unguarded(options); });
}

}  // namespace omnisonde
