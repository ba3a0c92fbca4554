#include "uploader/wal_syncer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace omnisonde::uploader {

WalSyncer::WalSyncer(std::string database, double interval_s)
    : log_(std::move(database) + "-wal"), interval_s_(interval_s), thread_([this] { run(); }) {}

WalSyncer::~WalSyncer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void WalSyncer::run() {
  std::unique_lock lock(mutex_);
  const std::chrono::duration<double> interval(interval_s_);
  while (!wake_.wait_for(lock, interval, [this] { return stopping_; })) {
    if (!dirty_.exchange(false)) continue;
    lock.unlock();
    const int fd = ::open(log_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || ::fdatasync(fd) != 0) dirty_ = true;
    if (fd >= 0) ::close(fd);
    lock.lock();
  }
}

}  // namespace omnisonde::uploader
