// What searches and demodulators that work one after the other can share: a quarter of a megabyte
// each otherwise, and the same waveforms computed anew for every place where a sonde might be.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <vector>

#include "dsp/block_detector.hpp"
#include "dsp/fft.hpp"
#include "dsp/modem_params.hpp"
#include "dsp/search_buffers.hpp"
#include "dsp/unit_bank.hpp"

namespace omnisonde::dsp {

/// Buffers for the one frame that is being worked on, and the waveforms of every deviation asked
/// for so far. For FskDemods of one thread: whoever has loaded last owns the buffers. SyncSearches
/// of the thread have buffers of their own here.
struct Workspace {
  const void* owner = nullptr;     ///< who has loaded last
  std::vector<Sample> raw, mixed;  ///< samples as received; with the carrier removed
  std::vector<Sample> units;       ///< [unit + pad][context]
  std::vector<Sample> turned;      ///< units with the carrier's wander taken out
  std::vector<int> context;        ///< decided context of each bit
  std::vector<Sample> aligned;     ///< decided correlations with the modulation's phase removed
  std::vector<float> trial;        ///< decisions that may be the better ones
  BlockDetector detector;
  std::vector<Sample> window;  ///< a stretch to be searched
  SearchBuffers search;
  bool deep = true;  ///< false: no dear attempts, the machine cannot keep up

  /// @param deviation_hz  instead of modem.deviation_hz; rounded to whole Hz
  /// @returns waveforms that live as long as the workspace. Allocates: the first time.
  [[nodiscard]] const UnitBank& bank(const ModemParams& modem, double deviation_hz, double rate_hz);

 private:
  struct Key {
    double symbol_rate_hz, rate_hz;
    float bt;
    LineCode line_code;
    long deviation_hz;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, UnitBank> banks_;
};

}  // namespace omnisonde::dsp
