// A program under test as a child process: its output in a file, its end observed.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace omnisonde::testing {

/// How a child ended.
struct ChildEnd {
  int status = -1;  ///< exit status; -1 when a signal ended it
  int signal = 0;
};

/// Killed with the object, and with the test program.
class ChildProcess {
 public:
  /// @param words    program and arguments
  /// @param extra    "NAME=value" in place of the inherited variables of these names
  /// @param folder   its standard output and error go to FOLDER/stdout and FOLDER/stderr
  ChildProcess(const std::vector<std::string>& words, const std::vector<std::string>& extra,
               std::string folder);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void send(int signal) const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// @returns nothing when it still runs after `timeout_s`.
  std::optional<ChildEnd> wait(double timeout_s);
  [[nodiscard]] bool running() { return !wait(0); }

  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  std::string folder_;
  pid_t pid_ = -1;
  std::optional<ChildEnd> end_;
};

/// The text of a file; empty when there is none.
[[nodiscard]] std::string text_of_file(const std::string& path);

}  // namespace omnisonde::testing
