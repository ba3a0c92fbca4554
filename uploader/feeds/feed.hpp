// What all feeds have in common: a thread of their own, counters, a state that people can read.
// Nothing that a feed does may hold up the caller or another feed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "decoders/telemetry.hpp"
#include "uploader/config.hpp"
#include "uploader/feeds/event.hpp"
#include "uploader/output.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde::uploader {

/// Counts of one feed. in = delivered + sum of the drops + what waits. Thread-safe.
class FeedMeter {
 public:
  void delivered(std::uint64_t count = 1);
  void dropped(const std::string& key, const std::string& words, std::uint64_t count = 1);
  /// Something is wrong; said in the log when it is another thing than before.
  void failed(const Hooks& hooks, const std::string& feed, const std::string& what);
  [[nodiscard]] StateBoard& board() { return board_; }
  [[nodiscard]] OutputStatus status(const std::string& name, std::uint64_t waiting) const;

 private:
  StateBoard board_;
  mutable std::mutex mutex_;
  std::uint64_t delivered_ = 0;
  std::map<std::string, ReasonCount> dropped_;
  std::string last_failure_;
};

/// A thread that calls `step` until it is stopped.
class FeedThread {
 public:
  ~FeedThread() { stop(); }
  /// @param step  does what is due; returns the seconds until it must be called again at the
  /// latest.
  void start(std::function<double()> step);
  /// `step` is called soon.
  void wake();
  /// Ends the thread after its present step. `stopping` is true while it waits for that.
  void stop();
  [[nodiscard]] const std::atomic<bool>& stopping() const { return stopping_; }

 private:
  void run(const std::function<double()>& step);

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  std::atomic<bool> stopping_{false};
};

/// One feed. `record`, `event` and `set_station` are quick and may be called from any thread.
class Feed {
 public:
  virtual ~Feed() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  /// A record that may be published: with serial, frame number, time and position.
  virtual void record(const Telemetry& t) { (void)t; }
  virtual void event(const Event& e) { (void)e; }
  virtual void set_station(const StationConfig& station) { (void)station; }
  [[nodiscard]] virtual OutputStatus status() const = 0;
};

}  // namespace omnisonde::uploader
