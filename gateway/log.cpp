#include "gateway/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <deque>
#include <mutex>

#include "gateway/base/system_clock.hpp"

namespace omnisonde {
namespace {

constexpr std::size_t kKept = 200;

spdlog::level::level_enum level_of(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kDebug:
      return spdlog::level::debug;
    case LogSeverity::kInfo:
      return spdlog::level::info;
    case LogSeverity::kWarning:
      return spdlog::level::warn;
    case LogSeverity::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* name_of(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kDebug:
      return "debug";
    case LogSeverity::kInfo:
      return "info";
    case LogSeverity::kWarning:
      return "warning";
    case LogSeverity::kError:
      return "error";
  }
  return "info";
}

}  // namespace

struct Log::Impl {
  spdlog::logger logger{"omnisonde", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  LogSeverity least;
  mutable std::mutex mutex;
  std::deque<LogLine> recent;
  std::uint64_t next_id = 1;
  std::mutex tap_mutex;
  std::function<void(const LogLine&)> tap;
};

Log::Log(LogSeverity least) : impl_(std::make_unique<Impl>()) {
  impl_->least = least;
  impl_->logger.set_level(level_of(least));
  impl_->logger.flush_on(spdlog::level::info);
  impl_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
}

Log::~Log() = default;

void Log::write(LogSeverity severity, const std::string& text) {
  impl_->logger.log(level_of(severity), "{}", text);
  if (severity < impl_->least) return;
  LogLine line;
  {
    const std::scoped_lock lock(impl_->mutex);
    line = {impl_->next_id++, system_now(), name_of(severity), text};
    impl_->recent.push_back(line);
    if (impl_->recent.size() > kKept) impl_->recent.pop_front();
  }
  if (severity < LogSeverity::kInfo) return;
  const std::scoped_lock lock(impl_->tap_mutex);
  if (impl_->tap) impl_->tap(line);
}

void Log::set_tap(std::function<void(const LogLine&)> tap) {
  const std::scoped_lock lock(impl_->tap_mutex);
  impl_->tap = std::move(tap);
}

std::vector<LogLine> Log::recent() const {
  const std::scoped_lock lock(impl_->mutex);
  return {impl_->recent.begin(), impl_->recent.end()};
}

}  // namespace omnisonde
