// One connection to an MQTT broker (3.1.1; TCP, TLS, WebSocket). Hides Paho, throws nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace omnisonde::uploader {

struct MqttLinkOptions {
  std::string uri;  ///< mqtt:// mqtts:// ws:// wss://
  std::string client_id, user, password, ca_file;
  double keep_alive_s = 20, connect_timeout_s = 10;
  std::string will_topic, will_payload;  ///< published, retained, when the connection breaks
  int qos = 1;                           ///< of the will
};

/// Why there is no connection.
struct MqttFault {
  std::string words;
  bool login = false;  ///< the broker refused user, password or client id
};

struct MqttDone {
  std::int64_t tag;
  bool ok;
};

/// Used by one thread. Never connects anew by itself; keeps nothing for later.
class MqttLink {
 public:
  /// Blocks until connected, refused or timed out (up to three times connect_timeout_s: TCP, TLS
  /// and WebSocket each have it) or `stop`. @returns null and fills `fault` on failure.
  static std::unique_ptr<MqttLink> connect(const MqttLinkOptions& options,
                                           const std::atomic<bool>& stop, MqttFault& fault);
  ~MqttLink();
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  /// False once the connection is known to be lost.
  [[nodiscard]] bool alive() const;

  /// Hands a message to the library. @returns false if it was not taken (the link is of no use
  /// any more). What became of it comes from `collect`, under `tag`.
  bool publish(const std::string& topic, const std::string& payload, int qos, bool retained,
               std::int64_t tag);

  /// Messages that are acknowledged (QoS 1), written to the socket (QoS 0), or failed, in the order
  /// of `publish`. A failed one may have arrived all the same.
  std::vector<MqttDone> collect();

  [[nodiscard]] std::size_t in_flight() const;

  /// Sleeps until the first message in flight is done or the time is over.
  void wait(double timeout_s);

  /// Ends the connection in order: the broker does not publish the will.
  void disconnect();

 private:
  struct Impl;
  explicit MqttLink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::uploader
