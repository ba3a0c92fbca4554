// Between the slots and everybody else: completes records that came before their sonde's serial was
// known, and lets each frame through once, however many slots or receivers have heard it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "decoders/telemetry.hpp"
#include "gateway/band_receiver.hpp"

namespace omnisonde {

/// One thread.
class RecordGate {
 public:
  /// Takes one record; those that may go on are appended to `out`, oldest first. A record without
  /// serial waits until a record of the same slot and identity epoch has one.
  void add(SlotRecord record, std::vector<Telemetry>& out);

  /// The slot is gone: what waits for its serial goes on without, its hold_reason telling so.
  void slot_closed(std::uint32_t slot_id, std::vector<Telemetry>& out);

  /// The end of a recording: nothing waits any longer.
  void flush(std::vector<Telemetry>& out);

  /// Records that an earlier run of the program has left waiting. One is completed by the first
  /// record that must be from the same sonde: same sender hint, carrier within 3 kHz, within 15
  /// minutes, and no farther than a sonde can have flown.
  void adopt(std::vector<Telemetry> orphans);
  /// Adopted records that nobody has completed in time go on without serial.
  void expire_orphans(UtcMillis now, std::vector<Telemetry>& out);

  /// All that waits for a serial, adopted ones included; valid until the next call.
  [[nodiscard]] std::vector<const Telemetry*> waiting() const;

  /// Frames that had been heard before.
  [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }

 private:
  struct Sender {  ///< two sondes on one frequency take turns: one slot, two epochs
    std::uint32_t slot_id, epoch;
    friend auto operator<=>(const Sender&, const Sender&) = default;
  };
  struct FrameKey {
    std::uint32_t frame_number;
    std::int64_t datetime_ms;
    friend bool operator==(const FrameKey&, const FrameKey&) = default;
  };
  void release(Telemetry record, std::vector<Telemetry>& out);
  [[nodiscard]] bool heard_before(const Telemetry& record);
  void complete_orphans(const Telemetry& known, std::vector<Telemetry>& out);

  std::map<Sender, std::deque<Telemetry>> waiting_;
  std::vector<Telemetry> orphans_;
  std::map<std::string, std::deque<FrameKey>> heard_;
  std::deque<std::string> heard_order_;  ///< serials, oldest first, to bound heard_
  std::uint64_t duplicates_ = 0;
};

}  // namespace omnisonde
