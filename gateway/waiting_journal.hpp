// Records that wait for their sonde's serial, on disk: a DFM tells its serial only after 12 to 24 s
// on the air, and what was heard before must outlive a kill -9. They cannot be in the outbox yet,
// whose key is the serial.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "decoders/telemetry.hpp"

namespace omnisonde {

/// A file of lines, one record each. One thread. A record is safe against the end of the program
/// as soon as keep() returns, against a power cut when the system has written it out (about 30 s).
/// A disk that takes nothing is said once by `warn`; the records then wait in memory only.
class WaitingJournal {
 public:
  /// @param path  the file; empty keeps nothing.
  WaitingJournal(std::string path, std::function<void(const std::string&)> warn);

  /// What an earlier run left. Lines that are cut off or damaged are passed over.
  [[nodiscard]] std::vector<Telemetry> load() const;

  void keep(const Telemetry& record);

  /// From now on only `records` are kept. The old file stays until the new one is whole.
  void replace(const std::vector<const Telemetry*>& records);

 private:
  void note(bool ok);

  std::string path_;
  std::function<void(const std::string&)> warn_;
  bool failing_ = false;
};

}  // namespace omnisonde
