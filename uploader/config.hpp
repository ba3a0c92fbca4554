// What the operator sets and what the gateway lends to the uploader. Plain values, std only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "decoders/telemetry.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde::uploader {

/// How much of the station's place the world may see.
enum class PublishPosition : std::uint8_t { kExact, kCoarse, kNo };

/// [station]: who hears.
struct StationConfig {
  std::string callsign;  ///< public name; empty, CHANGEME and N0CALL mean "not set"
  std::optional<GeoPosition> position;
  PublishPosition publish_position = PublishPosition::kExact;  ///< kCoarse: 0.01 deg
  std::string antenna;                                         ///< free text, may be empty
  std::string radio;                                           ///< free text, may be empty
  std::string contact_email;                                   ///< for the hub's admins only
  bool mobile = false;
};

/// [storage]: the queue on disk.
struct StorageConfig {
  std::string path;                ///< folder; the queue is `outbox.sqlite3` in it
  int max_mb = 500;                ///< quota of the queue; the oldest records go first
  double keep_h = 47;              ///< the hub takes nothing older than 48 h
  double commit_interval_s = 0.1;  ///< records wait at most this long for their commit
  double sync_interval_s = 1.0;    ///< at most this much is lost by a power cut
  double clock_hold_s = 60;        ///< after a jump of the clock nothing is judged by it
};

/// [sondehub]: the hub by HTTPS.
struct SondehubConfig {
  bool enabled = true;
  std::string url = "https://api.v2.sondehub.org";
  std::string ca_file;                    ///< PEM; empty means the system's authorities
  double batch_interval_s = 15;           ///< seconds between batches; 0: each record at once
  double backfill_interval_s = 0.5;       ///< seconds between requests of old records
  double backfill_horizon_h = 24;         ///< older backlog is not sent; 0 sends none
  std::vector<std::string> upload_types;  ///< hub types; empty means all
  bool dry_run = false;                   ///< sends the hub's `dev` flag: checked, not stored
  bool station_report = true;
  double connect_timeout_s = 10;
  double request_timeout_s = 30;
  double backoff_first_s = 5;    ///< doubled up to backoff_max_s
  double backoff_max_s = 300;    ///< while the hub is reached and does not answer well
  double unreached_max_s = 3.5;  ///< while no connection comes about: that loads nobody
  double refused_first_s = 900;  ///< pause after a 401, 403, 404; doubled up to 6 h
  double station_interval_s = 6 * 3600;
  int max_batch = 100;  ///< records per request
};

/// One [mqtt:NAME] section.
struct MqttConfig {
  std::string name = "mqtt";  ///< of the section; part of the client id
  std::string uri;            ///< mqtt:// mqtts:// ws:// wss:// host[:port][/path]
  std::string user, password;
  std::string token;    ///< instead of user and password: sent as the user name
  std::string ca_file;  ///< PEM; empty means the system's authorities
  std::string root = "gateway";
  std::string instance;  ///< tells gateways of one station apart in the client id
  int qos = 1;           ///< of status, will and telemetry; falls back to 0 where 1 is refused
  double keep_alive_s = 20;
  double connect_timeout_s = 10;
  bool mirror = false;          ///< also the topics of SondeHub's own broker
  bool home_assistant = false;  ///< also Home Assistant's discovery messages
  double backoff_first_s = 1;   ///< doubled up to backoff_max_s
  double backoff_max_s = 4;
  double backoff_login_s = 60;    ///< after a refused login, which waiting does not heal
  double stall_s = 30;            ///< no acknowledgement for so long: connect anew
  double live_age_s = 60;         ///< older records go to backfill/<serial>
  double latest_interval_s = 10;  ///< between two latest/<serial>
  double latest_clear_h = 6;      ///< silence after which latest/<serial> is cleared
  double health_interval_s = 10;
};

struct Config {
  StationConfig station;
  StorageConfig storage;
  SondehubConfig sondehub;
  std::vector<MqttConfig> mqtt;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// What the gateway lends. All may be empty; all are called from any of the uploader's threads.
struct Hooks {
  std::function<void(LogLevel, std::string)> log;  ///< default: nothing is logged
  std::function<UtcMillis()> now;                  ///< default: the system's clock
  std::function<bool()> clock_good;                ///< default: true; false holds all uploads back
  std::function<void()> clock_jumped;              ///< the clock may be wrong now; default: nothing
  std::function<std::string()> health;             ///< JSON object for MQTT; default: status counts
};

}  // namespace omnisonde::uploader
