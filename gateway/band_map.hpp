// Which part of the band is being watched, and when each part last was.
#pragma once

#include <optional>
#include <vector>

#include "gateway/frequency_range.hpp"

namespace omnisonde {

/// A stretch of the wanted band.
struct BandStretch {
  double low_hz = 0, high_hz = 0;
  double unwatched_s = 0;  ///< since it was last watched (or since the start); 0: watched now
  [[nodiscard]] bool watched() const noexcept { return unwatched_s <= 0; }
};

/// Times are seconds of any clock that only rises. One thread.
class BandMap {
 public:
  /// @param wanted  what should be watched; may overlap, need not be in order
  explicit BandMap(const std::vector<FrequencyRange>& wanted);

  /// At `now_s` these windows are received. The first call is the start.
  void watch(double now_s, const std::vector<FrequencyRange>& windows);

  /// Band that `window` would show and that is not watched now nor in one of `others`, each Hz
  /// times the seconds for which it has not been. Unit: Hz s.
  [[nodiscard]] double staleness(const FrequencyRange& window,
                                 const std::vector<FrequencyRange>& others) const;

  /// Neighbours of the same age (to the second) in one piece, lowest frequency first.
  [[nodiscard]] std::vector<BandStretch> stretches() const;

  [[nodiscard]] double wanted_hz() const noexcept;
  [[nodiscard]] double watched_hz() const noexcept;
  /// From the lowest to the highest frequency wanted.
  [[nodiscard]] FrequencyRange hull() const noexcept;

 private:
  struct Cell {
    double low_hz, high_hz, watched_s;
  };
  std::vector<Cell> cells_;
  std::optional<double> start_s_;
  double now_s_ = 0;
};

}  // namespace omnisonde
