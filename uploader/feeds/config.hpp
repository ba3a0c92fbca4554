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

/// [csv]: a log of each sonde.
struct CsvFeedConfig {
  bool enabled = false;
  std::string folder;
};

/// [aprs]: objects and a beacon to an APRS-IS server.
struct AprsFeedConfig {
  bool enabled = false;
  std::string host = "radiosondy.info";
  int port = 14580;
  std::string callsign;       ///< empty: the station's
  std::string passcode_file;  ///< of the configuration; the feed takes `passcode`
  std::string passcode;
  std::string path = "SONDEGATE";  ///< the word between destination and TCPIP; may be empty
  double interval_s = 30;          ///< between two objects of one sonde
  std::string comment;             ///< see comment_tokens
  bool beacon = false;
  double beacon_interval_s = 1800;
  std::string beacon_symbol = "/`";  ///< table and code
  std::string beacon_comment;        ///< {version}
};

struct FeedsConfig {
  StationConfig station;
  UdpFeedConfig chasemapper{false, {"broadcast"}, 55673, 5};
  UdpFeedConfig ozimux{false, {"broadcast"}, 8942, 5};
  CsvFeedConfig csv;
  AprsFeedConfig aprs;
};

}  // namespace omnisonde::uploader
