// RS92 test encoder: a calibration table, and the counts a sensor would send with it.
#pragma once

#include <string>

#include "decoders/sondes/rs92_calibration.hpp"
#include "decoders/sondes/rs92_ptu.hpp"

namespace omnisonde::sim::rs92 {

/// A plain (SGP's) table. The coefficients that matter are those of the worked example of
/// formats/rs92.md section 7, the others are made up. @param steps  of 10 kHz over 400 or 1600 MHz.
[[nodiscard]] omnisonde::rs92::Table make_table(const std::string& serial, unsigned steps);

/// Counts that give these values with the table; values beyond the sensors' range are limited.
[[nodiscard]] omnisonde::rs92::Counts counts_for(const omnisonde::rs92::Calibration& table,
                                                 double temperature_c, double humidity_pct,
                                                 double pressure_hpa);

}  // namespace omnisonde::sim::rs92
