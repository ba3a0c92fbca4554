// Physics and clock that M10 and M20 have in common.
#pragma once

#include <cstdint>
#include <optional>

#include "decoders/geo/gps_time.hpp"
#include "decoders/telemetry.hpp"

namespace omnisonde::m10 {

/// Resistances of the thermistor divider by range: in series and in parallel (0: none), ohms.
struct Divider {
  double series_ohm, parallel_ohm;
};
inline constexpr Divider kDividers[3] = {{12'100, 0}, {36'500, 330'000}, {475'000, 2'000'000}};

/// Temperature of the PB5-41E thermistor, by its Steinhart-Hart polynomial.
[[nodiscard]] double thermistor_kelvin(double ohm);

/// Air temperature.
/// @param range    0..2
/// @param reading  12 bits, of the divider
/// @returns nothing for an impossible reading, or outside -120..60 C.
[[nodiscard]] std::optional<double> air_temperature_c(unsigned range, unsigned reading);

/// M10's humidity, 0..100 %.
/// @param reference  count at 55 %
[[nodiscard]] std::optional<double> m10_humidity_pct(unsigned count, unsigned reference,
                                                     std::optional<double> air_c);

/// Temperature beside the M20's humidity sensor; nothing for a reading at either end.
[[nodiscard]] std::optional<double> m20_sensor_temperature_c(unsigned reading);

/// M20's humidity, 0..100 %.
[[nodiscard]] std::optional<double> m20_humidity_pct(unsigned reading, unsigned calibration,
                                                     double sensor_c);

/// The full week of a receiver that may send it modulo 1024: never more than half of that behind
/// the clock, nor before the first of these sondes where the clock is not set.
[[nodiscard]] int full_week(int week, UtcMillis now);

/// Ground speed and heading from components, m/s; vertical upwards.
void put_velocity(double east_mps, double north_mps, double up_mps, Telemetry& out);

/// Takes over a position that can be one: not 0, 0 (what a sonde sends without a fix), not beyond a
/// pole.
void put_position(const GeoPosition& position, Telemetry& out);

/// Why a record must not be sent for where it is; "" when it may.
[[nodiscard]] const char* position_fault(const std::optional<GeoPosition>& position);

}  // namespace omnisonde::m10
