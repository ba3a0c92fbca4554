// Formulas of the atmosphere that several types' sensors need.
#pragma once

namespace omnisonde::physics {

/// Pressure of the International Standard Atmosphere, hPa.
/// @param altitude_m  geopotential height; below 0 it is extrapolated, above 47 km as well.
/// Source: ICAO Doc 7488.
[[nodiscard]] double isa_pressure_hpa(double altitude_m);

/// Saturation vapour pressure over liquid water, Pa; also below freezing, as radiosondes report
/// humidity over water. @param temperature_c  -120..100.
/// Source: R. Hyland, A. Wexler, ASHRAE Trans. 89 (1983).
[[nodiscard]] double saturation_pressure_pa(double temperature_c);

}  // namespace omnisonde::physics
