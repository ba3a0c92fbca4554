#include "gateway/config_feeds.hpp"

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

}  // namespace

std::vector<FeedProblem> feed_problems(const Config& config) {
  std::vector<FeedProblem> out;
  check_udp("chasemapper", config.feeds.chasemapper, out);
  check_udp("ozimux", config.feeds.ozimux, out);
  check_aprs(config, out);
  return out;
}

}  // namespace omnisonde
