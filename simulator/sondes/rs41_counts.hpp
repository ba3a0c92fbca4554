// RS41 test encoder: the sensor counts that mean a given weather.
#pragma once

#include "decoders/sondes/rs41_calibration.hpp"
#include "decoders/sondes/rs41_ptu.hpp"

namespace omnisonde::sim::rs41 {

struct Weather {
  double temperature_c = 0, humidity_pct = 0, pressure_hpa = 0;
};

/// Inverts the decoder's formulas numerically; what it gives is as near as whole counts allow.
/// @param table             all rows.
/// @param pressure_sensor   false leaves the pressure counts at zero, as an SG does.
/// @param ambient_hpa       what the receiver will take for the pressure in the humidity formula.
[[nodiscard]] omnisonde::rs41::Measurement counts_for(const Weather& weather,
                                                      const omnisonde::rs41::Calibration& table,
                                                      bool pressure_sensor, double ambient_hpa);

}  // namespace omnisonde::sim::rs41
