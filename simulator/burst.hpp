// One burst of symbols as samples, for tests: no scenario, no encoder, no wide band.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dsp/fft.hpp"
#include "dsp/modem_params.hpp"
#include "simulator/impairments.hpp"

namespace omnisonde::sim {

struct BurstOptions {
  double rate_hz = 48'000;  ///< any
  double lead_s = 0.02;     ///< from sample 0 to the first symbol's beginning; need not be
                            ///< whole samples
  double tail_s = 0.02;     ///< after the last symbol
  double amplitude = 1;     ///< of the carrier
  std::optional<double> ebn0_db = std::nullopt;  ///< energy of one line symbol over the noise
                                                 ///< density; nothing = no noise
  std::uint64_t seed = 1;                        ///< of noise and fading
  Impairments impairments = {};
};

/// (G)FSK of `symbols` (0 or 1, 1 = higher tone) around 0 Hz, white noise over all of it.
[[nodiscard]] std::vector<dsp::Sample> modulate_burst(std::span<const std::uint8_t> symbols,
                                                      const dsp::ModemParams& modem,
                                                      const BurstOptions& options);

}  // namespace omnisonde::sim
