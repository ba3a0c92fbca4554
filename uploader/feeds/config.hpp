// Settings of the feeds: outputs beside the hub and the brokers. Plain values, std only.
#pragma once

#include <cstdint>
#include <functional>
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

enum class WebhookFormat : std::uint8_t { kJson, kText, kForm };

/// [webhook:NAME]: an HTTP request for each event.
struct WebhookConfig {
  std::string name;
  std::string url;                   ///< may hold {tokens}
  std::string url_file, token_file;  ///< of the configuration; the feed takes `url` and `token`
  std::string token;                 ///< sent as a bearer token; empty: none
  std::string method = "POST";
  WebhookFormat format = WebhookFormat::kJson;
  std::string body;                  ///< template; empty: the event as JSON, or its sentence
  std::vector<std::string> headers;  ///< templates, "Name: value"
  std::vector<std::string> events;   ///< names; empty: all
  std::string ca_file;
  double first_backoff_s = 5;  ///< doubled up to 5 min
};

enum class SmtpSecurity : std::uint8_t { kNone, kStartTls, kTls };

/// [email]: a mail for each event.
struct EmailConfig {
  bool enabled = false;
  std::string host;
  int port = 25;
  SmtpSecurity security = SmtpSecurity::kNone;
  std::string user, password_file, password;
  std::string ca_file;
  std::string from;
  std::vector<std::string> to;
  std::string subject;              ///< template
  std::vector<std::string> events;  ///< names; empty: all
  double first_backoff_s = 5;       ///< doubled up to 5 min
};

/// [events]: when something counts as one.
struct EventsConfig {
  double near_m = 30'000;
  double below_m = 1'000;
};

enum class RotatorFollow : std::uint8_t { kNearest, kLowest, kWeakest, kHighest };

/// [rotator]: an antenna rotator by Hamlib's rotctld.
struct RotatorConfig {
  bool enabled = false;
  std::string host = "127.0.0.1";
  int port = 4533;
  double interval_s = 30;
  double deadband_deg = 5;
  bool azimuth_only = false;
  RotatorFollow follow = RotatorFollow::kNearest;
  std::string serial;  ///< follow this one whenever it is heard; empty: by the rule
  bool park = false;
  double park_after_s = 600;
  double park_azimuth_deg = 0, park_elevation_deg = 0;
};

/// [gpsd]: the station's position.
struct GpsdConfig {
  bool enabled = false;
  std::string host = "localhost";
  int port = 2947;
};

struct FeedsConfig {
  StationConfig station;
  UdpFeedConfig chasemapper{false, {"broadcast"}, 55673, 5};
  UdpFeedConfig ozimux{false, {"broadcast"}, 8942, 5};
  CsvFeedConfig csv;
  AprsFeedConfig aprs;
  EventsConfig events;
  std::vector<WebhookConfig> webhooks;
  EmailConfig email;
  RotatorConfig rotator;
  GpsdConfig gpsd;
  /// Told by [gpsd] where the station is now, on its thread.
  std::function<void(const GeoPosition&)> moved = [](const GeoPosition&) {};
};

}  // namespace omnisonde::uploader
