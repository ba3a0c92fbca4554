#include "gateway/devices.hpp"

namespace omnisonde {

std::string describe(const DeviceInfo& device) {
  std::string line = "driver=" + device.driver;
  if (!device.serial.empty()) line += " serial=" + device.serial;
  if (!device.label.empty()) line += " (" + device.label + ")";
  return line;
}

std::string describe(const DeviceList& list) {
  std::string text;
  for (const auto& device : list.devices) text += describe(device) + "\n";
  if (list.devices.empty()) {
    text +=
        "no receiver found: check that it is plugged in and that its SoapySDR module is "
        "installed (RTL-SDR: soapysdr-module-rtlsdr)\n";
  }
  text += "installed drivers:";
  for (const auto& driver : list.drivers) text += " " + driver;
  if (list.drivers.empty()) text += " none";
  return text + "\n";
}

}  // namespace omnisonde
