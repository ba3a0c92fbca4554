#include "uploader/feeds/line_link.hpp"

#include <curl/curl.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "uploader/http.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLongestLine = 65'536;
constexpr int kSlice_ms = 200;  // how soon `stop` is seen

int check_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

}  // namespace

struct LineLink::Impl {
  CURL* curl = nullptr;
  const std::atomic<bool>* stop = nullptr;
  curl_socket_t socket = CURL_SOCKET_BAD;
  std::string buffer;
  bool closed = false;
  std::array<char, CURL_ERROR_SIZE> error{};

  ~Impl() { curl_easy_cleanup(curl); }

  /// @returns false at `end` or on stop.
  [[nodiscard]] bool wait(short events, Clock::time_point end) const {
    while (!stop->load()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
      if (left.count() <= 0) return false;
      pollfd p{socket, events, 0};
      const int ready = ::poll(&p, 1, static_cast<int>(std::min<long>(left.count(), kSlice_ms)));
      if (ready > 0) return true;
    }
    return false;
  }
};

LineLink::LineLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineLink::~LineLink() = default;

// NOLINTBEGIN(bugprone-*): curl_easy_setopt is variadic by design
Expected<std::unique_ptr<LineLink>> LineLink::connect(const std::string& host, int port,
                                                      double timeout_s,
                                                      const std::atomic<bool>& stop) {
  auto impl = std::make_unique<Impl>();
  impl->stop = &stop;
  impl->curl = curl_ready() ? curl_easy_init() : nullptr;
  if (impl->curl == nullptr) return Error{"libcurl does not start", "check the installation"};
  CURL* curl = impl->curl;
  const bool v6 = host.find(':') != std::string::npos;
  const std::string url =
      "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/";
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // does not wait for a name server at the end
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, impl->error.data());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, std::lround(timeout_s * 1000));
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &check_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stop);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    return Error{impl->error[0] != '\0' ? impl->error.data() : curl_easy_strerror(code), ""};
  }
  curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &impl->socket);
  return std::unique_ptr<LineLink>(new LineLink(std::move(impl)));
}
// NOLINTEND(bugprone-*)

std::string LineLink::send(const std::string& text, double timeout_s) {
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(timeout_s));
  std::size_t done = 0;
  while (done < text.size()) {
    std::size_t sent = 0;
    const CURLcode code =
        curl_easy_send(impl_->curl, text.data() + done, text.size() - done, &sent);
    done += sent;
    if (code == CURLE_OK) continue;
    if (code != CURLE_AGAIN) {
      impl_->closed = true;
      return "the connection is broken";
    }
    if (!impl_->wait(POLLOUT, end)) {
      impl_->closed = true;  // half a line may be out
      return "the other end takes nothing";
    }
  }
  return {};
}

std::optional<std::string> LineLink::read_line(double timeout_s) {
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(timeout_s));
  for (;;) {
    const std::size_t newline = impl_->buffer.find('\n');
    if (newline != std::string::npos) {
      std::string line = impl_->buffer.substr(0, newline);
      impl_->buffer.erase(0, newline + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (impl_->closed || impl_->buffer.size() > kLongestLine) {
      impl_->closed = true;
      return std::nullopt;
    }
    std::array<char, 4096> piece{};
    std::size_t got = 0;
    const CURLcode code = curl_easy_recv(impl_->curl, piece.data(), piece.size(), &got);
    if (code == CURLE_OK && got > 0) {
      impl_->buffer.append(piece.data(), got);
    } else if (code != CURLE_AGAIN) {
      impl_->closed = true;
    } else if (!impl_->wait(POLLIN, end)) {
      return std::nullopt;
    }
  }
}

bool LineLink::closed() const { return impl_->closed; }

}  // namespace omnisonde::uploader
