#include "uploader/hub_door.hpp"

#include <array>
#include <cstdio>
#include <utility>

#include "uploader/gzip.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 7231, 7.1.1.1).
std::string http_date(UtcMillis t) {
  constexpr std::array<const char*, 7> kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime c = to_civil(t);
  const auto day = static_cast<std::size_t>(days_from_civil(c.year, c.month, c.day) % 7);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[day % 7],
                c.day, kMonths[static_cast<std::size_t>(c.month - 1)], c.year, c.hour, c.minute,
                c.second);
  return text.data();
}

}  // namespace

HubDoor::HubDoor(std::string url, std::unique_ptr<HttpClient> http)
    : url_(std::move(url)), http_(std::move(http)) {}

Expected<std::unique_ptr<HubDoor>> HubDoor::open(const SondehubConfig& config,
                                                 const std::atomic<bool>& stop) {
  std::string url = config.url;
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (url.rfind("https://", 0) != 0 && url.rfind("http://", 0) != 0) {
    return Error{"[sondehub] url is not an address: " + url, "begin it with https://"};
  }
  HttpOptions http;
  http.ca_file = config.ca_file;
  http.user_agent = std::string(software_name()) + "/" + software_version();
  http.connect_timeout_s = config.connect_timeout_s;
  http.request_timeout_s = config.request_timeout_s;
  auto client = HttpClient::create(std::move(http), stop);
  if (!client) return client.error();
  return std::unique_ptr<HubDoor>(new HubDoor(std::move(url), std::move(*client)));
}

HttpAnswer HubDoor::put(const char* path, const std::string& json, UtcMillis now) {
  std::vector<std::string> headers = {"Content-Type: application/json", "Date: " + http_date(now)};
  const std::string packed = gzip(json);
  if (!packed.empty()) headers.emplace_back("Content-Encoding: gzip");
  return http_->put(url_ + path, headers, packed.empty() ? json : packed);
}

std::string upload_body(const std::vector<StoredRecord>& records, bool dry_run) {
  std::string text = "[";
  for (const StoredRecord& record : records) {
    if (text.size() > 1) text += ',';
    text += record.body;
    if (dry_run && text.back() == '}') {
      text.back() = ',';
      text += R"("dev":"dry run"})";
    }
  }
  return text + "]";
}

}  // namespace omnisonde::uploader
