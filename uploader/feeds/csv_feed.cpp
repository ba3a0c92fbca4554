#include "uploader/feeds/csv_feed.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "uploader/feeds/names.hpp"

namespace omnisonde::uploader {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostWaiting = 20'000;
constexpr auto kCloseAfter = std::chrono::seconds(300);  // as auto_rx does
constexpr double kRetry_s = 5, kIdle_s = 30;

/// An open log; closes itself.
class LogFile {
 public:
  LogFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  LogFile(LogFile&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), last_(other.last_) {}
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  /// All of `text` or nothing: on a full disk what was begun is taken back.
  /// @returns why not; empty if it is written.
  std::string write(const std::string& text) {
    const off_t before = ::lseek(fd_, 0, SEEK_END);
    std::size_t done = 0;
    while (done < text.size()) {
      const auto n = ::write(fd_, text.data() + done, text.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        std::string fault = n < 0 ? std::strerror(errno) : "the disk is full";
        if (before >= 0 && ::ftruncate(fd_, before) != 0) fault += ", a piece of a line remains";
        return fault;
      }
      done += static_cast<std::size_t>(n);
    }
    last_ = Clock::now();
    return {};
  }
  [[nodiscard]] bool gone() const { return ::access(path_.c_str(), F_OK) != 0; }
  [[nodiscard]] bool empty() const { return ::lseek(fd_, 0, SEEK_END) == 0; }
  [[nodiscard]] Clock::time_point last() const { return last_; }

 private:
  std::string path_;
  int fd_;
  Clock::time_point last_ = Clock::now();
};

/// The log that another run has begun for this sonde: "*<id>_*_sonde.log"; empty if there is none.
std::string existing_log(const std::string& folder, const std::string& id) {
  std::string found;
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (!name.ends_with("_sonde.log") || name.find("_" + id + "_") == std::string::npos) continue;
    if (name > found) found = name;  // the newest: names begin with the time
  }
  return found;
}

class CsvFeed final : public Feed {
 public:
  CsvFeed(std::string folder, Hooks hooks) : folder_(std::move(folder)), hooks_(std::move(hooks)) {
    meter_.board().good("writes to " + folder_);
  }

  void start() override {
    thread_.start([this] { return step(); });
  }
  void stop() override {
    thread_.stop();
    (void)step();  // what still waits
  }
  void record(const Telemetry& t) override {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(t);
      if (waiting_.size() > kMostWaiting) {
        waiting_.pop_front();
        meter_.dropped("disk", "the disk took nothing for too long");
      }
    }
    thread_.wake();
  }
  [[nodiscard]] OutputStatus status() const override {
    const std::lock_guard lock(mutex_);
    return meter_.status("csv", waiting_.size() + (in_hand_ ? 1 : 0));
  }

 private:
  double step() {
    while (next()) {
      const std::string fault = write(*in_hand_);
      if (!fault.empty()) {
        meter_.failed(hooks_, "csv", fault);
        return kRetry_s;
      }
      const std::lock_guard lock(mutex_);
      in_hand_.reset();
      meter_.delivered();
      meter_.board().good("writes to " + folder_);
    }
    std::erase_if(open_,
                  [](const auto& log) { return Clock::now() - log.second.last() > kCloseAfter; });
    return kIdle_s;
  }

  /// Takes the oldest into the hand, unless one is still there.
  bool next() {
    const std::lock_guard lock(mutex_);
    if (in_hand_) return true;
    if (waiting_.empty()) return false;
    in_hand_ = std::move(waiting_.front());
    waiting_.pop_front();
    return true;
  }

  /// @returns why not; empty if it is written.
  std::string write(const Telemetry& t) {
    const std::string id = autorx_id(t);
    auto log = open_.find(id);
    if (log != open_.end() && log->second.gone()) {  // moved away by somebody: a new one
      open_.erase(log);
      log = open_.end();
    }
    if (log == open_.end()) {
      std::string name = existing_log(folder_, id);
      if (name.empty()) name = csv_file_name(t, hooks_.now());
      const std::string path = folder_ + "/" + name;
      const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      if (fd < 0) return path + ": " + std::strerror(errno);
      log = open_.emplace(id, LogFile(path, fd)).first;
    }
    const bool fresh = log->second.empty();
    const std::string fault = log->second.write((fresh ? csv_header() : "") + csv_line(t));
    return fault.empty() ? "" : folder_ + ": " + fault;
  }

  std::string folder_;
  Hooks hooks_;
  FeedMeter meter_;
  mutable std::mutex mutex_;
  std::deque<Telemetry> waiting_;        // guarded by mutex_
  std::optional<Telemetry> in_hand_;     // written by the thread, under mutex_
  std::map<std::string, LogFile> open_;  // by id
  FeedThread thread_;                    // last: it goes first
};

}  // namespace

Expected<std::unique_ptr<Feed>> make_csv_feed(const CsvFeedConfig& config, Hooks hooks) {
  std::error_code ec;
  fs::create_directories(config.folder, ec);
  if (ec || ::access(config.folder.c_str(), W_OK | X_OK) != 0) {
    return Error{
        "folder = " + config.folder + ": cannot write there",
        "the service's user must be able to; under systemd, a folder in /var/lib/omnisonde"};
  }
  return std::unique_ptr<Feed>(std::make_unique<CsvFeed>(config.folder, std::move(hooks)));
}

}  // namespace omnisonde::uploader
