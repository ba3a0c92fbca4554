// Finds carrier, deviation and audio phase of an FM carrier that sends one steady audio tone.
#pragma once

#include <span>
#include <vector>

#include "dsp/afsk_tone.hpp"

namespace omnisonde::dsp {

struct AfskCarrier {
  double carrier_hz = 0;    ///< of the samples' 0 Hz
  double audio_cycles = 0;  ///< audio phase at the first sample
  double deviation_hz = 0;
  double power = 0;  ///< what the waveform explains, in the power of one sample times their number
};

/// Such a signal repeats with the tone but for the carrier: its correlation with itself a period
/// later gives the carrier but for multiples of the tone, and adding up its periods raises it out
/// of the noise before anything is decided. What is left is a search over few values.
/// One thread. Allocates: while growing.
class AfskAcquire {
 public:
  AfskAcquire(double rate_hz, double tone_hz, double deviation_hz);

  /// @param x         samples of the steady tone alone
  /// @param reach_hz  largest carrier either way; those near 0 are believed more easily
  [[nodiscard]] AfskCarrier find(std::span<const Sample> x, double reach_hz);

 private:
  void fold(std::span<const Sample> x, double carrier_hz);
  [[nodiscard]] double match(double deviation_hz, double cycles, int line) const;
  struct Best {
    double score = 0, cycles = 0, deviation_hz = 0;
    int line = 0;
  };
  /// What a wide signal's folded period says by its frequency, to search about.
  [[nodiscard]] Best rough() const;
  void try_line(int line, double weight, const Best* about, Best& best);
  void polish(Best& best) const;

  double rate_hz_, tone_hz_;
  int lag_, bins_;
  std::vector<AfskTone> tones_;  ///< the deviations tried
  std::vector<Sample> period_;   ///< one period of the tone, the mean of all
  std::vector<Sample> shifted_;
  std::vector<Sample> turn_;  ///< exp(i 2 pi n / bins)
};

}  // namespace omnisonde::dsp
