// Finds the gain of a receiver by itself: high enough that the antenna's noise covers the
// converter's, low enough that nothing clips. Slow upwards, at once downwards.
#pragma once

#include <optional>

namespace omnisonde {

/// One thread. Times are seconds of a clock that only rises.
class GainControl {
 public:
  /// The device's range; begins in its upper middle.
  GainControl(double low_db, double high_db);

  [[nodiscard]] double gain_db() const noexcept { return gain_db_; }

  /// A few times a second.
  /// @param clipped     share of samples at full scale since the last call, 0 to 1
  /// @param noise_dbfs  noise in the whole window, dB below full scale; sondes not counted
  /// @returns the new gain when it changes.
  std::optional<double> update(double now_s, double clipped, double noise_dbfs);

  /// How often clipping has lowered it.
  [[nodiscard]] int overloads() const noexcept { return overloads_; }

 private:
  [[nodiscard]] std::optional<double> change(double now_s, double by_db);

  double low_db_, high_db_, gain_db_;
  double changed_s_ = -1e9;  ///< last change: what is measured soon after is of the old gain
  double wait_until_s_ = 0;  ///< no rise before: what clipped once may come back
  double wait_s_ = 30;
  double last_clipped_s_ = -1e9;
  int overloads_ = 0;
};

}  // namespace omnisonde
