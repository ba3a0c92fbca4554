// Invented flights, the same in every process: a record is known by its sonde and its frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "decoders/telemetry.hpp"

namespace omnisonde::testing {

struct Flights {
  std::uint32_t sondes = 100;
  std::uint32_t frames = 10'000;  ///< of each sonde, one a second
  UtcMillis begin;                ///< of frame 0
  [[nodiscard]] std::uint64_t records() const { return std::uint64_t{sondes} * frames; }
};

/// Frame `frame` of sonde `sonde`, heard at `received`.
[[nodiscard]] Telemetry flight_record(const Flights& flights, std::uint32_t sonde,
                                      std::uint32_t frame, UtcMillis received);

/// The number of the sonde with this serial.
[[nodiscard]] std::optional<std::uint32_t> sonde_of(const Flights& flights,
                                                    const std::string& serial);

}  // namespace omnisonde::testing
