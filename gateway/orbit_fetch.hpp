// GPS orbits from the internet: the day's broadcast ephemeris, kept as a file for OrbitShelf.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"
#include "gateway/log.hpp"

namespace omnisonde {

/// `[decode] gps_ephemeris` says where to fetch from, not which file to read.
[[nodiscard]] bool is_orbit_address(std::string_view setting);

/// The address with year and day of the year filled in. Until 3 h UTC that of the day before: the
/// new day's file does not hold enough yet.
[[nodiscard]] std::string orbit_url(const std::string& pattern, UtcMillis now);

/// Thread-safe.
class OrbitFetch {
 public:
  struct Options {
    std::string address;  ///< "fetch" or a pattern
    std::string file;     ///< where the orbits go; one that is there is used while it is fresh
    std::string ca_file;  ///< empty: the system's authorities
    double fresh_s = 2 * 3600;
    double first_retry_s = 60, last_retry_s = 6 * 3600;  ///< doubling between
  };
  OrbitFetch(Options options, Log& log);
  ~OrbitFetch();
  OrbitFetch(const OrbitFetch&) = delete;
  OrbitFetch& operator=(const OrbitFetch&) = delete;

  /// A sonde is heard that needs them. Nothing is fetched unless this was so within the hour.
  void want();
  /// Fetches now, whatever was wanted. @returns an Error with the server's or the disk's reason;
  /// the file stays as it was then.
  Expected<void> fetch();
  /// For people: "not needed", "fetched 12 min ago", "waiting 60 s: cannot reach ...".
  [[nodiscard]] std::string state() const;
  /// The last attempt failed.
  [[nodiscard]] bool failing() const;

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  [[nodiscard]] bool due(Clock::time_point now) const;
  Expected<std::string> download();

  Options options_;
  Log& log_;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable wake_;
  std::optional<Clock::time_point> wanted_, fetched_, retry_;
  double retry_s_ = 0;
  std::string fault_;
  std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace omnisonde
