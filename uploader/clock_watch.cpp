#include "uploader/clock_watch.hpp"

#include <cmath>

namespace omnisonde::uploader {
namespace {

constexpr double kJump_s = 10;  // more than a time daemon slews, less than any rule of the hub

}  // namespace

bool ClockWatch::good() {
  double jump_s = 0;
  bool held = false;
  {
    const std::lock_guard lock(mutex_);
    const UtcMillis wall = hooks_.now();
    const Clock::time_point steady = Clock::now();
    if (last_wall_) {
      const double wall_s = static_cast<double>(wall.ms - last_wall_->ms) / 1000;
      jump_s = wall_s - std::chrono::duration<double>(steady - last_steady_).count();
      if (std::abs(jump_s) > kJump_s) {
        hold_until_ = steady + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(hold_s_));
      }
    }
    last_wall_ = wall;
    last_steady_ = steady;
    held = steady < hold_until_;
  }
  if (std::abs(jump_s) > kJump_s) {
    hooks_.log(LogLevel::kWarning, "outbox: this computer's clock jumped by " +
                                       std::to_string(std::lround(jump_s)) + " s: for " +
                                       std::to_string(std::lround(hold_s_)) +
                                       " s nothing is sent or given up for its age");
    if (hooks_.clock_jumped) hooks_.clock_jumped();
  }
  return !held && hooks_.clock_good();
}

}  // namespace omnisonde::uploader
