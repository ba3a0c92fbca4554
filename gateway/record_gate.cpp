#include "gateway/record_gate.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decoders/geo/ecef.hpp"

namespace omnisonde {
namespace {

constexpr std::size_t kMostWaiting = 600;  // ten minutes at one record a second
constexpr std::size_t kMostSenders = 256;
constexpr std::size_t kFramesKept = 128;  // per serial: two minutes against late copies
constexpr std::size_t kSerialsKept = 256;

constexpr double kSameCarrier_hz = 3000;
constexpr std::int64_t kOrphanLife_ms = 15 * 60'000;
constexpr double kNear_m = 500, kFastest_mps = 150;  // of a sonde in a jet stream, or falling

bool same_sonde(const Telemetry& orphan, const Telemetry& known) {
  if (orphan.sender_hint.empty() || orphan.sender_hint != known.sender_hint) return false;
  if (orphan.manufacturer != known.manufacturer) return false;
  if (std::abs(orphan.rx.frequency_hz - known.rx.frequency_hz) > kSameCarrier_hz) return false;
  if (!orphan.datetime || !known.datetime || !orphan.position || !known.position) return false;
  const std::int64_t later_ms = known.datetime->ms - orphan.datetime->ms;
  if (later_ms < 0 || later_ms > kOrphanLife_ms) return false;
  return geo::distance_m(*orphan.position, *known.position) <
         kNear_m + kFastest_mps * static_cast<double>(later_ms) * 1e-3;
}

// What the later record has proven of the sonde holds for the earlier one as well.
void complete(Telemetry& record, const Telemetry& known) {
  record.type = known.type;
  record.manufacturer = known.manufacturer;
  record.serial = known.serial;
  if (record.subtype.empty()) record.subtype = known.subtype;
  for (const ExtraField& extra : known.extras) {
    const bool present = std::ranges::any_of(
        record.extras, [&](const ExtraField& own) { return own.name == extra.name; });
    if (!present && extra.name == "dfmcode") record.extras.push_back(extra);
  }
  if (record.hold_reason == kSerialUnknown) record.hold_reason.clear();
}

}  // namespace

void RecordGate::add(SlotRecord record, std::vector<Telemetry>& out) {
  Telemetry& telemetry = record.telemetry;
  if (waiting_.size() > kMostSenders) flush(out);  // epochs that never got a serial
  auto& waiting = waiting_[{record.slot_id, telemetry.identity_epoch}];
  if (telemetry.serial.empty()) {
    waiting.push_back(std::move(telemetry));
    if (waiting.size() > kMostWaiting) {
      release(std::move(waiting.front()), out);
      waiting.pop_front();
    }
    return;
  }
  complete_orphans(telemetry, out);
  std::deque<Telemetry> earlier = std::move(waiting);
  waiting_.erase({record.slot_id, telemetry.identity_epoch});
  for (Telemetry& before : earlier) {
    complete(before, telemetry);
    release(std::move(before), out);
  }
  release(std::move(telemetry), out);
}

void RecordGate::slot_closed(std::uint32_t slot_id, std::vector<Telemetry>& out) {
  const auto first = waiting_.lower_bound({slot_id, 0});
  auto last = first;
  for (; last != waiting_.end() && last->first.slot_id == slot_id; ++last) {
    for (Telemetry& record : last->second) release(std::move(record), out);
  }
  waiting_.erase(first, last);
}

void RecordGate::flush(std::vector<Telemetry>& out) {
  while (!waiting_.empty()) slot_closed(waiting_.begin()->first.slot_id, out);
}

void RecordGate::adopt(std::vector<Telemetry> orphans) { orphans_ = std::move(orphans); }

void RecordGate::complete_orphans(const Telemetry& known, std::vector<Telemetry>& out) {
  const auto theirs =
      std::stable_partition(orphans_.begin(), orphans_.end(),
                            [&](const Telemetry& orphan) { return !same_sonde(orphan, known); });
  for (auto orphan = theirs; orphan != orphans_.end(); ++orphan) {
    complete(*orphan, known);
    release(std::move(*orphan), out);
  }
  orphans_.erase(theirs, orphans_.end());
}

void RecordGate::expire_orphans(UtcMillis now, std::vector<Telemetry>& out) {
  const auto expired =
      std::stable_partition(orphans_.begin(), orphans_.end(), [&](const Telemetry& orphan) {
        return std::abs(now.ms - orphan.rx.received.ms) <= kOrphanLife_ms;
      });
  for (auto orphan = expired; orphan != orphans_.end(); ++orphan) {
    release(std::move(*orphan), out);
  }
  orphans_.erase(expired, orphans_.end());
}

std::vector<const Telemetry*> RecordGate::waiting() const {
  std::vector<const Telemetry*> all;
  for (const Telemetry& orphan : orphans_) all.push_back(&orphan);
  for (const auto& [sender, records] : waiting_) {
    for (const Telemetry& record : records) all.push_back(&record);
  }
  return all;
}

void RecordGate::release(Telemetry record, std::vector<Telemetry>& out) {
  if (heard_before(record)) {
    ++duplicates_;
    return;
  }
  out.push_back(std::move(record));
}

bool RecordGate::heard_before(const Telemetry& record) {
  if (record.serial.empty()) return false;
  if (!record.frame_number && !record.datetime) return false;  // nothing to tell it by
  const std::string sonde = record.type + "/" + record.serial;
  if (!heard_.contains(sonde)) {
    heard_order_.push_back(sonde);
    if (heard_order_.size() > kSerialsKept) {
      heard_.erase(heard_order_.front());
      heard_order_.pop_front();
    }
  }
  std::deque<FrameKey>& frames = heard_[sonde];
  const FrameKey key{record.frame_number.value_or(0), record.datetime.value_or(UtcMillis{}).ms};
  if (std::ranges::find(frames, key) != frames.end()) return true;
  frames.push_back(key);
  if (frames.size() > kFramesKept) frames.pop_front();
  return false;
}

}  // namespace omnisonde
