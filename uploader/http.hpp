// HTTP requests with a body, over one kept connection. Hides libcurl.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/expected.hpp"

namespace omnisonde::uploader {

struct HttpOptions {
  std::string ca_file;  ///< PEM; empty means the system's authorities
  std::string user_agent;
  double connect_timeout_s = 10;
  double request_timeout_s = 30;
};

/// libcurl's one global set-up, thread-safe. @returns false if it failed.
[[nodiscard]] bool curl_ready();

/// What came back. `status` is 0 when no status line was received; a status with `fault` set means
/// that the answer was cut off behind its status line.
struct HttpAnswer {
  long status = 0;
  std::string body;
  std::optional<double> retry_after_s;
  std::string fault;             ///< why the transfer failed, for people; empty if it did not
  bool bad_certificate = false;  ///< the server is not who it says it is
  bool unreached = false;        ///< no connection came about: the server has noticed nothing
  bool aborted = false;          ///< by `stop`
};

/// One connection; one thread. Always checks the server's certificate.
class HttpClient {
 public:
  /// @param stop  while true, requests end at once. Must outlive the client.
  static Expected<std::unique_ptr<HttpClient>> create(HttpOptions options,
                                                      const std::atomic<bool>& stop);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// @param method   "PUT", "POST", "GET", ...
  /// @param headers  whole lines, "Name: value".
  HttpAnswer request(const char* method, const std::string& url,
                     const std::vector<std::string>& headers, const std::string& body);
  HttpAnswer put(const std::string& url, const std::vector<std::string>& headers,
                 const std::string& body) {
    return request("PUT", url, headers, body);
  }

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Connects, shakes hands by TLS and hangs up. @param url  https://host:port.
/// @returns why that does not work, for people; empty if it does.
[[nodiscard]] std::string tls_fault(const std::string& url, const std::string& ca_file,
                                    double timeout_s);

}  // namespace omnisonde::uploader
