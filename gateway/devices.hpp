// What `omnisonde devices` lists.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace omnisonde {

/// One receiver as its driver reports it.
struct DeviceInfo {
  std::string driver;                        ///< SoapySDR's driver name: "rtlsdr"
  std::string label;                         ///< for people; may be empty
  std::string serial;                        ///< may be empty
  std::map<std::string, std::string> other;  ///< whatever else opens or describes it
};

struct DeviceList {
  std::vector<DeviceInfo> devices;
  std::vector<std::string> drivers;  ///< SoapySDR drivers that are installed, sorted
};

/// "driver=rtlsdr serial=00000001 (Generic RTL2832U)", one line without its end.
[[nodiscard]] std::string describe(const DeviceInfo& device);

/// The list for people, each line ended by a newline; an empty list says what to check.
[[nodiscard]] std::string describe(const DeviceList& list);

}  // namespace omnisonde
