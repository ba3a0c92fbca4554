#include "uploader/feeds/notify_feed.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>

namespace omnisonde::uploader {
namespace {

constexpr std::size_t kMostWaiting = 200;
constexpr std::int64_t kTooOld_ms = 24 * 3'600'000;
constexpr double kLongestBackoff_s = 300, kIdle_s = 3600;

using Clock = std::chrono::steady_clock;

class NotifyFeed final : public Feed {
 public:
  NotifyFeed(std::string name, std::vector<EventKind> kinds, Notify notify,
             std::shared_ptr<std::atomic<bool>> stopping, double first_backoff_s, Hooks hooks)
      : name_(std::move(name)),
        kinds_(std::move(kinds)),
        notify_(std::move(notify)),
        stopping_(std::move(stopping)),
        hooks_(std::move(hooks)),
        first_backoff_s_(first_backoff_s),
        backoff_s_(first_backoff_s) {
    meter_.board().good("waits for events");
  }

  void start() override {
    thread_.start([this] { return step(); });
  }
  void stop() override {
    *stopping_ = true;
    thread_.stop();
  }
  void event(const Event& e) override {
    if (std::find(kinds_.begin(), kinds_.end(), e.kind) == kinds_.end()) return;
    // Trouble with this very output cannot be told by it.
    if (e.kind == EventKind::kStationTrouble && e.text.starts_with("output " + name_ + " ")) return;
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(e);
      if (waiting_.size() > kMostWaiting) {
        waiting_.pop_front();
        meter_.dropped("queue_full", "too many events waited");
      }
    }
    thread_.wake();
  }
  [[nodiscard]] OutputStatus status() const override {
    const std::lock_guard lock(mutex_);
    return meter_.status(name_, waiting_.size() + (in_hand_ ? 1 : 0));
  }

 private:
  double step() {
    const double wait_s = std::chrono::duration<double>(retry_at_ - Clock::now()).count();
    if (wait_s > 0) return wait_s;  // a new event does not shorten the pause
    while (!thread_.stopping() && next()) {
      if (hooks_.now().ms - in_hand_->time.ms > kTooOld_ms) {
        meter_.dropped("too_old", "could not be delivered for a day");
        done();
        continue;
      }
      const NotifyResult result = notify_(*in_hand_);
      if (result.fault.empty()) {
        meter_.delivered();
        meter_.board().good("waits for events");
        done();
        continue;
      }
      if (thread_.stopping()) break;
      meter_.failed(hooks_, name_, result.fault);
      if (result.for_good) {
        meter_.dropped("refused", "the other end refused it for good");
        done();
        continue;
      }
      return pause(std::max(result.retry_in_s.value_or(0), backoff_s_));
    }
    return kIdle_s;
  }

  bool next() {
    const std::lock_guard lock(mutex_);
    if (in_hand_) return true;
    if (waiting_.empty()) return false;
    in_hand_ = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }
  void done() {
    const std::lock_guard lock(mutex_);
    in_hand_.reset();
    backoff_s_ = first_backoff_s_;
  }
  double pause(double seconds) {
    retry_at_ = Clock::now() +
                std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    backoff_s_ = std::min(2 * backoff_s_, kLongestBackoff_s);
    return seconds;
  }

  std::string name_;
  std::vector<EventKind> kinds_;
  Notify notify_;
  std::shared_ptr<std::atomic<bool>> stopping_;
  Hooks hooks_;
  FeedMeter meter_;
  mutable std::mutex mutex_;
  std::deque<Event> waiting_;     // guarded by mutex_
  std::optional<Event> in_hand_;  // written by the thread, under mutex_
  // Of the thread alone:
  double first_backoff_s_, backoff_s_;
  Clock::time_point retry_at_ = Clock::now();
  FeedThread thread_;  // last: it goes first
};

}  // namespace

std::unique_ptr<Feed> make_notify_feed(std::string name, std::vector<EventKind> kinds,
                                       Notify notify, std::shared_ptr<std::atomic<bool>> stopping,
                                       double first_backoff_s, Hooks hooks) {
  return std::make_unique<NotifyFeed>(std::move(name), std::move(kinds), std::move(notify),
                                      std::move(stopping), first_backoff_s, std::move(hooks));
}

Expected<std::vector<EventKind>> event_kinds(const std::vector<std::string>& names) {
  std::vector<EventKind> out;
  for (const std::string& name : names) {
    const auto kind = event_kind(name);
    if (!kind) {
      return Error{"events: `" + name + "` is unknown",
                   "first_heard, burst, landing_near, landed, encrypted, station_trouble"};
    }
    out.push_back(*kind);
  }
  for (std::size_t i = 0; names.empty() && i < kEventKinds; ++i) {
    out.push_back(static_cast<EventKind>(i));
  }
  return out;
}

}  // namespace omnisonde::uploader
