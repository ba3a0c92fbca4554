// Formulas of the atmosphere that several types' sensors need.
#pragma once

#include <optional>

namespace omnisonde::physics {

/// Pressure of the International Standard Atmosphere, hPa.
/// @param altitude_m  geopotential height; below 0 it is extrapolated, above 47 km as well.
/// Source: ICAO Doc 7488.
[[nodiscard]] double isa_pressure_hpa(double altitude_m);

/// Pressure `rise_m` (geopotential) above a level, by the hypsometric equation.
/// @param mean_k  temperature of the layer between
[[nodiscard]] double pressure_above_hpa(double pressure_hpa, double rise_m, double mean_k);

/// Saturation vapour pressure over liquid water, Pa; also below freezing, as radiosondes report
/// humidity over water. @param temperature_c  -120..100.
/// Source: R. Hyland, A. Wexler, ASHRAE Trans. 89 (1983).
[[nodiscard]] double saturation_pressure_pa(double temperature_c);

/// Temperature of that atmosphere, C. Same range.
[[nodiscard]] double isa_temperature_c(double altitude_m);

/// Temperature at which air of this temperature and humidity would be saturated over water, as
/// radiosondes report it; absent for no humidity (0 % or less) and outside -120..100 C.
[[nodiscard]] std::optional<double> dew_point_c(double temperature_c, double humidity_pct);

}  // namespace omnisonde::physics
