// Who sends on a slot: a serial counts when enough records agree in it, and one that changes in
// mid-flight is held back until it is certain that another sonde has come.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gateway/band_receiver.hpp"

namespace omnisonde {

/// One thread. Stands before RecordGate: a record whose serial does not count yet has it taken away
/// and waits there, to be completed by the record that makes it certain.
class IdentityWatch {
 public:
  /// Judges a record's serial and subtype, which it may change.
  /// @returns false when the serial has been taken away for now.
  bool judge(SlotRecord& record);
  void slot_closed(std::uint32_t slot_id);

  /// What people should know, one line each: old, new, frequency and why.
  [[nodiscard]] std::vector<std::string> take_notes();
  /// Records whose serial or subtype was another than their flight's and was not believed at once.
  [[nodiscard]] std::uint64_t doubted() const noexcept { return doubted_; }

 private:
  struct Known {
    std::string type, serial, subtype;
    std::string other_subtype;  ///< told instead in the last records
    int other_records = 0;
  };
  struct Candidate {
    std::string type, serial;
    int records = 0;
    std::uint32_t epoch = 0;  ///< its records wait under it
  };
  struct Slot {
    std::vector<Known> known;  ///< several take turns on one frequency; the latest first
    std::vector<Candidate> candidates;
    int notes = 0;
  };
  bool judge_serial(Slot& slot, Telemetry& record);
  void judge_subtype(Known& known, Telemetry& record);
  void note(std::string text);

  std::map<std::uint32_t, Slot> slots_;
  std::uint32_t next_epoch_ = 0;
  std::vector<std::string> notes_;
  std::uint64_t doubted_ = 0;
};

}  // namespace omnisonde
