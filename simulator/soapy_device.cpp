#include "simulator/soapy_device.hpp"

#include <SoapySDR/Constants.h>
#include <SoapySDR/Errors.h>
#include <SoapySDR/Formats.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "simulator/quantise.hpp"

namespace omnisonde::sim {
namespace {

constexpr double kReferenceGain_db = 40;  // the scenario's levels hold at this gain and with AGC

struct FormatName {
  const char* soapy;
  dsp::SampleFormat format;
};
constexpr std::array kFormats = {FormatName{SOAPY_SDR_CU8, dsp::SampleFormat::kCu8},
                                 FormatName{SOAPY_SDR_CS8, dsp::SampleFormat::kCs8},
                                 FormatName{SOAPY_SDR_CS16, dsp::SampleFormat::kCs16},
                                 FormatName{SOAPY_SDR_CF32, dsp::SampleFormat::kCf32}};

void require_rx(int direction, size_t channel) {
  if (direction != SOAPY_SDR_RX || channel != 0) {
    throw std::runtime_error("sondesim has one receive channel, number 0");
  }
}

Expected<bool> read_seconds(const SoapySDR::Kwargs& args, const char* key,
                            std::optional<double>& target) {
  const auto at = args.find(key);
  if (at == args.end()) return false;
  const std::string& text = at->second;
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size() || !(value >= 0)) {
    return Error{"sondesim: " + std::string(key) + "=" + text + " is no time in s",
                 "give a number such as 12.5"};
  }
  target = value;
  return true;
}

Expected<Scenario> read_scenario(const DeviceOptions& options) {
  std::vector<std::string> overrides;
  if (options.start) overrides.push_back("stream.start=" + *options.start);
  if (!options.scenario_path.empty()) return load_scenario(options.scenario_path, overrides);
  return parse_scenario(default_scenario_text(), "built-in scenario", overrides);
}

template <typename T>
T value_or_throw(Expected<T> expected) {
  if (expected) return std::move(expected).value();
  throw std::runtime_error(expected.error().line());
}

}  // namespace

Expected<DeviceOptions> DeviceOptions::parse(const SoapySDR::Kwargs& args) {
  DeviceOptions options;
  const auto text = [&](const char* key) {
    const auto at = args.find(key);
    return at == args.end() ? std::string() : at->second;
  };
  options.scenario_path = text("scenario");
  if (options.scenario_path.empty()) {
    const char* from_environment = std::getenv("OMNISONDE_SCENARIO");
    if (from_environment != nullptr) options.scenario_path = from_environment;
  }
  options.serial = text("serial");
  if (args.contains("start")) options.start = text("start");
  options.live.truth_path = text("truth");
  options.live.faults.control_path = text("control");
  if (FaultControl(text("control")).now() == ControlledFault::kGone) {
    return Error{"sondesim: no device", "its control file says that it is gone"};
  }
  const std::string pace = text("pace");
  if (!pace.empty() && pace != "0" && pace != "1") {
    return Error{"sondesim: pace=" + pace, "take 1 for real time or 0"};
  }
  options.live.pace = pace != "0";
  LiveFaults& faults = options.live.faults;
  for (const auto& [key, target] :
       {std::pair{"stall_at_s", &faults.stall_at_s}, std::pair{"unplug_at_s", &faults.unplug_at_s},
        std::pair{"overflow_every_s", &faults.overflow_every_s},
        std::pair{"garbage_at_s", &faults.garbage_at_s}}) {
    const Expected<bool> read = read_seconds(args, key, *target);
    if (!read) return read.error();
  }
  return options;
}

SondesimDevice::SondesimDevice(const SoapySDR::Kwargs& args)
    : options_(value_or_throw(DeviceOptions::parse(args))),
      stream_(value_or_throw(
          LiveStream::create(value_or_throw(read_scenario(options_)), options_.live))),
      frequency_hz_(stream_->spec().centre_hz),
      gain_db_(kReferenceGain_db),
      settings_{{"biastee", "false"},
                {"digital_agc", "false"},
                {"direct_samp", "0"},
                {"offset_tune", "false"}} {
  retune();
}

std::string SondesimDevice::getDriverKey() const { return "sondesim"; }
std::string SondesimDevice::getHardwareKey() const { return "SimulatedSDR"; }

SoapySDR::Kwargs SondesimDevice::getHardwareInfo() const {
  return {{"serial", options_.serial},
          {"scenario", options_.scenario_path.empty() ? "built-in" : options_.scenario_path}};
}

size_t SondesimDevice::getNumChannels(int direction) const {
  return direction == SOAPY_SDR_RX ? 1 : 0;
}

std::vector<std::string> SondesimDevice::getStreamFormats(int direction, size_t channel) const {
  require_rx(direction, channel);
  std::vector<std::string> names;
  names.reserve(kFormats.size());
  for (const FormatName& entry : kFormats) names.emplace_back(entry.soapy);
  return names;
}

std::string SondesimDevice::getNativeStreamFormat(int direction, size_t channel,
                                                  double& fullScale) const {
  require_rx(direction, channel);
  for (const FormatName& entry : kFormats) {
    if (entry.format != stream_->spec().format) continue;
    fullScale = entry.format == dsp::SampleFormat::kCf32   ? 1
                : entry.format == dsp::SampleFormat::kCs16 ? 32768
                                                           : 128;
    return entry.soapy;
  }
  throw std::runtime_error("sondesim: the scenario's format is no stream format");
}

