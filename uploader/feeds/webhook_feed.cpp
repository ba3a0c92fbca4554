#include <utility>

#include "uploader/feeds/notify_feed.hpp"
#include "uploader/feeds/template.hpp"
#include "uploader/http.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

const char* content_type(WebhookFormat format) {
  switch (format) {
    case WebhookFormat::kJson:
      return "Content-Type: application/json; charset=utf-8";
    case WebhookFormat::kForm:
      return "Content-Type: application/x-www-form-urlencoded";
    case WebhookFormat::kText:
      break;
  }
  return "Content-Type: text/plain; charset=utf-8";
}

Escape escape_of(WebhookFormat format) {
  if (format == WebhookFormat::kJson) return Escape::kJson;
  return format == WebhookFormat::kForm ? Escape::kUrl : Escape::kNone;
}

// Values come from the air: a line break in one must not begin another header.
std::string one_line(std::string text) {
  std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return text;
}

std::string body_of(const WebhookConfig& config, const Event& e, const std::string& callsign) {
  if (config.body.empty()) {
    return config.format == WebhookFormat::kJson ? event_json(e, callsign) : e.text;
  }
  return fill(config.body, event_tokens(e, callsign), escape_of(config.format));
}

NotifyResult result_of(const HttpAnswer& answer) {
  if (answer.fault.empty() && answer.status >= 200 && answer.status < 300) return {};
  NotifyResult out;
  out.fault = answer.fault.empty() ? "answer " + std::to_string(answer.status) : answer.fault;
  const bool server = answer.status == 0 || answer.status >= 500;
  out.for_good = !server && answer.status != 408 && answer.status != 429 && answer.fault.empty();
  out.retry_in_s = answer.retry_after_s;
  return out;
}

}  // namespace

Expected<std::unique_ptr<Feed>> make_webhook_feed(const WebhookConfig& config,
                                                  const std::string& callsign, Hooks hooks) {
  auto kinds = event_kinds(config.events);
  if (!kinds) return kinds.error();
  if (config.url.empty()) return Error{"url is missing", "write url or url_file"};
  auto stopping = std::make_shared<std::atomic<bool>>(false);
  HttpOptions options;
  options.ca_file = config.ca_file;
  options.user_agent = std::string(software_name()) + "/" + software_version();
  auto opened = HttpClient::create(options, *stopping);
  if (!opened) return opened.error();
  std::shared_ptr<HttpClient> client = std::move(*opened);
  // `stopping` is kept here too: the client looks at it to its end.
  Notify notify = [config, callsign, client, stopping](const Event& e) {
    const Tokens tokens = event_tokens(e, callsign);
    std::vector<std::string> headers{content_type(config.format)};
    for (const std::string& header : config.headers) {
      headers.push_back(one_line(fill(header, tokens, Escape::kNone)));
    }
    if (!config.token.empty()) headers.push_back("Authorization: Bearer " + config.token);
    return result_of(client->request(config.method.c_str(), fill(config.url, tokens, Escape::kUrl),
                                     headers, body_of(config, e, callsign)));
  };
  return make_notify_feed("webhook:" + config.name, *kinds, std::move(notify), stopping,
                          config.first_backoff_s, std::move(hooks));
}

}  // namespace omnisonde::uploader
