// The newest record of each sonde, handed out at most once per interval and sonde: for outputs that
// show the present and would gain nothing from the past. Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "decoders/telemetry.hpp"

namespace omnisonde::uploader {

class NewestPerSonde {
 public:
  using Clock = std::chrono::steady_clock;

  explicit NewestPerSonde(double interval_s) : interval_s_(interval_s) {}

  /// @returns true when it took the place of one that nobody had fetched.
  bool put(const Telemetry& t) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[t.type + "-" + t.serial];
    const bool replaced = entry.fresh;
    // What was held back and comes late is older than what is known.
    if (entry.record.datetime && t.datetime && *t.datetime < *entry.record.datetime) return true;
    entry.record = t;
    entry.fresh = true;
    ++entry.seen;
    return replaced;
  }

  struct Due {
    std::vector<Telemetry> records;
    double next_s = 3600;  ///< until the next one may be due
  };
  /// What is due now. @param at_least  only sondes of which so many records have come.
  [[nodiscard]] Due take_due(Clock::time_point now, std::uint64_t at_least = 1) {
    const std::lock_guard lock(mutex_);
    Due out;
    for (auto& [key, entry] : entries_) {
      if (!entry.fresh || entry.seen < at_least) continue;
      const double wait_s = std::chrono::duration<double>(entry.not_before - now).count();
      if (wait_s > 0) {
        out.next_s = std::min(out.next_s, wait_s);
        continue;
      }
      entry.fresh = false;
      entry.not_before = now + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(interval_s_));
      out.records.push_back(entry.record);
    }
    std::erase_if(entries_, [&](const auto& e) {
      return !e.second.fresh && now - e.second.not_before > std::chrono::hours(1);
    });
    return out;
  }

  [[nodiscard]] std::uint64_t waiting() const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::uint64_t>(std::count_if(entries_.begin(), entries_.end(),
                                                    [](const auto& e) { return e.second.fresh; }));
  }

 private:
  struct Entry {
    Telemetry record;
    bool fresh = false;
    std::uint64_t seen = 0;
    Clock::time_point not_before = Clock::now();
  };
  double interval_s_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace omnisonde::uploader
