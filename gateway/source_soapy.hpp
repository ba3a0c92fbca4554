// Live receivers through SoapySDR. Only source_soapy*.cpp include SoapySDR.
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

struct GainRange {
  double low_db = 0, high_db = 0;
};

/// A receiver that can be moved. One thread reads and sets.
///
/// read() takes what the device has, waiting at most 100 ms; an overflow shows as lost_before of
/// the next samples (from the device's time stamps, else estimated by the clock). No samples for
/// 2 s, or a broken stream, is an Error: close it and open it again, with a back-off.
class TunableSource : public Source {
 public:
  /// Moves 0 Hz to `centre_hz` and updates info(). Samples in flight, still of the old centre, are
  /// thrown away: two of the driver's buffers and 10 ms (ReadResult::retuned_before).
  virtual Expected<void> set_centre_hz(double centre_hz) = 0;

  /// The crystal's error is known better. Nothing is tuned: info().centre_hz says where 0 Hz really
  /// is, and set_centre_hz() aims better.
  virtual void set_frequency_error_ppm(double ppm) = 0;

  [[nodiscard]] virtual GainRange gain_range() const = 0;
  /// Fixes the gain; the device's own control is off from then on.
  virtual Expected<void> set_gain_db(double gain_db) = 0;

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
