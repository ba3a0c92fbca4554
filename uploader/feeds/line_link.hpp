// A TCP connection that speaks in lines (APRS-IS, rotctld, gpsd). Hides libcurl, which finds the
// address and connects by IPv4 and IPv6 without hanging on a name server.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "gateway/base/expected.hpp"

namespace omnisonde::uploader {

/// One thread.
class LineLink {
 public:
  /// @param stop  while true, everything ends within 0.2 s. Must outlive the link.
  static Expected<std::unique_ptr<LineLink>> connect(const std::string& host, int port,
                                                     double timeout_s,
                                                     const std::atomic<bool>& stop);
  ~LineLink();
  LineLink(const LineLink&) = delete;
  LineLink& operator=(const LineLink&) = delete;

  /// All of `text`. @returns why not; empty if the kernel has taken it.
  [[nodiscard]] std::string send(const std::string& text, double timeout_s);

  /// The next line without its end; nothing when none comes in time or the other end is gone.
  /// Lines of more than 64 KiB end the connection.
  [[nodiscard]] std::optional<std::string> read_line(double timeout_s);

  /// True after the other end has hung up or an error.
  [[nodiscard]] bool closed() const;

 private:
  struct Impl;
  explicit LineLink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::uploader
