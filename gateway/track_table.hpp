// One track per sonde (type and serial), whatever slots and receivers hear it: what the page shows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/band_receiver.hpp"
#include "gateway/status.hpp"

namespace omnisonde {

struct TrackLimits {
  double timeout_s = 600;   ///< silent for longer: lost
  double history_s = 7200;  ///< lost for longer: gone from the page
  bool show_encrypted = true;
};

/// One thread (the owner locks).
class TrackTable {
 public:
  TrackTable(TrackLimits limits, std::optional<GeoPosition> station)
      : limits_(limits), station_(station) {}

  /// The station has moved (gpsd): distances count from there.
  void set_station(const GeoPosition& station) { station_ = station; }

  /// A frame of a sonde, serial known or not. @returns true when it began a new track.
  bool add(const std::string& device, std::uint32_t slot_id, const Telemetry& record,
           UtcMillis now);

  /// What the slots of a receiver do now: states and frame counts.
  void update_slots(const std::string& device, const std::vector<SlotView>& slots);

  /// Tracks time out. Call about once a second.
  void expire(UtcMillis now);

  [[nodiscard]] std::vector<TrackStatus> tracks(bool with_paths) const;

 private:
  struct Entry {
    TrackStatus status;
    physics::AirColumn air;
    std::uint32_t slot_id = 0;
    SlotState slot_state = SlotState::kTracking;
    std::uint64_t good_before = 0, bad_before = 0;  ///< counted by slots that are gone
    std::uint64_t good_slot = 0, bad_slot = 0;
  };
  Entry& entry_for(const std::string& device, std::uint32_t slot_id, const Telemetry& record,
                   bool& is_new);
  void extend_path(TrackStatus& track, const Telemetry& record) const;

  TrackLimits limits_;
  std::optional<GeoPosition> station_;
  std::map<std::string, Entry> entries_;  ///< by TrackStatus::id
};

}  // namespace omnisonde
