// What the way from an ideal transmitter to the antenna does to a signal.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dsp/fft.hpp"

namespace omnisonde::sim {

struct Impairments {
  double offset_hz = 0;       ///< carrier off its nominal frequency
  double drift_hz_per_s = 0;  ///< carrier drift, from time 0 on
  double drift_span_hz = 0;   ///< the drift turns round this far from the start; 0 = never
  double clock_ppm = 0;       ///< symbol clock error; positive is fast
  std::optional<double> deviation_hz =
      std::nullopt;       ///< instead of the type's own: wrong modulation index
  bool inverted = false;  ///< tones swapped (as by swapped I and Q)
  double fade_hz = 0;     ///< Doppler spread of Rayleigh fading; 0 = none
  std::vector<std::pair<double, double>> outages_s =
      {};  ///< nothing arrives from .first to .second
};

/// Carrier frequency off nominal at time t, in Hz.
[[nodiscard]] double carrier_offset_hz(const Impairments& impairments, double time_s) noexcept;

/// Complex channel gain over time: Rayleigh fading of mean power 1, times the outages.
/// A function of time alone, so the sample rate does not matter. Deterministic by seed.
/// Source: sum of sinusoids with random phases (Pop and Beaulieu, IEEE Trans. Commun. 2001).
class ChannelGain {
 public:
  ChannelGain(const Impairments& impairments, std::uint64_t seed);

  /// False when the gain is 1 at all times.
  [[nodiscard]] bool varies() const { return !paths_.empty() || !outages_s_.empty(); }
  [[nodiscard]] dsp::Sample at(double time_s) const noexcept;
  /// True when any outage touches [from_s, to_s).
  [[nodiscard]] bool interrupted(double from_s, double to_s) const noexcept;

 private:
  struct Path {
    double doppler_hz;
    double phase_cycles;
  };
  std::vector<Path> paths_;
  std::vector<std::pair<double, double>> outages_s_;
};

}  // namespace omnisonde::sim
