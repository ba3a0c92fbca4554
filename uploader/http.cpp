#include "uploader/http.hpp"

#include <curl/curl.h>

#include <array>
#include <filesystem>
#include <mutex>

namespace omnisonde::uploader {
namespace {

constexpr std::size_t kMaxAnswer = 16 << 20;  // a day of orbits; a 202 echoes rejected records

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& body = *static_cast<std::string*>(user);
  if (body.size() + size * count > kMaxAnswer) return 0;
  body.append(data, size * count);
  return size * count;
}

int check_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

}  // namespace

bool curl_ready() {
  static std::once_flag once;
  static bool ready = false;
  std::call_once(once, [] { ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; });
  return ready;
}

struct HttpClient::Impl {
  HttpOptions options;
  const std::atomic<bool>* stop = nullptr;
  CURL* curl = nullptr;
  std::array<char, CURL_ERROR_SIZE> error{};

  ~Impl() { curl_easy_cleanup(curl); }
  void configure();
};

// NOLINTBEGIN(bugprone-*): curl_easy_setopt is variadic by design
void HttpClient::Impl::configure() {
  constexpr double kMsPerSecond = 1000;
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout_s * kMsPerSecond));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(options.request_timeout_s * kMsPerSecond));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &check_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, stop);
}

HttpAnswer HttpClient::request(const char* method, const std::string& url,
                               const std::vector<std::string>& headers, const std::string& body) {
  HttpAnswer answer;
  CURL* curl = impl_->curl;
  // An empty Expect avoids a round trip of "100 Continue".
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  impl_->error[0] = '\0';
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
  if (retry_after_s > 0) answer.retry_after_s = static_cast<double>(retry_after_s);
  if (code != CURLE_OK) {
    const char* detail = impl_->error[0] != '\0' ? impl_->error.data() : curl_easy_strerror(code);
    answer.fault = detail;
    answer.aborted = code == CURLE_ABORTED_BY_CALLBACK;
    answer.bad_certificate = code == CURLE_PEER_FAILED_VERIFICATION;
    curl_off_t connected_us = 0;
    curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connected_us);
    answer.unreached = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
                       (code == CURLE_OPERATION_TIMEDOUT && connected_us == 0);
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  curl_slist_free_all(list);
  return answer;
}

std::string tls_fault(const std::string& url, const std::string& ca_file, double timeout_s) {
  CURL* curl = curl_ready() ? curl_easy_init() : nullptr;
  if (curl == nullptr) return {};
  constexpr double kMsPerSecond = 1000;
  std::array<char, CURL_ERROR_SIZE> error{};
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeout_s * kMsPerSecond));
  if (!ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_cleanup(curl);
  if (code == CURLE_OK) return {};
  return error[0] != '\0' ? error.data() : curl_easy_strerror(code);
}
// NOLINTEND(bugprone-*)

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

Expected<std::unique_ptr<HttpClient>> HttpClient::create(HttpOptions options,
                                                         const std::atomic<bool>& stop) {
  if (!options.ca_file.empty() && !std::filesystem::is_regular_file(options.ca_file)) {
    return Error{"cannot read the certificate file " + options.ca_file, "check ca_file"};
  }
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->stop = &stop;
  impl->curl = curl_ready() ? curl_easy_init() : nullptr;
  if (impl->curl == nullptr) return Error{"libcurl does not start", "check the installation"};
  impl->configure();
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

}  // namespace omnisonde::uploader