SoapySDR::Stream* SondesimDevice::setupStream(int direction, const std::string& format,
                                              const std::vector<size_t>& channels,
                                              const SoapySDR::Kwargs& /*args*/) {
  if (channels.size() > 1) throw std::runtime_error("sondesim has one receive channel");
  require_rx(direction, channels.empty() ? 0 : channels[0]);
  if (format_) throw std::runtime_error("sondesim: a stream is set up already");
  for (const FormatName& entry : kFormats) {
    if (format == entry.soapy) format_ = entry.format;
  }
  if (!format_) throw std::runtime_error("sondesim: no stream format " + format);
  // SoapySDR only passes the handle back; there is one stream, so the device itself will do.
  return reinterpret_cast<SoapySDR::Stream*>(this);
}

void SondesimDevice::closeStream(SoapySDR::Stream* /*stream*/) {
  active_ = false;
  format_.reset();
}

// As many milliseconds as a buffer of SoapyRTLSDR holds at 2.4 MS/s, in whole blocks.
size_t SondesimDevice::getStreamMTU(SoapySDR::Stream* /*stream*/) const {
  return static_cast<size_t>(stream_->sample_rate_hz() / kBlocksPerSecond) * 6;
}

int SondesimDevice::activateStream(SoapySDR::Stream* /*stream*/, int flags, long long /*timeNs*/,
                                   size_t /*numElems*/) {
  if (flags != 0) return SOAPY_SDR_NOT_SUPPORTED;
  if (!format_) return SOAPY_SDR_STREAM_ERROR;
  stream_->start();
  active_ = true;
  return 0;
}

int SondesimDevice::deactivateStream(SoapySDR::Stream* /*stream*/, int flags,
                                     long long /*timeNs*/) {
  if (flags != 0) return SOAPY_SDR_NOT_SUPPORTED;
  active_ = false;
  return 0;
}

int SondesimDevice::readStream(SoapySDR::Stream* stream, void* const* buffs, size_t numElems,
                               int& flags, long long& timeNs, long timeoutUs) {
  flags = 0;
  if (!active_ || !format_) return SOAPY_SDR_STREAM_ERROR;
  samples_.resize(std::min(numElems, getStreamMTU(stream)));
  const LiveRead read = stream_->read(samples_, std::chrono::microseconds(timeoutUs));
  flags = SOAPY_SDR_HAS_TIME;
  timeNs = std::llround(read.time_s * 1e9);
  switch (read.status) {
    case LiveRead::Status::kTimeout:
      return SOAPY_SDR_TIMEOUT;
    case LiveRead::Status::kOverflow:
      return SOAPY_SDR_OVERFLOW;
    case LiveRead::Status::kBroken:
      return SOAPY_SDR_STREAM_ERROR;
    case LiveRead::Status::kSamples:
      break;
  }
  const std::size_t bytes = samples_.size() * dsp::bytes_per_sample(*format_);
  quantise(*format_, samples_, {static_cast<std::byte*>(buffs[0]), bytes});
  return static_cast<int>(samples_.size());
}

void SondesimDevice::retune() {
  // A crystal that runs fast tunes too high, unless the driver was told.
  const double error_ppm = stream_->spec().crystal_ppm - correction_ppm_;
  stream_->set_centre_hz(frequency_hz_ * (1 + error_ppm * 1e-6));
}

void SondesimDevice::apply_gain() {
  const double relative_db = automatic_gain_ ? 0 : gain_db_ - kReferenceGain_db;
  stream_->set_gain(static_cast<float>(std::pow(10.0, relative_db / 20)));
}

void SondesimDevice::setSampleRate(int direction, size_t channel, double rate) {
  require_rx(direction, channel);
  const Expected<void> done = stream_->set_sample_rate_hz(rate);
  if (!done) throw std::runtime_error("sondesim: " + done.error().line());
}

void SondesimDevice::setFrequency(int direction, size_t channel, const std::string& name,
                                  double frequency, const SoapySDR::Kwargs& /*args*/) {
  require_rx(direction, channel);
  if (name == "CORR") return setFrequencyCorrection(direction, channel, frequency);
  if (name != "RF") throw std::runtime_error("sondesim: no frequency named " + name);
  frequency_hz_ = frequency;
  retune();
}

void SondesimDevice::setFrequency(int direction, size_t channel, double frequency,
                                  const SoapySDR::Kwargs& args) {
  setFrequency(direction, channel, "RF", frequency, args);
}

void SondesimDevice::setFrequencyCorrection(int direction, size_t channel, double value) {
  require_rx(direction, channel);
  correction_ppm_ = value;
  retune();
}

void SondesimDevice::setGain(int direction, size_t channel, double value) {
  require_rx(direction, channel);
  const SoapySDR::Range range = getGainRange(direction, channel);
  gain_db_ = std::clamp(value, range.minimum(), range.maximum());
  apply_gain();
}

void SondesimDevice::setGain(int direction, size_t channel, const std::string& /*name*/,
                             double value) {
  setGain(direction, channel, value);
}

void SondesimDevice::setGainMode(int direction, size_t channel, bool automatic) {
  require_rx(direction, channel);
  automatic_gain_ = automatic;
  apply_gain();
}

}  // namespace omnisonde::sim
