// Brings SQLite's log to the disk beside the commits, which a slow card would hold up. Syncing a
// file through another descriptor is as good, and SQLite keeps no locks on its log.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace omnisonde::uploader {

class WalSyncer {
 public:
  /// @param database  file of the database; its log is `<database>-wal`.
  WalSyncer(std::string database, double interval_s);
  ~WalSyncer();
  WalSyncer(const WalSyncer&) = delete;
  WalSyncer& operator=(const WalSyncer&) = delete;

  /// Something was committed: it is on the disk at most interval_s and the disk's own time later.
  void committed() { dirty_ = true; }

 private:
  void run();
  const std::string log_;
  const double interval_s_;
  std::atomic<bool> dirty_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace omnisonde::uploader
