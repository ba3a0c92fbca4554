// A stand-in for SondeHub: a real HTTPS server that takes uploads, enforces the hub's rules and
// answers as the hub does, with faults on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde::testing {

/// The next `count` telemetry requests go wrong in this way.
struct HubFault {
  enum class Kind : std::uint8_t {
    kStatus,       ///< answered with `value` as status, nothing stored
    kResetBody,    ///< connection reset while the body is on its way, nothing stored
    kReset,        ///< connection reset, nothing stored
    kResetStored,  ///< stored, then reset instead of an answer
    kHang,         ///< no answer
    kCut,          ///< stored, answer cut off behind the head
    kGarbage,      ///< something that is not HTTP
    kRejectFirst,  ///< 202: the first record of the batch is rejected
  };
  Kind kind = Kind::kStatus;
  int count = 1;
  int value = 500;        ///< status
  int retry_after_s = 0;  ///< header Retry-After; 0 for none
  std::string words{};    ///< of kRejectFirst; empty: some
};

/// Reads "500:3", "429:2:5" (status, times, Retry-After), "reset:1", "reset-stored:1", "hang:1",
/// "cut:1", "garbage:1", "reject-first:1".
Expected<HubFault> parse_hub_fault(const std::string& text);

struct HubStandinOptions {
  std::uint16_t port = 0;  ///< 0: any free one
  bool tls = true;
  std::string cert_folder;  ///< of the private authority; made if missing
  std::string store_file;   ///< each accepted record is appended as a JSON line; empty for none
  std::string poison;       ///< a serial that spoils each batch it is in (400)
  std::function<UtcMillis()> now;  ///< default: the system's clock
  /// Told of each accepted record and the number of its request, one at a time; it is not kept
  /// then.
  std::function<void(const nlohmann::ordered_json&, std::uint64_t request)> on_stored{};
};

struct HubStandinStats {
  std::uint64_t telemetry_requests = 0, stored = 0, thinned = 0, rejected = 0, warned = 0;
  std::uint64_t station_reports = 0, faults = 0;
};

class HubStandin {
 public:
  static Expected<std::unique_ptr<HubStandin>> start(HubStandinOptions options);
  ~HubStandin();
  HubStandin(const HubStandin&) = delete;
  HubStandin& operator=(const HubStandin&) = delete;

  [[nodiscard]] std::string url() const;  ///< "https://localhost:PORT"
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string ca_file() const;
  void add_fault(const HubFault& fault);
  void set_poison(const std::string& serial);

  [[nodiscard]] HubStandinStats stats() const;
  /// JSON text of every accepted record, also of those that the hub would thin out ("_thinned").
  [[nodiscard]] std::vector<std::string> records() const;
  /// "message: JSON" of every rejected record.
  [[nodiscard]] std::vector<std::string> rejected() const;
  [[nodiscard]] std::vector<std::string> station_reports() const;
  /// Status of each answer to a telemetry request, in order; 0 where there was none.
  [[nodiscard]] std::vector<int> request_statuses() const;
  void stop();

 private:
  struct Impl;
  explicit HubStandin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::testing
