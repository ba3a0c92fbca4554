// Settings of the feeds: outputs beside the hub and the brokers. Plain values, std only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "uploader/config.hpp"

namespace omnisonde::uploader {

/// [chasemapper] and [ozimux]: UDP datagrams to programs that show sondes.
struct UdpFeedConfig {
  bool enabled = false;
  std::vector<std::string> hosts;  ///< "broadcast", "localhost" or numeric addresses
  std::uint16_t port = 0;
  double interval_s = 5;  ///< between two datagrams of one sonde
};

struct FeedsConfig {
  StationConfig station;
  UdpFeedConfig chasemapper{false, {"broadcast"}, 55673, 5};
  UdpFeedConfig ozimux{false, {"broadcast"}, 8942, 5};
};

}  // namespace omnisonde::uploader
