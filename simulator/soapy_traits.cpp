// What the simulated receiver says of itself: names, ranges, settings that change nothing.
#include <SoapySDR/Constants.h>

#include <stdexcept>

#include "simulator/soapy_device.hpp"

namespace omnisonde::sim {

std::vector<std::string> SondesimDevice::listAntennas(int /*direction*/, size_t /*channel*/) const {
  return {"RX"};
}
void SondesimDevice::setAntenna(int /*direction*/, size_t /*channel*/, const std::string& name) {
  if (name != "RX") throw std::runtime_error("sondesim: no antenna " + name + ", there is RX");
}
std::string SondesimDevice::getAntenna(int /*direction*/, size_t /*channel*/) const { return "RX"; }

bool SondesimDevice::hasFrequencyCorrection(int /*direction*/, size_t /*channel*/) const {
  return true;
}
double SondesimDevice::getFrequencyCorrection(int /*direction*/, size_t /*channel*/) const {
  return correction_ppm_;
}

std::vector<std::string> SondesimDevice::listGains(int /*direction*/, size_t /*channel*/) const {
  return {"TUNER"};
}
bool SondesimDevice::hasGainMode(int /*direction*/, size_t /*channel*/) const { return true; }
bool SondesimDevice::getGainMode(int /*direction*/, size_t /*channel*/) const {
  return automatic_gain_;
}
double SondesimDevice::getGain(int /*direction*/, size_t /*channel*/) const { return gain_db_; }
double SondesimDevice::getGain(int /*direction*/, size_t /*channel*/,
                               const std::string& /*name*/) const {
  return gain_db_;
}
// The R820T's.
SoapySDR::Range SondesimDevice::getGainRange(int /*direction*/, size_t /*channel*/) const {
  return {0, 49.6};
}
SoapySDR::Range SondesimDevice::getGainRange(int direction, size_t channel,
                                             const std::string& /*name*/) const {
  return getGainRange(direction, channel);
}

std::vector<std::string> SondesimDevice::listFrequencies(int /*direction*/,
                                                         size_t /*channel*/) const {
  return {"RF", "CORR"};
}
double SondesimDevice::getFrequency(int /*direction*/, size_t /*channel*/) const {
  return frequency_hz_;
}
double SondesimDevice::getFrequency(int /*direction*/, size_t /*channel*/,
                                    const std::string& name) const {
  return name == "CORR" ? correction_ppm_ : frequency_hz_;
}
SoapySDR::RangeList SondesimDevice::getFrequencyRange(int direction, size_t channel) const {
  return getFrequencyRange(direction, channel, "RF");
}
SoapySDR::RangeList SondesimDevice::getFrequencyRange(int /*direction*/, size_t /*channel*/,
                                                      const std::string& name) const {
  if (name == "CORR") return {SoapySDR::Range(-1000, 1000)};
  return {SoapySDR::Range(24e6, 1764e6)};
}

double SondesimDevice::getSampleRate(int /*direction*/, size_t /*channel*/) const {
  return stream_->sample_rate_hz();
}
std::vector<double> SondesimDevice::listSampleRates(int /*direction*/, size_t /*channel*/) const {
  return {48e3, 240e3, 1e6, 1.024e6, 1.92e6, 2.048e6, 2.4e6, 2.56e6, 3e6, 3.2e6, 6e6, 10e6, 20e6};
}
SoapySDR::RangeList SondesimDevice::getSampleRateRange(int /*direction*/,
                                                       size_t /*channel*/) const {
  return {SoapySDR::Range(48e3, 20e6, 1000)};
}

SoapySDR::ArgInfoList SondesimDevice::getSettingInfo() const {
  SoapySDR::ArgInfoList list;
  for (const auto& [key, value] : settings_) {
    SoapySDR::ArgInfo info;
    info.key = key;
    info.value = value;
    info.name = key;
    info.description = "accepted as by an RTL-SDR; changes nothing here";
    info.type = key == "direct_samp" ? SoapySDR::ArgInfo::STRING : SoapySDR::ArgInfo::BOOL;
    list.push_back(info);
  }
  return list;
}

void SondesimDevice::writeSetting(const std::string& key, const std::string& value) {
  const auto at = settings_.find(key);
  if (at == settings_.end()) throw std::runtime_error("sondesim: no setting " + key);
  at->second = value;
}

std::string SondesimDevice::readSetting(const std::string& key) const {
  const auto at = settings_.find(key);
  return at == settings_.end() ? std::string() : at->second;
}

}  // namespace omnisonde::sim
