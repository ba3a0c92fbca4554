// The two ends of delivery: what has arrived at the hub and at a broker's reader, compared with
// what was generated.
#pragma once

#include <mqtt/async_client.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/bench/delivery/flights.hpp"

namespace omnisonde::testing {

struct EndCounts {
  std::uint64_t arrived = 0;     ///< different records
  std::uint64_t repeats = 0;     ///< arrivals of a record that was there already
  std::uint64_t invented = 0;    ///< arrivals that were never generated, or are changed
  std::uint64_t disordered = 0;  ///< first arrivals behind a newer record of the sonde
};

/// Thread-safe.
class End {
 public:
  explicit End(const Flights& flights);
  /// @param resent  marked as a repeat by the one that hands it over: not counted as a repeat.
  void arrive(const nlohmann::ordered_json& record, bool resent = false);
  [[nodiscard]] EndCounts counts() const;

 private:
  [[nodiscard]] bool genuine(const nlohmann::ordered_json& record, std::uint32_t sonde,
                             std::uint32_t frame) const;
  const Flights flights_;
  mutable std::mutex mutex_;
  EndCounts counts_;
  std::vector<bool> seen_;
  std::vector<std::int64_t> newest_;  ///< frame by sonde
};

/// A reader with a session that the broker keeps: what it misses while the broker restarts comes
/// later. What a broker sends again after a restart it marks, whether or not it had arrived.
class BrokerReader {
 public:
  BrokerReader(const std::string& uri, End& end);

 private:
  End& end_;
  std::unique_ptr<mqtt::async_client> client_;
};

}  // namespace omnisonde::testing
