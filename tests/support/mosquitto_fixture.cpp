#include "tests/support/mosquitto_fixture.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/ports.hpp"

namespace omnisonde::testing {
namespace {

constexpr std::array<const char*, 3> kPrograms = {"/usr/sbin/mosquitto", "/usr/bin/mosquitto",
                                                  "/usr/local/sbin/mosquitto"};

const char* program() {
  for (const char* path : kPrograms) {
    if (::access(path, X_OK) == 0) return path;
  }
  return nullptr;
}

bool answers(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  const bool ok = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return ok;
}

// Runs a program to its end, silently. @returns its exit status, or -1.
int run(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));  // NOLINT
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

bool Mosquitto::installed() { return program() != nullptr; }

Expected<std::unique_ptr<Mosquitto>> Mosquitto::start(const MosquittoOptions& options) {
  std::unique_ptr<Mosquitto> self(new Mosquitto);
  self->options_ = options;
  auto certificates = make_test_certificates(options.folder + "/tls");
  if (!certificates) return certificates.error();
  self->certificates_ = *certificates;
  self->mqtt_port_ = free_port();
  self->ws_port_ = free_port();
  self->wss_port_ = free_port();

  std::ofstream conf(options.folder + "/mosquitto.conf");
  // Started as root it would change to its own user, who may not read the test's files.
  if (::geteuid() == 0) conf << "user root\n";
  conf << (options.keeps ? "persistence true\npersistence_location " + options.folder + "/\n"
                         : std::string("persistence false\n"))
       << "log_type error\nlog_type warning\nlog_type notice\nmax_inflight_messages "
          "0\nmax_queued_messages 0\n"
       << "log_dest file " << self->log_file() << "\n";
  if (!options.user.empty()) {
    const std::string file = options.folder + "/passwords";
    if (run({"mosquitto_passwd", "-b", "-c", file, options.user, options.password}) != 0) {
      return Error{"mosquitto_passwd failed", "install mosquitto"};
    }
    conf << "allow_anonymous false\npassword_file " << file << "\n";
  } else {
    conf << "allow_anonymous true\n";
  }
  const char* limit = options.qos0_only ? "max_qos 0\n" : "";
  // It does not start with WebSocket listeners only, so there is always a plain one.
  conf << "listener " << self->mqtt_port_ << " 127.0.0.1\n"
       << limit << "listener " << self->ws_port_ << " 127.0.0.1\nprotocol websockets\n"
       << limit << "listener " << self->wss_port_ << " 127.0.0.1\nprotocol websockets\n"
       << limit << "cafile " << self->certificates_.ca_file << "\ncertfile "
       << self->certificates_.cert_file << "\nkeyfile " << self->certificates_.key_file << "\n";
  conf.close();
  if (auto started = self->resume(); !started) return started.error();
  return self;
}

Expected<void> Mosquitto::resume() {
  const std::string conf = options_.folder + "/mosquitto.conf";
  pid_ = ::fork();
  if (pid_ == 0) {
    const int log =
        ::open((options_.folder + "/mosquitto.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execl(program(), "mosquitto", "-c", conf.c_str(), nullptr);
    ::_exit(127);
  }
  constexpr int kTries = 500;
  for (int i = 0; i < kTries; ++i) {
    if (answers(mqtt_port_) && answers(ws_port_) && answers(wss_port_)) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  halt();
  return Error{"mosquitto does not start", "see " + options_.folder + "/mosquitto.log"};
}

void Mosquitto::halt() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Mosquitto::end() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Mosquitto::freeze() const { ::kill(pid_, SIGSTOP); }
void Mosquitto::thaw() const { ::kill(pid_, SIGCONT); }

Mosquitto::~Mosquitto() { halt(); }

std::string Mosquitto::mqtt_uri() const { return "mqtt://localhost:" + std::to_string(mqtt_port_); }
std::string Mosquitto::ws_uri() const {
  return "ws://localhost:" + std::to_string(ws_port_) + "/mqtt";
}
std::string Mosquitto::wss_uri() const {
  return "wss://localhost:" + std::to_string(wss_port_) + "/x/y";
}

}  // namespace omnisonde::testing
