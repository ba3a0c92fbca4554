// What every use of SoapySDR shares: finding a device, and turning its exceptions into Errors. Only
// for source_soapy.cpp.
#pragma once

#include <SoapySDR/Types.hpp>
#include <exception>
#include <string>

#include "gateway/base/expected.hpp"
#include "gateway/source_soapy.hpp"

namespace omnisonde::soapy {

/// Drivers' log lines go nowhere but into the next Error of this thread.
void quieten();

/// @returns `text`, with the driver's last complaint where it adds something.
[[nodiscard]] std::string complaint_or(const std::string& text);

/// "SDR driver=rtlsdr serial=1"
[[nodiscard]] std::string wanted_text(const SoapySourceOptions& options);

/// May throw. @returns the arguments to open it with, or an Error that lists what there is.
[[nodiscard]] Expected<SoapySDR::Kwargs> find_device(const SoapySourceOptions& options);

[[nodiscard]] DeviceInfo to_info(const SoapySDR::Kwargs& found);

// The one place where SoapySDR's exceptions become Errors.
template <typename Function>
[[nodiscard]] auto guarded(const std::string& doing, const char* remedy, Function&& function)
    -> decltype(function()) {
  try {
    return function();
  } catch (const std::exception& e) {
    return Error{doing + ": " + complaint_or(e.what()), remedy};
  } catch (...) {  // some drivers throw C strings
    return Error{doing + ": " + complaint_or("unknown exception of the driver"), remedy};
  }
}

}  // namespace omnisonde::soapy
