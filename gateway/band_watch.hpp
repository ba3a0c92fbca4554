// Lets the planner decide where the receivers look, and tells the page what they see of the band.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/live_receiver.hpp"
#include "gateway/log.hpp"
#include "gateway/status.hpp"
#include "gateway/window_planner.hpp"

namespace omnisonde {

/// Thread-safe.
class BandWatch {
 public:
  BandWatch(PlannerRules rules, Log& log) : log_(log), planner_(std::move(rules)) {}

  /// Before the devices are opened. @returns where each should begin.
  std::vector<double> begin(const std::vector<std::unique_ptr<LiveReceiver>>& receivers);

  /// Asks the receivers, and moves them. About twice a second.
  void tick(const std::vector<std::unique_ptr<LiveReceiver>>& receivers);

  [[nodiscard]] BandStatus status() const;

 private:
  Log& log_;
  mutable std::mutex mutex_;
  WindowPlanner planner_;
};

}  // namespace omnisonde
