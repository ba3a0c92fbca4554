// Faults of the simulated receiver on command: a file says what is the matter with it now.
#pragma once

#include <chrono>
#include <string>

namespace omnisonde::sim {

enum class ControlledFault {
  kNone,      ///< "ok", an empty file, or none
  kGone,      ///< "gone": not found, not to be opened, every read fails
  kStall,     ///< "stall": streams go silent and stay so until they are opened anew
  kGarbage,   ///< "garbage": random full-scale samples
  kOverflow,  ///< "overflow": half of the samples are lost
  kFlat       ///< "flat": one value only, until it is opened anew
};

/// One thread.
class FaultControl {
 public:
  /// @param path  empty: never a fault
  explicit FaultControl(std::string path) : path_(std::move(path)) {}

  /// What the file says, at most 20 ms old.
  ControlledFault now();

 private:
  std::string path_;
  ControlledFault last_ = ControlledFault::kNone;
  std::chrono::steady_clock::time_point read_{};
};

}  // namespace omnisonde::sim
