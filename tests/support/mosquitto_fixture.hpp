// A real Mosquitto on free ports: plain MQTT, WebSocket and WebSocket over TLS.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/base/expected.hpp"
#include "tests/support/tls.hpp"

namespace omnisonde::testing {

struct MosquittoOptions {
  std::string folder;          ///< for its files; made if missing
  std::string user, password;  ///< both set: no anonymous access
  bool qos0_only = false;      ///< `max_qos 0` on the listeners
  bool keeps = false;          ///< sessions and messages outlive an orderly end
};

/// Runs while the object lives.
class Mosquitto {
 public:
  /// True when the program is installed; tests skip by name when it is not.
  static bool installed();
  static Expected<std::unique_ptr<Mosquitto>> start(const MosquittoOptions& options);
  ~Mosquitto();
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;

  [[nodiscard]] std::string mqtt_uri() const;  ///< mqtt://localhost:PORT
  [[nodiscard]] std::string ws_uri() const;    ///< ws://localhost:PORT/mqtt
  [[nodiscard]] std::string wss_uri() const;   ///< wss://localhost:PORT/x/y
  [[nodiscard]] std::string ca_file() const { return certificates_.ca_file; }

  [[nodiscard]] std::string log_file() const { return options_.folder + "/mosquitto.log"; }

  /// Kills the broker, waits until it is gone, and (with `resume`) begins it anew on its ports.
  void halt();
  /// Ends the broker in order, and waits until it is gone.
  void end();
  /// Stops it in its tracks (SIGSTOP), and lets it go on.
  void freeze() const;
  void thaw() const;
  Expected<void> resume();

 private:
  Mosquitto() = default;
  MosquittoOptions options_;
  TestCertificates certificates_;
  std::uint16_t mqtt_port_ = 0, ws_port_ = 0, wss_port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace omnisonde::testing
