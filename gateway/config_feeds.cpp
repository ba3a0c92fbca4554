#include "gateway/config_feeds.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "gateway/config_keys.hpp"
#include "uploader/feeds/address_rules.hpp"

namespace omnisonde {
namespace {

void check_udp(const char* section, const uploader::UdpFeedConfig& feed,
               std::vector<FeedProblem>& out) {
  if (!feed.enabled) return;
  if (feed.hosts.empty()) {
    out.push_back({section, "host", {"the target is missing", "write broadcast or an address"}});
  }
  for (const std::string& host : feed.hosts) {
    if (auto fault = uploader::udp_host_fault(host)) out.push_back({section, "host", *fault});
  }
}

void check_aprs(const Config& config, std::vector<FeedProblem>& out) {
  const uploader::AprsFeedConfig& aprs = config.feeds.aprs;
  if (!aprs.enabled) return;
  if (auto fault = uploader::aprs_host_fault(aprs.host, aprs.port)) {
    out.push_back({"aprs", "host", *fault});
  }
  const std::string& call = aprs.callsign.empty() ? config.station.callsign : aprs.callsign;
  if (!uploader::is_aprs_callsign(call)) {
    out.push_back({"aprs",
                   "callsign",
                   {"`" + call + "` is no amateur callsign",
                    "3 to 9 capital letters and digits, for example DL1ABC-11"}});
  }
  if (aprs.passcode_file.empty()) {
    out.push_back({"aprs", "passcode_file", {"is missing", "the login needs a passcode"}});
  }
  if (aprs.beacon_symbol.size() != 2) {
    out.push_back({"aprs", "beacon_symbol", {"must be two characters", "for example /`"}});
  }
  if (aprs.beacon && !config.station.latitude_deg) {
    out.push_back({"aprs", "beacon", {"needs the station's position", "set it in [station]"}});
  }
}

void check_events(const std::string& section, const std::vector<std::string>& events,
                  std::vector<FeedProblem>& out) {
  constexpr std::array<std::string_view, 6> kNames{"first_heard", "burst",     "landing_near",
                                                   "landed",      "encrypted", "station_trouble"};
  for (const std::string& name : events) {
    if (std::find(kNames.begin(), kNames.end(), name) != kNames.end()) continue;
    const std::string near(nearest_name(name, kNames));
    out.push_back(
        {section,
         "events",
         {"`" + name + "` is unknown" + (near.empty() ? "" : ", did you mean " + near + "?"),
          "first_heard, burst, landing_near, landed, encrypted, station_trouble"}});
  }
}

void check_webhook(const uploader::WebhookConfig& hook, std::vector<FeedProblem>& out) {
  const std::string section = "webhook:" + hook.name;
  check_events(section, hook.events, out);
  if (hook.url.empty() == hook.url_file.empty()) {
    out.push_back({section, "", {"needs url or url_file, and not both", "write one of them"}});
  } else if (!hook.url.empty() && !hook.url.starts_with("https://") &&
             !hook.url.starts_with("http://")) {
    out.push_back({section, "url", {"is no address", "it begins with https:// or http://"}});
  }
}

void check_email(const uploader::EmailConfig& email, std::vector<FeedProblem>& out) {
  check_events("email", email.events, out);
  if (!email.enabled) return;
  if (email.from.empty()) out.push_back({"email", "from", {"is missing", "the sender's address"}});
  if (email.to.empty()) out.push_back({"email", "to", {"is missing", "at least one address"}});
  if (email.user.empty() != email.password_file.empty()) {
    out.push_back({"email",
                   "smtp_user",
                   {"smtp_user and smtp_password_file belong together", "set both or none"}});
  }
}

}  // namespace

std::vector<FeedProblem> feed_problems(const Config& config) {
  std::vector<FeedProblem> out;
  check_udp("chasemapper", config.feeds.chasemapper, out);
  check_udp("ozimux", config.feeds.ozimux, out);
  check_aprs(config, out);
  for (const uploader::WebhookConfig& hook : config.feeds.webhooks) check_webhook(hook, out);
  check_email(config.feeds.email, out);
  if (config.feeds.rotator.enabled && !config.station.latitude_deg && !config.feeds.gpsd.enabled) {
    out.push_back({"rotator",
                   "enabled",
                   {"needs the station's position", "set it in [station], or use [gpsd]"}});
  }
  return out;
}

}  // namespace omnisonde
