#include "uploader/feeds/feed.hpp"

#include <algorithm>
#include <chrono>

namespace omnisonde::uploader {

void FeedMeter::delivered(std::uint64_t count) {
  board_.success();
  const std::lock_guard lock(mutex_);
  delivered_ += count;
  last_failure_.clear();
}

void FeedMeter::dropped(const std::string& key, const std::string& words, std::uint64_t count) {
  if (count == 0) return;
  const std::lock_guard lock(mutex_);
  ReasonCount& reason = dropped_[key];
  reason.key = key;
  reason.words = words;
  reason.count += count;
}

void FeedMeter::failed(const Hooks& hooks, const std::string& feed, const std::string& what) {
  board_.bad(what, std::nullopt);
  {
    const std::lock_guard lock(mutex_);
    if (last_failure_ == what) return;
    last_failure_ = what;
  }
  hooks.log(LogLevel::kWarning, feed + ": " + what);
}

OutputStatus FeedMeter::status(const std::string& name, std::uint64_t waiting) const {
  const StateBoard::View view = board_.view();
  OutputStatus out;
  out.name = name;
  out.state = view.state;
  out.ok = view.ok;
  out.last_error = view.last_error;
  out.waiting = waiting;
  if (view.last_success) {
    out.last_success_age_s =
        std::chrono::duration<double>(StateBoard::Clock::now() - *view.last_success).count();
  }
  const std::lock_guard lock(mutex_);
  out.delivered = delivered_;
  for (const auto& [key, reason] : dropped_) out.rejected.push_back(reason);
  return out;
}

void FeedThread::start(std::function<double()> step) {
  thread_ = std::thread([this, step = std::move(step)] { run(step); });
}

void FeedThread::run(const std::function<double()>& step) {
  constexpr double kLongest_s = 3600;
  while (!stopping_) {
    const double wait_s = std::clamp(step(), 0.0, kLongest_s);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::duration<double>(wait_s),
                      [&] { return woken_ || stopping_; });
    woken_ = false;
  }
}

void FeedThread::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void FeedThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace omnisonde::uploader
