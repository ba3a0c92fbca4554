// The uploader room's front door: records in, the world (hub, MQTT brokers) out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decoders/telemetry.hpp"
#include "gateway/base/expected.hpp"
#include "uploader/config.hpp"
#include "uploader/delivery.hpp"

namespace omnisonde::uploader {

/// How often something happened, with the reason for machines (stable) and for people.
struct ReasonCount {
  std::string key;    ///< "zero_position", "hub_outlier", "expired", ...
  std::string words;  ///< "the position is 0, 0"
  std::uint64_t count = 0;
};

/// One output as the status page shows it. Counts are since the start of the program.
struct OutputStatus {
  std::string name;           ///< "sondehub", "mqtt:home"
  std::string state;          ///< for people: "connected", "waits 12 s: the hub answered 503"
  bool ok = true;             ///< false while something is wrong that the operator should see
  std::uint64_t waiting = 0;  ///< records in the outbox for this output
  std::uint64_t delivered = 0;
  std::vector<ReasonCount> rejected;
  std::optional<double> last_success_age_s;
  std::string last_error;            ///< empty when there was none
  std::optional<double> retry_in_s;  ///< while backing off
  LatencyCounts latency;
  std::vector<RefusedRecord> refused_last;  ///< the last that were refused for good, newest first
};

/// The whole room. in = accepted + duplicates + sum of refused.
struct UploadStatus {
  std::uint64_t accepted = 0;        ///< entered the outbox
  std::uint64_t duplicates = 0;      ///< same serial, frame and time heard before
  std::vector<ReasonCount> refused;  ///< held back or against the hub's rules, by reason
  std::string outbox_state;          ///< "ok", or what is wrong with the disk
  double outbox_mb = 0;
  std::vector<OutputStatus> outputs;
};

/// Owns the outbox and a worker thread per output. All functions may be called from any thread.
class Uploader {
 public:
  /// Opens the outbox in config.storage.path (made if missing) and starts the workers.
  /// @returns an Error for a folder that cannot be written to or a wrong address; a hub that
  ///          cannot be reached is not an error but a state.
  static Expected<std::unique_ptr<Uploader>> start(const Config& config, Hooks hooks);
  ~Uploader();
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  /// Takes one record. Records with a hold_reason or against the hub's rules are counted, not
  /// queued. Quick: no disk access, no waiting for the network.
  void accept(const Telemetry& t);

  /// A changed station (position from gpsd, other antenna): reported anew.
  void set_station(const StationConfig& station);

  /// A line of the gateway's log, for outputs that pass such lines on (MQTT).
  void note(const LogEvent& event);

  [[nodiscard]] UploadStatus status() const;

  /// Commits what is queued, says goodbye to the brokers, ends the threads. Also by the destructor.
  void stop();

 private:
  struct Impl;
  explicit Uploader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// @returns nothing when `callsign` may be used for uploads, else why not in plain words.
[[nodiscard]] std::optional<std::string> callsign_fault(const std::string& callsign);

}  // namespace omnisonde::uploader
