// The seam between a sonde's test encoder (simulator/sondes/<type>_tx.cpp) and the modulator.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/telemetry.hpp"
#include "dsp/modem_params.hpp"

namespace omnisonde::sim {

/// Where the sonde is and what it measures at one instant: the truth that a decoder must find.
struct FlightState {
  UtcMillis utc;         ///< true UTC
  GeoPosition position;  ///< height above the WGS-84 ellipsoid
  double velocity_north_mps = 0, velocity_east_mps = 0, velocity_up_mps = 0;
  double temperature_c = 15, humidity_pct = 50, pressure_hpa = 1013;
  double battery_v = 2.8;
  int satellites = 10;
};

/// What is fixed for one transmitter.
struct SondeIdentity {
  std::string serial;   ///< in the type's own form; empty takes a fixed example
  std::string variant;  ///< the type's own names: "SG", "SGP", "DFM17", ...; empty = default
  double frequency_hz = 403e6;  ///< announced by types that announce it
  std::string xdata;            ///< instrument string, when the type can carry one
  bool encrypted = false;       ///< where the type has it
};

/// Makes the symbols of one sonde. Not thread-safe; deterministic.
class Transmitter {
 public:
  virtual ~Transmitter() = default;

  [[nodiscard]] virtual const dsp::ModemParams& modem() const = 0;

  /// Start-to-start time of bursts in s, or 0 for a continuous carrier (the next frame follows the
  /// last symbol of the one before).
  [[nodiscard]] virtual double burst_period_s() const = 0;

  /// Line symbols (0 or 1, 1 = higher tone; preamble and sync included) of the next frame, which
  /// starts on air at `state.utc`.
  virtual std::vector<std::uint8_t> next_frame(const FlightState& state) = 0;

  /// The records that a perfect receiver prints for the frames sent so far and not yet asked for;
  /// rx is left empty. (A DFM completes one every 4.5 frames.)
  virtual std::vector<Telemetry> take_truth() = 0;
};

/// @param type  or an alias of it, which then stands in front of the variant: "M20/7".
/// @returns null for a type that has no encoder. Letter case is ignored.
[[nodiscard]] std::unique_ptr<Transmitter> make_transmitter(std::string_view type,
                                                            const SondeIdentity& identity);

}  // namespace omnisonde::sim
