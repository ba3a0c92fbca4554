// What a sync search needs while it runs; kept from search to search so that nothing is allocated.
#pragma once

#include <cstdint>
#include <vector>

#include "dsp/fft.hpp"

namespace omnisonde::dsp {

struct SyncHit {
  double start = 0;       ///< sample index of the first symbol's start
  double carrier_hz = 0;  ///< which of the offsets tried
  float score = 0;        ///< normalised correlation, 1 = perfect
  bool inverted = false;  ///< the complement was found
};

/// For the SyncSearches of one thread: no content outlives a search.
struct SearchBuffers {
  std::vector<Sample> low, high;  ///< running sums of the samples mixed by each tone
  std::vector<Sample> low_mirror, high_mirror, product;  ///< AFSK: of the tones' negatives
  std::vector<float> audio;                              ///< running sum of discriminator audio
  std::vector<std::vector<float>> level;  ///< per timing phase: |high| - |low| of each symbol
  std::vector<float> raw_level;           ///< of one phase, before its mean is taken out
  std::vector<SyncHit> found;
};

}  // namespace omnisonde::dsp
