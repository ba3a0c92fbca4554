// What follows from a record without having been sent: dew point, pressure, the instruments'
// readings. For people to look at; never part of what is uploaded.
#pragma once

#include <optional>
#include <vector>

#include "decoders/telemetry.hpp"
#include "decoders/xdata.hpp"

namespace omnisonde::physics {

struct Derived {
  std::optional<double> dew_point_c;
  std::optional<double> pressure_hpa;  ///< only where the sonde sends none
  bool measured_column = false;        ///< pressure from measured temperatures, not the standard
  std::vector<XdataReading> xdata;
};

/// The air that one sonde has gone through: pressure by the hypsometric equation, upwards and
/// downwards from the first height heard, where the standard atmosphere has to do.
/// Good to the difference between that and the day's pressure (some percent) and the geoid (some
/// 10 m). One thread.
class AirColumn {
 public:
  /// @returns  what follows from the record; nothing of it from values that are not finite.
  Derived add(const Telemetry& record);

 private:
  struct Level {
    double height_m, pressure_hpa, temperature_c;
    bool measured;  ///< with all levels between it and the first
  };
  [[nodiscard]] Level level_at(double height_m, std::optional<double> temperature_c);

  std::vector<Level> levels_;  ///< by rising height
};

}  // namespace omnisonde::physics
