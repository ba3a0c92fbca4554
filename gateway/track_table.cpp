#include "gateway/track_table.hpp"

#include <utility>

#include "uploader/feeds/sight.hpp"

namespace omnisonde {
namespace {

constexpr std::size_t kMostPathPoints = 600;

std::string unnamed(const std::string& device, std::uint32_t slot_id) {
  return device + "/slot-" + std::to_string(slot_id);
}

TrackState state_of(const TrackStatus& track, SlotState slot) {
  if (slot == SlotState::kHolding) return TrackState::kHolding;
  if (track.last.encrypted) return TrackState::kEncrypted;
  return track.last.position ? TrackState::kTracking : TrackState::kNoFix;
}

}  // namespace

TrackTable::Entry& TrackTable::entry_for(const std::string& device, std::uint32_t slot_id,
                                         const Telemetry& record, bool& is_new) {
  const std::string slot_key = unnamed(device, slot_id);
  const std::string key = record.serial.empty() ? slot_key : record.type + "-" + record.serial;
  auto [entry, inserted] = entries_.try_emplace(key);
  is_new = inserted;
  if (!record.serial.empty()) {
    // The slot's sonde has a name now: what was heard before belongs to it.
    const auto before = entries_.find(slot_key);
    if (before != entries_.end()) {
      if (inserted) entry->second = std::move(before->second);
      entries_.erase(before);
    }
  }
  entry->second.status.id = key;
  return entry->second;
}

bool TrackTable::add(const std::string& device, std::uint32_t slot_id, const Telemetry& record,
                     UtcMillis now) {
  if (record.encrypted && !limits_.show_encrypted) return false;
  bool is_new = false;
  Entry& entry = entry_for(device, slot_id, record, is_new);
  TrackStatus& track = entry.status;
  if (track.first_heard.ms == 0) track.first_heard = now;
  if (entry.slot_id != slot_id) {
    entry.good_before += std::exchange(entry.good_slot, 0);
    entry.bad_before += std::exchange(entry.bad_slot, 0);
  }
  entry.slot_id = slot_id;
  entry.slot_state = SlotState::kTracking;
  track.device = device;
  track.last_heard = now;
  track.last = record;
  track.derived = entry.air.add(record);
  track.hold_reason = record.hold_reason;
  track.state = state_of(track, entry.slot_state);
  if (record.position) {
    if (station_) {
      const uploader::Direction s = uploader::direction(*station_, *record.position);
      track.distance_m = s.distance_m;
      track.bearing_deg = s.bearing_deg;
      track.elevation_deg = s.elevation_deg;
    }
    extend_path(track, record);
  }
  return is_new;
}

// When the path is full every second point goes: it stays whole, and gets coarser as it grows.
void TrackTable::extend_path(TrackStatus& track, const Telemetry& record) const {
  auto& path = track.path;
  path.push_back({record.datetime.value_or(record.rx.received), *record.position});
  if (path.size() <= kMostPathPoints) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < path.size(); i += 2) path[kept++] = path[i];
  if (path.size() % 2 == 0) path[kept++] = path.back();
  path.resize(kept);
}

void TrackTable::update_slots(const std::string& device, const std::vector<SlotView>& slots) {
  for (auto& [key, entry] : entries_) {
    if (entry.status.device != device || entry.status.state == TrackState::kLost) continue;
    entry.slot_state = SlotState::kHolding;  // unless its slot says otherwise
    for (const SlotView& slot : slots) {
      if (slot.id != entry.slot_id) continue;
      entry.slot_state = slot.state;
      entry.good_slot = slot.counts.good;
      entry.bad_slot = slot.counts.bad;
    }
    entry.status.frames_good = entry.good_before + entry.good_slot;
    entry.status.frames_bad = entry.bad_before + entry.bad_slot;
    entry.status.state = state_of(entry.status, entry.slot_state);
  }
}

void TrackTable::expire(UtcMillis now) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    TrackStatus& track = entry->second.status;
    const double silent_s = static_cast<double>(now.ms - track.last_heard.ms) / 1000;
    if (silent_s > limits_.timeout_s) track.state = TrackState::kLost;
    const bool forgotten = silent_s > limits_.timeout_s + limits_.history_s;
    entry = forgotten ? entries_.erase(entry) : std::next(entry);
  }
}

std::vector<TrackStatus> TrackTable::tracks(bool with_paths) const {
  std::vector<TrackStatus> out;
  for (const auto& [key, entry] : entries_) {
    if (with_paths) {
      out.push_back(entry.status);
      continue;
    }
    TrackStatus light;
    const TrackStatus& s = entry.status;
    light = {s.id,
             s.state,
             s.device,
             s.last,
             s.frames_good,
             s.frames_bad,
             s.first_heard,
             s.last_heard,
             s.distance_m,
             s.bearing_deg,
             s.elevation_deg,
             s.derived,
             s.hold_reason,
             {}};
    out.push_back(std::move(light));
  }
  return out;
}

}  // namespace omnisonde
