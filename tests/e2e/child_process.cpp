#include "tests/e2e/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

extern char** environ;  // NOLINT: POSIX names it so

namespace omnisonde::testing {
namespace {

std::vector<std::string> environment_with(const std::vector<std::string>& extra) {
  std::vector<std::string> all = extra;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::ranges::any_of(
        extra, [&](const std::string& e) { return e.compare(0, name.size(), name) == 0; });
    if (!replaced) all.push_back(text);
  }
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& words,
                           const std::vector<std::string>& extra, std::string folder)
    : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  // All memory is taken before the fork: other threads of this program may hold the heap's lock.
  std::vector<std::string> arguments = words, variables = environment_with(extra);
  const auto argv = pointers_to(arguments), envp = pointers_to(variables);
  const std::string out = folder_ + "/stdout", err = folder_ + "/stderr";
  constexpr int kMode = 0644;
  pid_ = ::fork();
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode), STDOUT_FILENO);
  ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, kMode), STDERR_FILENO);
  ::execve(argv[0], argv.data(), envp.data());
  ::_exit(127);
}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  send(SIGKILL);
  (void)wait(10);
}

void ChildProcess::send(int signal) const {
  if (pid_ > 0 && !end_) ::kill(pid_, signal);
}

std::optional<ChildEnd> ChildProcess::wait(double timeout_s) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
  while (!end_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      end_ = WIFEXITED(status) ? ChildEnd{WEXITSTATUS(status), 0} : ChildEnd{-1, WTERMSIG(status)};
      break;
    }
    if (std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return end_;
}

std::string ChildProcess::out() const { return text_of_file(folder_ + "/stdout"); }
std::string ChildProcess::err() const { return text_of_file(folder_ + "/stderr"); }

std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace omnisonde::testing
