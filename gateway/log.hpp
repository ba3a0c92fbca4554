// Log lines for people, to standard error (the journal) and to the page. Over spdlog.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/status.hpp"

namespace omnisonde {

enum class LogSeverity : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// Thread-safe. The last 200 lines are kept for the page.
class Log {
 public:
  explicit Log(LogSeverity least);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(LogSeverity severity, const std::string& text);
  void info(const std::string& text) { write(LogSeverity::kInfo, text); }
  void warning(const std::string& text) { write(LogSeverity::kWarning, text); }
  void error(const std::string& text) { write(LogSeverity::kError, text); }

  [[nodiscard]] std::vector<LogLine> recent() const;

  /// Also hands each line of level info and above on. May be called from any thread; an empty one
  /// ends it, and waits until the last call is over.
  void set_tap(std::function<void(const LogLine&)> tap);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde
