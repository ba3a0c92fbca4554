// What all outputs have in common: a worker thread of their own, a share of the outbox, a state
// that people can read.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "uploader/config.hpp"
#include "uploader/delivery.hpp"
#include "uploader/outbox.hpp"

namespace omnisonde::uploader {

/// One output (the hub, a broker). `stop` returns within a few seconds whatever the network does.
class Output {
 public:
  virtual ~Output() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  /// A line of the gateway's log. Must not block, and may drop it.
  virtual void note(const LogEvent& event) { (void)event; }
};

/// The station as it is now. Thread-safe.
class StationBox {
 public:
  explicit StationBox(StationConfig station) : station_(std::move(station)) {}
  void set(StationConfig station) {
    const std::lock_guard lock(mutex_);
    station_ = std::move(station);
    ++revision_;
  }
  [[nodiscard]] StationConfig get() const {
    const std::lock_guard lock(mutex_);
    return station_;
  }
  [[nodiscard]] std::uint64_t revision() const {
    const std::lock_guard lock(mutex_);
    return revision_;
  }

 private:
  mutable std::mutex mutex_;
  StationConfig station_;
  std::uint64_t revision_ = 0;
};

/// What an output says of itself. Written by its thread, read by any.
class StateBoard {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kRefusedKept = 20;
  struct View {
    std::string state = "starting";
    bool ok = true;
    std::string last_error;
    std::optional<Clock::time_point> last_success, retry_at;
    LatencyCounts latency;
    std::deque<RefusedRecord> refused;  ///< the last kRefusedKept, newest first
  };

  void good(std::string state) {
    const std::lock_guard lock(mutex_);
    view_.state = std::move(state);
    view_.ok = true;
    view_.retry_at.reset();
  }
  void success() {
    const std::lock_guard lock(mutex_);
    view_.last_success = Clock::now();
  }
  /// A record was delivered `seconds` after it had been received.
  void delivered(double seconds) {
    const std::lock_guard lock(mutex_);
    view_.latency.add(std::max(0.0, seconds));
  }
  void refused(RefusedRecord record) {
    const std::lock_guard lock(mutex_);
    view_.refused.push_front(std::move(record));
    if (view_.refused.size() > kRefusedKept) view_.refused.pop_back();
  }
  void bad(std::string error, std::optional<Clock::time_point> retry_at) {
    const std::lock_guard lock(mutex_);
    view_.state = error;
    view_.last_error = std::move(error);
    view_.ok = false;
    view_.retry_at = retry_at;
  }
  [[nodiscard]] View view() const {
    const std::lock_guard lock(mutex_);
    return view_;
  }

 private:
  mutable std::mutex mutex_;
  View view_;
};

/// What an output's worker is given; all pointers outlive it.
struct OutputContext {
  Outbox* outbox = nullptr;
  std::size_t index = 0;  ///< of this output in the outbox
  StationBox* station = nullptr;
  StateBoard* board = nullptr;
  Hooks hooks;  ///< all set
};

}  // namespace omnisonde::uploader
