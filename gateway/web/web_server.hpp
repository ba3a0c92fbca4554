// The status page's server: static files, a small read-only API and one WebSocket that pushes what
// changes. One thread of its own; nothing here can slow reception.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/base/expected.hpp"
#include "gateway/config.hpp"
#include "gateway/web/api.hpp"

namespace omnisonde::web {

/// Gets lines for the log, rarely. Called on the server's thread.
using LogFn = std::function<void(const std::string& line)>;

class WebServer {
 public:
  /// Opens config.address:config.port (0 takes any free port) and starts serving.
  /// @returns an Error that names the address when it is busy or not ours.
  static Expected<std::unique_ptr<WebServer>> start(const WebConfig& config,
                                                    StatusProvider provider, LogFn log);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  /// A sonde has changed: pushed within 100 ms. Any thread, lock-free, cheap to call per frame.
  /// The rest needs no call: spectra go out up to 4 times a second, all else once a second.
  void notify();

  [[nodiscard]] std::uint16_t port() const;

  /// Says goodbye to the browsers and ends the thread, within a second. Also by the destructor.
  void stop();

 private:
  struct Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::web
