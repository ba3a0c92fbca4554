// Line symbols on an exact clock, and the carrier phase they make: continuous-phase (G)FSK, or two
// audio tones on FM, that can be asked for any instant, so that neither sample rate nor clock error
// needs a resampler.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace omnisonde::sim {

/// The audio of AFSK, clock error included; mark_hz 0 means plain FSK.
struct AudioTones {
  double mark_hz = 0, space_hz = 0;
};

class SymbolTrack {
 public:
  /// @param symbol_rate_hz  true rate, clock error included.
  /// @param deviation_hz    half the tone distance; negative swaps the tones. Of AFSK: of the FM.
  /// @param bt              Gaussian filter, 0 = none.
  SymbolTrack(double symbol_rate_hz, double deviation_hz, float bt, AudioTones audio = {});

  /// Forgets all symbols; the next one appended starts at `start_s`. The phase starts anew.
  void restart(double start_s);

  /// Appends line symbols (0 or 1).
  void append(std::span<const std::uint8_t> symbols);

  /// Forgets symbols that no longer shape the signal at or after `time_s`. Phase is kept.
  void forget_before(double time_s);

  [[nodiscard]] bool empty() const { return signs_.empty(); }
  [[nodiscard]] double end_s() const;
  /// How long before its middle a symbol begins to act, in s.
  [[nodiscard]] double reach_s() const { return half_span_ / symbol_rate_hz_; }

  /// Phase of the modulation in cycles at `time_s`. Before the first and after the last symbol
  /// these two go on. Only while !empty().
  [[nodiscard]] double phase_cycles(double time_s) const noexcept;

 private:
  [[nodiscard]] std::int64_t sign_at(std::int64_t index) const noexcept;
  [[nodiscard]] std::int64_t sum_before(std::int64_t index) const noexcept;
  [[nodiscard]] double tone_cycles(std::int64_t index) const noexcept;
  [[nodiscard]] double audio_phase_cycles(double place) const noexcept;

  static constexpr int kSteps = 512;  // table steps per symbol: phase spurs stay below -100 dB

  double symbol_rate_hz_;
  double cycles_per_symbol_;
  int half_span_;             // symbols from a pulse's middle to its end
  std::vector<float> pulse_;  // phase pulse from -half_span_ to +half_span_
  double start_s_ = 0;
  std::int64_t first_index_ = 0;    // of signs_[0], counted from start_s_
  std::vector<std::int8_t> signs_;  // +1 or -1
  std::vector<std::int64_t> sums_;  // sum of all signs before signs_[i], from start_s_ on

  // AFSK only. Audio and carrier phase, in cycles, at the start of each symbol.
  struct AudioStart {
    double audio = 0, carrier = 0;
  };
  double mark_cycles_, space_cycles_;  // of the audio in a symbol
  double deviation_cycles_;            // of the carrier in a symbol, at peak deviation
  std::vector<AudioStart> audio_;
};

}  // namespace omnisonde::sim
