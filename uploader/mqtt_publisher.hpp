// What an MQTT output publishes while it is connected: records, the station's state, what is
// retained of each sonde. Knows topics; knows nothing of connecting.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "uploader/config.hpp"
#include "uploader/mqtt_link.hpp"
#include "uploader/output.hpp"

namespace omnisonde::uploader {

/// `text` as one level of a topic: everything but letters, digits, '_', '-' and '.' becomes '_'.
[[nodiscard]] std::string topic_level(const std::string& text);

inline constexpr std::int64_t kNoRecord = 0;  ///< tag of messages that are not records

/// Used by one thread. The topics are those of docs/uploader.md.
class MqttPublisher {
 public:
  MqttPublisher(const MqttConfig& config, const OutputContext& context);

  /// A new connection: the broker may have published the will, or have forgotten all it retained.
  void begin(MqttLink& link, int qos);
  void end() { link_ = nullptr; }

  void publish_record(const StoredRecord& record);
  /// What is due by time: latest positions, clearing of old ones, health, the station's changes.
  void keep_house();
  void publish_log(const LogEvent& event);
  /// Health, now: any message makes the library look at what it has to send.
  void publish_health();
  void publish_offline();

  [[nodiscard]] const std::string& base() const { return base_; }
  [[nodiscard]] std::string status_text(const char* state) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Latest {
    std::string body;
    UtcMillis datetime;
    Clock::time_point heard, published;
    bool due = false;
  };
  void put(const std::string& topic, const std::string& payload, int qos, bool retained,
           std::int64_t tag = kNoRecord);
  void publish_latest(bool all);
  void publish_station();
  void mirror_record(const std::string& serial, const std::string& body, bool first);
  void mirror_batch();
  void clear_old();

  const MqttConfig& config_;
  const OutputContext& context_;
  std::string station_, base_;  ///< "<root>/<station>/"
  std::string session_, since_;
  MqttLink* link_ = nullptr;
  int qos_ = 1;
  std::map<std::string, Latest> latest_;
  std::set<std::string> known_serials_;
  std::string batch_;  ///< of the mirror: a JSON array that is not closed yet
  std::uint64_t station_revision_ = 0;
  Clock::time_point next_health_, next_batch_;
};

}  // namespace omnisonde::uploader
