#include "gateway/source_soapy_find.hpp"

#include <SoapySDR/Device.hpp>
#include <SoapySDR/Logger.hpp>
#include <SoapySDR/Modules.hpp>
#include <SoapySDR/Registry.hpp>
#include <algorithm>
#include <vector>

namespace omnisonde {
namespace soapy {
namespace {

using SoapySDR::Kwargs;

// Drivers explain a failure on SoapySDR's log, in the thread that called them. The C API hands a
// log function no context, so the last complaint is kept per thread; the rest is dropped, since
// what matters comes back as an Error.
thread_local std::string last_complaint;  // NOLINT: see above

void keep_complaint(SoapySDRLogLevel level, const char* message) {
  if (level <= SOAPY_SDR_ERROR) last_complaint = message;
}

std::string value_of(const Kwargs& args, const char* key) {
  const auto it = args.find(key);
  return it == args.end() ? std::string() : it->second;
}

std::vector<std::string> installed_drivers() {
  SoapySDR::loadModules();
  std::vector<std::string> names;
  for (const auto& [name, find] : SoapySDR::Registry::listFindFunctions()) {
    if (name != "null") names.push_back(name);  // SoapySDR's own dummy
  }
  return names;
}

}  // namespace

void quieten() {
  SoapySDR::registerLogHandler(&keep_complaint);
  last_complaint.clear();
}

std::string complaint_or(const std::string& text) {
  return last_complaint.empty() || text.find(last_complaint) != std::string::npos
             ? text
             : text + "; " + last_complaint;
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

std::string wanted_text(const SoapySourceOptions& options) {
  std::string text = "SDR driver=" + (options.driver.empty() ? "any" : options.driver);
  if (!options.serial.empty()) text += " serial=" + options.serial;
  if (!options.args.empty()) text += " " + options.args;
  return text;
}

namespace {

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

}  // namespace

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

}  // namespace soapy

Expected<DeviceList> list_devices() {
  soapy::quieten();
  return soapy::guarded("cannot list SDR devices", "", []() -> Expected<DeviceList> {
    DeviceList list;
    list.drivers = soapy::installed_drivers();
    for (const auto& found : SoapySDR::Device::enumerate()) {
      if (soapy::value_of(found, "driver") != "null") list.devices.push_back(soapy::to_info(found));
    }
    return list;
  });
}

}  // namespace omnisonde
