#include "gateway/waiting_journal.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "gateway/telemetry_json.hpp"

namespace omnisonde {

namespace fs = std::filesystem;

WaitingJournal::WaitingJournal(std::string path, std::function<void(const std::string&)> warn)
    : path_(std::move(path)), warn_(std::move(warn)) {}

std::vector<Telemetry> WaitingJournal::load() const {
  std::vector<Telemetry> records;
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);) {
    if (auto record = telemetry_from_line(line)) records.push_back(std::move(*record));
  }
  return records;
}

void WaitingJournal::keep(const Telemetry& record) {
  if (path_.empty()) return;
  std::ofstream file(path_, std::ios::app);
  // A line begins anew, whatever a power cut has left of the one before.
  file << '\n' << telemetry_to_line(record) << '\n' << std::flush;
  note(file.good());
}

void WaitingJournal::replace(const std::vector<const Telemetry*>& records) {
  if (path_.empty()) return;
  std::error_code ec;
  if (records.empty()) {
    fs::remove(path_, ec);
    return;
  }
  const std::string next = path_ + ".new";
  {
    std::ofstream file(next, std::ios::trunc);
    for (const Telemetry* record : records) file << telemetry_to_line(*record) << '\n';
    file.flush();
    if (!file.good()) {
      note(false);
      return;
    }
  }
  fs::rename(next, path_, ec);
  note(!ec);
}

void WaitingJournal::note(bool ok) {
  const bool was_failing = std::exchange(failing_, !ok);
  if (!ok && !was_failing && warn_) {
    warn_(path_ +
          " cannot be written: records that wait for their sonde's serial are in memory only; free "
          "some space");
  }
}

}  // namespace omnisonde
