// A gateway's surroundings that go wrong on demand.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tests/bench/delivery/flights.hpp"
#include "tests/e2e/child_process.hpp"
#include "tests/support/hub_standin.hpp"
#include "tests/support/mosquitto_fixture.hpp"

namespace omnisonde::testing {

enum class Fault : std::uint8_t {
  kKill,         ///< kill -9 of the gateway
  kServerError,  ///< the hub answers 500
  kTooMany,      ///< 429 with Retry-After
  kResetBody,    ///< reset in mid-body
  kHang,         ///< the hub takes the request and says nothing
  kBadTls,       ///< the hub shows a certificate of another authority
  kNoDns,        ///< no name resolves
  kBrokerRestart,
  kBrokerFreeze,  ///< the broker accepts and stalls
  kDiskFull,
};
inline constexpr std::array<const char*, 10> kFaultNames = {
    "kill -9",       "500",         "429",    "reset in mid-body",
    "hub stalls",    "TLS failure", "no DNS", "broker restart",
    "broker stalls", "disk full"};

class Surroundings {
 public:
  Surroundings(std::string folder, const Flights& flights, double rate,
               std::function<void(const nlohmann::ordered_json&)> at_hub);

  /// @returns why there is no hub or no broker.
  std::optional<std::string> start();
  void start_gateway();
  /// Lets it happen, for up to 2 s.
  void inflict(Fault fault);
  [[nodiscard]] ChildProcess& gateway() { return *gateway_; }
  [[nodiscard]] Mosquitto& broker() { return *broker_; }
  [[nodiscard]] std::uint64_t hub_requests() const {
    return requests_ + hub_->stats().telemetry_requests;
  }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  void start_hub(const char* certificates);
  void restart_broker();
  void for_a_while(const char* file, double seconds);
  std::string folder_;
  Flights flights_;
  double rate_;
  std::function<void(const nlohmann::ordered_json&)> at_hub_;
  std::uint16_t hub_port_ = 0;
  std::uint64_t requests_ = 0;  ///< at hubs that were replaced
  std::string hub_ca_, hub_url_;
  std::unique_ptr<HubStandin> hub_;
  std::unique_ptr<Mosquitto> broker_;
  std::unique_ptr<ChildProcess> gateway_;
};

}  // namespace omnisonde::testing
