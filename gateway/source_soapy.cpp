#include "gateway/source_soapy.hpp"

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Errors.hpp>
#include <SoapySDR/Formats.hpp>
#include <SoapySDR/Logger.hpp>
#include <SoapySDR/Modules.hpp>
#include <SoapySDR/Registry.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <exception>
#include <sstream>
#include <utility>

#include "gateway/loss_estimator.hpp"

namespace omnisonde {
namespace {

using dsp::SampleFormat;
using SoapySDR::Kwargs;

constexpr int kRx = SOAPY_SDR_RX;
constexpr long kWaitUs = 100'000;
constexpr double kStalledAfter_s = 3;
constexpr double kMaxRateError = 100e-6;

double steady_now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Drivers explain a failure on SoapySDR's log, in the thread that called them. The C API hands a
// log function no context, so the last complaint is kept per thread; the rest is dropped, since
// what matters comes back as an Error.
thread_local std::string last_complaint;  // NOLINT: see above

void keep_complaint(SoapySDRLogLevel level, const char* message) {
  if (level <= SOAPY_SDR_ERROR) last_complaint = message;
}

void quieten_soapy() {
  SoapySDR::registerLogHandler(&keep_complaint);
  last_complaint.clear();
}

std::string complaint_or(const std::string& text) {
  return last_complaint.empty() || text.find(last_complaint) != std::string::npos
             ? text
             : text + "; " + last_complaint;
}

// The one place where SoapySDR's exceptions become Errors.
template <typename Function>
auto guarded(const std::string& doing, const char* remedy, Function&& function)
    -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& e) {
    return Error{doing + ": " + complaint_or(e.what()), remedy};
  } catch (...) {  // some drivers throw C strings
    return Error{doing + ": " + complaint_or("unknown exception of the driver"), remedy};
  }
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

std::string value_of(const Kwargs& args, const char* key) {
  const auto it = args.find(key);
  return it == args.end() ? std::string() : it->second;
}

DeviceInfo to_info(const Kwargs& found) {
  DeviceInfo info{.driver = value_of(found, "driver"),
                  .label = value_of(found, "label"),
                  .serial = value_of(found, "serial"),
                  .other = {}};
  for (const auto& [key, value] : found) {
    if (key != "driver" && key != "label" && key != "serial") info.other[key] = value;
  }
  return info;
}

std::vector<std::string> installed_drivers() {
  SoapySDR::loadModules();
  std::vector<std::string> names;
  for (const auto& [name, find] : SoapySDR::Registry::listFindFunctions()) {
    if (name != "null") names.push_back(name);  // SoapySDR's own dummy
  }
  return names;
}

std::string wanted_text(const SoapySourceOptions& options) {
  std::string text = "SDR driver=" + (options.driver.empty() ? "any" : options.driver);
  if (!options.serial.empty()) text += " serial=" + options.serial;
  if (!options.args.empty()) text += " " + options.args;
  return text;
}

Error not_found(const SoapySourceOptions& options, const std::vector<Kwargs>& same_driver) {
  const auto drivers = installed_drivers();
  if (!options.driver.empty() &&
      std::find(drivers.begin(), drivers.end(), options.driver) == drivers.end()) {
    std::string text = "SDR driver " + options.driver + " is not installed; installed:";
    for (const auto& name : drivers) text += " " + name;
    if (drivers.empty()) text += " none";
    return {text, "install soapysdr-module-" + options.driver + " or correct driver"};
  }
  std::string text = wanted_text(options) + " not found; found:";
  for (const auto& found : same_driver) text += " [" + describe(to_info(found)) + "]";
  if (same_driver.empty()) text += " nothing";
  return {text, same_driver.empty()
                    ? "check that it is plugged in, its USB permissions and that no other program "
                      "uses it; `omnisonde devices` lists what there is"
                    : "correct serial or soapy_args"};
}

Expected<Kwargs> find_device(const SoapySourceOptions& options) {
  Kwargs asked = SoapySDR::KwargsFromString(options.args);
  if (!options.driver.empty()) asked["driver"] = options.driver;
  const auto found = SoapySDR::Device::enumerate(asked);
  for (const auto& candidate : found) {
    if (value_of(candidate, "driver") == "null" && options.driver.empty()) continue;
    if (!options.serial.empty() && value_of(candidate, "serial") != options.serial) continue;
    Kwargs args = candidate;
    args.insert(asked.begin(), asked.end());  // what the driver's search did not echo
    return args;
  }
  return not_found(options, found);
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
    set_ppm(options.frequency_error_ppm);
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
      return ReadResult{.samples = samples, .lost_before = account(samples, now_s, flags, time_ns)};
    }
    if (n == SOAPY_SDR_OVERFLOW || n == SOAPY_SDR_CORRUPTION) {
      ++overflows_;
      overflowed_ = true;
    } else if (n != 0 && n != SOAPY_SDR_TIMEOUT) {
      return Error{info_.name + ": stream broken: " + complaint_or(SoapySDR::errToStr(n)),
                   "check the cable, then it is reopened"};
    }
    if (now_s - last_data_s_ > kStalledAfter_s) {
      return Error{info_.name + " stalled: no samples for 3 s",
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
  void set_ppm(double ppm) {
    if (device_->hasFrequencyCorrection(kRx, 0)) {
      device_->setFrequencyCorrection(kRx, 0, std::round(ppm));
      ppm -= device_->getFrequencyCorrection(kRx, 0);
    }
    tuning_factor_ = 1 / (1 + ppm * 1e-6);
  }

  void tune(double centre_hz) {
    device_->setFrequency(kRx, 0, centre_hz * tuning_factor_);
    info_.centre_hz = centre_hz;
  }

  SoapySDR::Device* device_;
  SoapySDR::Stream* stream_ = nullptr;
  StreamInfo info_;
  std::string reading_failed_;
  LossEstimator losses_;
  double tuning_factor_ = 1;
  double last_data_s_ = 0;
  std::optional<long long> next_time_ns_;
  std::uint64_t overflows_ = 0;
  bool overflowed_ = false;
};

Expected<std::unique_ptr<TunableSource>> open_unguarded(const SoapySourceOptions& options) {
  const auto args = find_device(options);
  if (!args) return args.error();
  const auto device_info = to_info(*args);
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
  quieten_soapy();
  return guarded("cannot open " + wanted_text(options),
                 "close other programs that use it, check USB permissions, or replug it",
                 [&] { return open_unguarded(options); });
}

Expected<DeviceList> list_devices() {
  quieten_soapy();
  return guarded("cannot list SDR devices", "", []() -> Expected<DeviceList> {
    DeviceList list;
    list.drivers = installed_drivers();
    for (const auto& found : SoapySDR::Device::enumerate()) {
      if (value_of(found, "driver") != "null") list.devices.push_back(to_info(found));
    }
    return list;
  });
}

}  // namespace omnisonde
