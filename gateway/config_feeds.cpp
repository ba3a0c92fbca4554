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

}  // namespace

std::vector<FeedProblem> feed_problems(const Config& config) {
  std::vector<FeedProblem> out;
  check_udp("chasemapper", config.feeds.chasemapper, out);
  check_udp("ozimux", config.feeds.ozimux, out);
  return out;
}

}  // namespace omnisonde
