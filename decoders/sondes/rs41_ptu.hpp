// RS41: pressure, temperature and humidity from raw counts and the calibration table.
// Formulas: formats/rs41.md section 6; humidity as the network's main client reports it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "decoders/sondes/rs41_calibration.hpp"

namespace omnisonde::rs41 {

/// A sensor's count between those of its two references.
struct Triple {
  std::uint32_t value = 0, low = 0, high = 0;
};

/// Block 0x7A, or the first 27 bytes of it (0x7F).
struct Measurement {
  Triple temperature, humidity, humidity_temperature, pressure;
  double module_c = 0;  ///< of the pressure sensor
};

/// @param payload  27 bytes or more; without 42 the pressure part stays zero.
[[nodiscard]] std::optional<Measurement> read_measurement(std::span<const std::uint8_t> payload);

/// Each gives nothing while its rows are missing, or when the counts make no sense.
[[nodiscard]] std::optional<double> air_temperature_c(const Measurement& m, const Calibration& c);
[[nodiscard]] std::optional<double> sensor_temperature_c(const Measurement& m,
                                                         const Calibration& c);
[[nodiscard]] std::optional<double> pressure_hpa(const Measurement& m, const Calibration& c);

/// Relative humidity over water, 0..100 %.
/// @param ambient_hpa  measured, or of the standard atmosphere at the sonde's height; without it a
///                     coarser correction is used.
[[nodiscard]] std::optional<double> humidity_pct(const Measurement& m, const Calibration& c,
                                                 std::optional<double> ambient_hpa);

}  // namespace omnisonde::rs41
