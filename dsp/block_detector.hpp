// The search over all bit patterns of a sliding block of units: the heart of the demodulator.
#pragma once

#include <span>
#include <vector>

#include "dsp/unit_bank.hpp"

namespace omnisonde::dsp {

/// For each bit, the largest magnitude that a coherent sum over the block around it reaches with
/// the bit 0 and with the bit 1. Grows the sums from unit to unit (each is used by several blocks),
/// so a block of 5 costs 240 complex products a bit and one of 3 costs 48. One thread.
class BlockDetector {
 public:
  static constexpr int kMaxBlock = 7;

  /// @param units   correlations [unit + pad][context] as UnitBank gives them; pad >= (block - 1) /
  /// 2
  ///                units must be there before the first and after the last bit
  /// @param block   1 (each unit by itself), 3, 5 or 7
  /// @param margin  out.size() values: |best with 1| - |best with 0|
  void detect(const UnitBank& bank, std::span<const Sample> units, int pad, int block,
              std::span<float> margin);

 private:
  struct Sums {
    std::vector<float> re, im;
  };
  void grow(const UnitBank& bank, const Sample* correlations, int level);
  [[nodiscard]] float centre_margin(int block, int context_bits);

  std::vector<Sums> level_;  ///< [m - 1]: sums over m units, by bit pattern
  std::vector<float> power_;
};

}  // namespace omnisonde::dsp
