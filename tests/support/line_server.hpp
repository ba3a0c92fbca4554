// A small TCP server that speaks in lines, for tests of clients (APRS-IS, gpsd, SMTP). One client
// at a time, on a thread of its own; what a client has sent can be read at any time.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/ports.hpp"

namespace omnisonde::testing {

class LineServer {
 public:
  /// @param greeting  sent to each client at once.
  /// @param answer    what a line (without its end) is answered with; may be empty.
  LineServer(std::string greeting, std::function<std::string(const std::string&)> answer)
      : greeting_(std::move(greeting)), answer_(std::move(answer)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    (void)::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    (void)::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    (void)::listen(listener_, 8);
    thread_ = std::thread([this] { run(); });
  }
  ~LineServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] int clients() const { return clients_; }
  /// Hangs up on the present client.
  void hang_up() { hang_up_ = true; }
  /// Sends to the present client.
  void say(const std::string& text) {
    const std::lock_guard lock(mutex_);
    to_say_ += text;
  }

 private:
  static bool ready(int fd) {
    pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, 10) == 1;
  }

  void run() {
    while (!stopping_) {
      if (!ready(listener_)) continue;
      const int client = ::accept(listener_, nullptr, nullptr);
      ++clients_;
      hang_up_ = false;
      serve(client);
      ::close(client);
    }
  }

  void serve(int client) {
    put(client, greeting_);
    std::string buffer;
    while (!stopping_ && !hang_up_) {
      std::string text;
      {
        const std::lock_guard lock(mutex_);
        text.swap(to_say_);
      }
      put(client, text);
      if (!ready(client)) continue;
      char piece[4096];
      const auto n = ::recv(client, piece, sizeof piece, 0);
      if (n <= 0) return;
      buffer.append(piece, static_cast<std::size_t>(n));
      for (std::size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
        std::string line = buffer.substr(0, end);
        buffer.erase(0, end + 1);
        {
          const std::lock_guard lock(mutex_);
          lines_.push_back(line);
        }
        if (line.ends_with('\r')) line.pop_back();
        put(client, answer_(line));
      }
    }
  }

  static void put(int client, const std::string& text) {
    if (!text.empty()) (void)::send(client, text.data(), text.size(), MSG_NOSIGNAL);
  }

  std::string greeting_;
  std::function<std::string(const std::string&)> answer_;
  int listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false}, hang_up_{false};
  std::atomic<int> clients_{0};
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;  ///< with their \r
  std::string to_say_;
  std::thread thread_;
};

}  // namespace omnisonde::testing
