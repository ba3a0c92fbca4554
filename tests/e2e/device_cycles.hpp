// A receiver that fails and comes back again and again, beside one that does not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/rig.hpp"

namespace omnisonde::testing {

struct Cycle {
  std::string kind;  ///< a word of the simulated receiver's control file
  /// From the fault's beginning to the status saying so; -1: it is none that is said (its samples
  /// are lost or wrong, which is counted).
  double noticed_s = -1;
  /// From the moment when the device could work again (a silent one has to be opened anew: from the
  /// fault's beginning) to the stream being back, and to the first frame decoded; -1: never.
  double back_s = -1, frame_s = -1;
  long memory_kib = 0;  ///< resident, after it
  int handles = 0;      ///< open files, after it
  std::string reason;   ///< what the status page said
};

/// The gateway with two simulated receivers, one sonde in each one's air.
class DeviceCycles {
 public:
  DeviceCycles();
  /// Both sondes are heard. @returns false if they are not within 30 s.
  [[nodiscard]] bool ready();

  /// @param kind  "gone", "stall", "flat", "garbage" or "overflow"
  /// @param fault_s  how long it lasts; "stall" and "flat" last until the gateway has noticed
  Cycle run(const std::string& kind, double fault_s);

  /// Of the receiver that is well: frames decoded, frames sent, samples lost so far.
  struct Other {
    std::uint64_t frames = 0, sent = 0, lost = 0;
  };
  [[nodiscard]] Other other() const;
  [[nodiscard]] std::string log() const { return program_->err(); }

 private:
  [[nodiscard]] Json device(const std::string& name) const;
  [[nodiscard]] std::uint64_t frames(const std::string& serial) const;
  void say(const std::string& word) const;

  TemporaryFolder folder_;
  std::uint16_t port_;
  std::unique_ptr<ChildProcess> program_;
};

}  // namespace omnisonde::testing
