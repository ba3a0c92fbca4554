// All that stands around the gateway in these tests: simulated air, the hub's stand-in, a real
// broker with a subscriber, and the gateway's own web page.
#pragma once

#include <mqtt/async_client.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/child_process.hpp"
#include "tests/support/hub_standin.hpp"
#include "tests/support/mosquitto_fixture.hpp"
#include "tests/support/ports.hpp"

namespace omnisonde::testing {

using Json = nlohmann::json;

/// A new folder under the system's temporary one; gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Asks every 20 ms until `condition` holds. @returns false if it did not within `timeout_s`.
bool eventually(double timeout_s, const std::function<bool()>& condition);

void write_file(const std::string& path, const std::string& text);

/// Collects what is published under ROOT/E2E-1/.
class Subscriber {
 public:
  Subscriber(const std::string& uri, const std::string& root);
  /// Payloads of telemetry/ and backfill/, in order of arrival.
  [[nodiscard]] std::vector<Json> records() const;
  /// `state` of each status message, in order of arrival.
  [[nodiscard]] std::vector<std::string> states() const;
  [[nodiscard]] std::string last_state() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> messages_;
  std::string prefix_;
  mqtt::async_client client_;  // last: its callback uses what stands above
};

struct HttpReply {
  int status = 0;  ///< 0: no answer
  std::string body;
};

/// One GET to a server on this machine.
[[nodiscard]] HttpReply http_get(std::uint16_t port, const std::string& path);

/// What a test changes of the gateway's settings.
struct GatewaySettings {
  std::string scenario;      ///< text of a scenario file without [stream]
  std::string device_args;   ///< further arguments of the simulated receiver
  std::string extra_config;  ///< further sections
};

/// A hub, a broker and a state folder that outlive the gateways on them.
class Rig {
 public:
  /// ok() tells whether the hub and the broker are there.
  Rig();
  [[nodiscard]] bool ok() const { return hub_ && broker_; }

  /// Starts a gateway on simulated air of kRate_hz around 403 MHz; the former one must have ended.
  /// Its records go to the hub every second, to the broker by ws under root "ws", by wss under
  /// root "wss".
  void start_gateway(const GatewaySettings& settings);

  [[nodiscard]] HubStandin& hub() { return *hub_; }
  [[nodiscard]] Mosquitto& broker() { return *broker_; }
  [[nodiscard]] ChildProcess& gateway() { return *gateway_; }

  /// Every record at the hub as it was sent: without what the hub adds.
  [[nodiscard]] std::vector<Json> hub_records() const;
  /// What the simulated receiver has sent so far.
  [[nodiscard]] std::vector<Json> truth() const;
  /// Waits until at least `records` were sent and then, for 3 s, no more: all sondes are silent.
  [[nodiscard]] bool air_is_silent(std::size_t records, double timeout_s) const;
  [[nodiscard]] HttpReply get(const std::string& path) const { return http_get(port_, path); }
  [[nodiscard]] Json status() const;
  /// All samples of /metrics without labels, by name; empty when there is no answer.
  [[nodiscard]] std::map<std::string, double> metrics() const;

  static constexpr double kRate_hz = 480'000;  // light enough for the sanitizer builds

 private:
  TemporaryFolder folder_;
  std::unique_ptr<HubStandin> hub_;
  std::unique_ptr<Mosquitto> broker_;
  std::uint16_t port_ = 0;
  int runs_ = 0;
  std::unique_ptr<ChildProcess> gateway_;
};

/// The built program with the simulated receiver as the only SoapySDR module.
[[nodiscard]] std::unique_ptr<ChildProcess> start_program(const std::vector<std::string>& arguments,
                                                          const std::string& folder);

}  // namespace omnisonde::testing
