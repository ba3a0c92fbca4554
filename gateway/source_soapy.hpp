// Live receivers through SoapySDR. Only source_soapy.cpp includes SoapySDR.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/base/expected.hpp"
#include "gateway/devices.hpp"
#include "gateway/source.hpp"

namespace omnisonde {

struct SoapySourceOptions {
  std::string driver;  ///< "rtlsdr"; empty takes any
  std::string serial;  ///< compared exactly; empty takes the first found
  std::string args;    ///< further SoapySDR arguments, "key=value,key=value"
  double sample_rate_hz = 2'400'000;
  double centre_hz = 403'000'000;
  std::optional<double> gain_db;   ///< nothing switches the device's own gain control on
  double frequency_error_ppm = 0;  ///< of the crystal; > 0: it runs fast
  bool bias_tee = false;
  std::string antenna;  ///< empty leaves the device's choice
};

/// A receiver that can be moved. One thread reads; set_centre_hz from the same thread.
///
/// read() takes what the device has, waiting at most 100 ms; an overflow shows as lost_before of
/// the next samples (from the device's time stamps, else estimated by the clock). No samples for
/// 3 s, or a broken stream, is an Error: close it and open it again, with a back-off.
class TunableSource : public Source {
 public:
  /// Moves 0 Hz to `centre_hz` and updates info(). Samples in flight are still of the old centre.
  virtual Expected<void> set_centre_hz(double centre_hz) = 0;

  /// How often the device reported an overflow since it was opened.
  [[nodiscard]] virtual std::uint64_t overflows() const = 0;
};

/// Finds the device, sets it up and starts its stream, in the device's own number format.
/// @returns an Error that lists what was found, or what the driver said (busy, no permission),
///          or the values that the device offers (rate, antenna).
/// Blocks for up to some seconds. No exception leaves this function.
Expected<std::unique_ptr<TunableSource>> open_soapy_source(const SoapySourceOptions& options);

/// Asks every installed SoapySDR module; takes 1 s and more. An empty list is no Error.
Expected<DeviceList> list_devices();

}  // namespace omnisonde
