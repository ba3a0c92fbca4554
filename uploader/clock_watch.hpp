// Notices that the wall clock has jumped. What a clock says just after a jump is not good enough to
// call records too old or from the future, for a jump is often taken back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "gateway/base/utc.hpp"
#include "uploader/config.hpp"

namespace omnisonde::uploader {

/// Thread-safe.
class ClockWatch {
 public:
  /// @param hooks   all set; outlives the watch.
  /// @param hold_s  for so long after a jump the clock is not called good.
  ClockWatch(const Hooks& hooks, double hold_s) : hooks_(hooks), hold_s_(hold_s) {}

  /// The clock has not jumped of late, and the gateway calls it good.
  [[nodiscard]] bool good();

 private:
  using Clock = std::chrono::steady_clock;
  const Hooks& hooks_;
  const double hold_s_;
  std::mutex mutex_;
  std::optional<UtcMillis> last_wall_;
  Clock::time_point last_steady_, hold_until_;
};

}  // namespace omnisonde::uploader
