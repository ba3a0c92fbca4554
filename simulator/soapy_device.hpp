// The simulated receiver as a SoapySDR device, `driver=sondesim`: one receive channel that looks
// like an RTL-SDR and hears a scenario.
#pragma once

#include <SoapySDR/Device.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dsp/convert.hpp"
#include "simulator/live_stream.hpp"

namespace omnisonde::sim {

/// What the device arguments say (docs/simulator.md lists them).
struct DeviceOptions {
  std::string scenario_path;  ///< empty: $OMNISONDE_SCENARIO, else the built-in scenario
  std::string serial;
  std::optional<std::string> start;
  LiveOptions live;

  /// @returns an Error for values that make no sense.
  static Expected<DeviceOptions> parse(const SoapySDR::Kwargs& args);
};

/// Settings may come from another thread than readStream(). One stream at a time. Throws
/// std::runtime_error where SoapySDR's callers expect it.
class SondesimDevice final : public SoapySDR::Device {
 public:
  /// @throws std::runtime_error with one line that names the fault and the remedy.
  explicit SondesimDevice(const SoapySDR::Kwargs& args);

  std::string getDriverKey() const override;
  std::string getHardwareKey() const override;
  SoapySDR::Kwargs getHardwareInfo() const override;
  size_t getNumChannels(int direction) const override;

  std::vector<std::string> getStreamFormats(int direction, size_t channel) const override;
  std::string getNativeStreamFormat(int direction, size_t channel,
                                    double& fullScale) const override;
  SoapySDR::Stream* setupStream(int direction, const std::string& format,
                                const std::vector<size_t>& channels,
                                const SoapySDR::Kwargs& args) override;
  void closeStream(SoapySDR::Stream* stream) override;
  size_t getStreamMTU(SoapySDR::Stream* stream) const override;
  int activateStream(SoapySDR::Stream* stream, int flags, long long timeNs,
                     size_t numElems) override;
  int deactivateStream(SoapySDR::Stream* stream, int flags, long long timeNs) override;
  int readStream(SoapySDR::Stream* stream, void* const* buffs, size_t numElems, int& flags,
                 long long& timeNs, long timeoutUs) override;

  std::vector<std::string> listAntennas(int direction, size_t channel) const override;
  void setAntenna(int direction, size_t channel, const std::string& name) override;
  std::string getAntenna(int direction, size_t channel) const override;

  bool hasFrequencyCorrection(int direction, size_t channel) const override;
  void setFrequencyCorrection(int direction, size_t channel, double value) override;
  double getFrequencyCorrection(int direction, size_t channel) const override;

  std::vector<std::string> listGains(int direction, size_t channel) const override;
  bool hasGainMode(int direction, size_t channel) const override;
  void setGainMode(int direction, size_t channel, bool automatic) override;
  bool getGainMode(int direction, size_t channel) const override;
  void setGain(int direction, size_t channel, double value) override;
  void setGain(int direction, size_t channel, const std::string& name, double value) override;
  double getGain(int direction, size_t channel) const override;
  double getGain(int direction, size_t channel, const std::string& name) const override;
  SoapySDR::Range getGainRange(int direction, size_t channel) const override;
  SoapySDR::Range getGainRange(int direction, size_t channel,
                               const std::string& name) const override;

  std::vector<std::string> listFrequencies(int direction, size_t channel) const override;
  void setFrequency(int direction, size_t channel, double frequency,
                    const SoapySDR::Kwargs& args) override;
  void setFrequency(int direction, size_t channel, const std::string& name, double frequency,
                    const SoapySDR::Kwargs& args) override;
  double getFrequency(int direction, size_t channel) const override;
  double getFrequency(int direction, size_t channel, const std::string& name) const override;
  SoapySDR::RangeList getFrequencyRange(int direction, size_t channel) const override;
  SoapySDR::RangeList getFrequencyRange(int direction, size_t channel,
                                        const std::string& name) const override;

  void setSampleRate(int direction, size_t channel, double rate) override;
  double getSampleRate(int direction, size_t channel) const override;
  std::vector<double> listSampleRates(int direction, size_t channel) const override;
  SoapySDR::RangeList getSampleRateRange(int direction, size_t channel) const override;

  SoapySDR::ArgInfoList getSettingInfo() const override;
  void writeSetting(const std::string& key, const std::string& value) override;
  std::string readSetting(const std::string& key) const override;

 private:
  void retune();
  void apply_gain();

  DeviceOptions options_;
  std::unique_ptr<LiveStream> stream_;
  double frequency_hz_ = 0;
  double correction_ppm_ = 0;
  double gain_db_ = 0;
  bool automatic_gain_ = true;
  std::map<std::string, std::string> settings_;
  std::optional<dsp::SampleFormat> format_;  // of the stream that is set up
  bool active_ = false;
  std::vector<dsp::Sample> samples_;  // one read, before its number format
};

}  // namespace omnisonde::sim
