// A scenario: what is in the air and how it is received, as read from a small INI file
// (docs/simulator.md lists the keys).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/convert.hpp"
#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"
#include "simulator/flight.hpp"
#include "simulator/impairments.hpp"

namespace omnisonde::sim {

/// The simulated receiver.
struct StreamSpec {
  double sample_rate_hz = 2.4e6;  ///< a multiple of 1 kHz, 48 kHz to 20 MHz
  double centre_hz = 403e6;
  dsp::SampleFormat format = dsp::SampleFormat::kCu8;
  double duration_s = 0;           ///< 0 = endless
  std::optional<UtcMillis> start;  ///< UTC of the first sample; nothing = now
  double noise_dbfs = -30;         ///< noise power in the whole sample rate; 0 dBFS = amplitude 1
  std::uint64_t seed = 1;
  double dc_offset = 0;     ///< added to I and Q, full scale 1
  double iq_gain_db = 0;    ///< Q over I
  double iq_phase_deg = 0;  ///< Q off its right angle
  double crystal_ppm = 0;   ///< error of the tuner's frequency
};

/// One sonde.
struct SondePlan {
  std::string name;    ///< from [sonde:NAME]
  std::string origin;  ///< "demo.ini:12" of its `type`, for messages
  std::string type;
  SondeIdentity identity;
  FlightPlan flight;
  Impairments impairments;
  double ebn0_db = 20;           ///< energy of one line symbol over the noise density
  double start_s = 0;            ///< transmits from here ...
  std::optional<double> stop_s;  ///< ... to the end of the last frame started before this
};

struct Scenario {
  std::string name;  ///< file name, for messages
  StreamSpec stream;
  std::vector<SondePlan> sondes;

  /// Noise power per Hz, full scale 1.
  [[nodiscard]] double noise_density() const;
};

/// Reads a scenario. Strict: unknown sections and keys, bad values, missing keys and doubled
/// serials are all reported in one Error, one per line of its text, as "file:line: [section] key:
/// ...".
/// @param text       the INI text.
/// @param name       what to call it in messages.
/// @param overrides  "section.key=value", applied after the file ("sonde:A.ebn0_db=12").
[[nodiscard]] Expected<Scenario> parse_scenario(std::string_view text, const std::string& name,
                                                const std::vector<std::string>& overrides = {});

/// The same from a file.
[[nodiscard]] Expected<Scenario> load_scenario(const std::string& path,
                                               const std::vector<std::string>& overrides = {});

/// Eight sondes (five RS41, three DFM) in 2.4 MS/s around 403 MHz: what the simulated receiver
/// hears when no scenario is named.
[[nodiscard]] std::string_view default_scenario_text();

}  // namespace omnisonde::sim
