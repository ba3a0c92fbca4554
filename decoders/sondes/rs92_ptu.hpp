// RS92: pressure, temperature and humidity from raw counts and the calibration table.
// Formulas: formats/rs92.md section 4, as the network's main client reports them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "decoders/sondes/rs92_calibration.hpp"

namespace omnisonde::rs92 {

/// The measurement block, an NGP's unmasked.
struct Counts {
  std::uint32_t temperature = 0, humidity1 = 0, humidity2 = 0, ref1 = 0, ref2 = 0, pressure = 0,
                ref3 = 0, ref4 = 0;
};

/// @param payload  24 bytes.
[[nodiscard]] Counts read_counts(std::span<const std::uint8_t> payload);

/// Whether the references are those of an SGP: all known ones count the same to a few dozen,
/// 1118092, 1136804, 868844 and 869184. An NGP's, scrambled, come out so once in 2^29 frames.
[[nodiscard]] bool has_plain_references(const Counts& counts);

/// Value of the polynomial that begins at coefficient `base`: of a sensor's `count` between those
/// of the two references. Nothing when the counts make no sense.
[[nodiscard]] std::optional<double> sensor_value(const Calibration& c, std::size_t base,
                                                 std::uint32_t count, std::uint32_t high,
                                                 std::uint32_t low);

/// Each gives nothing while the table is not complete, or for values that cannot be.
[[nodiscard]] std::optional<double> temperature_c(const Counts& counts, const Calibration& c);
[[nodiscard]] std::optional<double> humidity_pct(const Counts& counts, const Calibration& c);
[[nodiscard]] std::optional<double> pressure_hpa(const Counts& counts, const Calibration& c);

inline constexpr std::size_t kPressureBase = 10, kTemperatureBase = 30, kHumidity1Base = 40,
                             kHumidity2Base = 50;

}  // namespace omnisonde::rs92
