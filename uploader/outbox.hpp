// The outbox: every accepted record is on disk before any output may send it, and stays until each
// output has said what became of it. One writer thread commits in groups; docs/adr/0006-outbox.md
// says why it is built so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"
#include "uploader/config.hpp"

namespace omnisonde::uploader {

/// One record on its way in. (serial, frame, datetime) is its key: the second with an equal key is
/// a duplicate, and of two within one commit interval the better received one stays.
struct NewRecord {
  std::string serial, type;
  std::uint32_t frame = 0;
  UtcMillis datetime, received;
  double altitude_m = 0;
  double snr_db = -1000;      ///< -1000 when not known
  std::string body;           ///< JSON object, as sent
  std::uint64_t outputs = 0;  ///< bit i: wanted by output i
};

/// What planning needs to know of a waiting record.
struct RecordMeta {
  std::int64_t id = 0;  ///< rising in order of arrival, never used twice
  std::string serial, type;
  std::uint32_t frame = 0;
  UtcMillis datetime, received;
  double altitude_m = 0;
};

struct StoredRecord {
  RecordMeta meta;
  std::string body;
};

/// The end of a record's wait at one output.
struct Settlement {
  std::int64_t id = 0;
  std::string outcome;      ///< "delivered", or the stable key of a rejection
  std::string words;        ///< for people; empty for "delivered"
  bool quarantine = false;  ///< keep the body for inspection
};

inline constexpr const char* kDelivered = "delivered";

struct OutcomeCount {
  std::string words;
  std::uint64_t count = 0;
};

struct OutputCounts {
  std::uint64_t waiting = 0;
  std::map<std::string, OutcomeCount> outcomes;  ///< since the start of the program
};

struct OutboxCounts {
  std::uint64_t accepted = 0, duplicates = 0;
  std::uint64_t lost_in_memory = 0;  ///< the disk took nothing for so long that memory ran out
  double size_mb = 0;
  std::string state = "ok";           ///< or what is wrong with the disk
  std::vector<OutputCounts> outputs;  ///< in the order of OutboxOptions::outputs
};

struct OutboxOptions {
  StorageConfig storage;
  std::vector<std::string> outputs;  ///< names, at most 64; stable over restarts
  std::function<UtcMillis()> now;
  std::function<bool()> clock_good;  ///< while false nothing expires
  std::function<void(LogLevel, std::string)> log;
};

/// Thread-safe. Its state on disk survives kill -9 up to the last commit, and a power cut up to
/// storage.sync_interval_s before it.
class Outbox {
 public:
  /// Makes the folder if it is missing. A corrupt queue is renamed (`outbox.corrupt-TIME.sqlite3`),
  /// said by log, and a new one begun.
  /// @returns an Error when the folder cannot be written to or another gateway uses it.
  static Expected<std::unique_ptr<Outbox>> open(OutboxOptions options);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Queues for the next commit. Never blocks on the disk.
  void add(NewRecord record);

  /// The committed records that wait for an output, newest first, at most `limit`.
  [[nodiscard]] std::vector<RecordMeta> waiting_newest_first(std::size_t output, int limit);

  /// The committed records that wait for an output with id > `after`, oldest first.
  [[nodiscard]] std::vector<StoredRecord> waiting_after(std::size_t output, std::int64_t after,
                                                        int limit);

  /// Records by id, in the order of `ids`; those that no longer wait for this output are left out.
  [[nodiscard]] std::vector<StoredRecord> load(std::size_t output,
                                               const std::vector<std::int64_t>& ids);

  /// Serials whose oldest kept record no longer waits for this output: they are not news there.
  [[nodiscard]] std::vector<std::string> settled_serials(std::size_t output);

  /// Ends the wait of records at one output. They are gone from waiting_* at once; if the program
  /// is killed before the next commit they come back (delivery is at least once).
  void settle(std::size_t output, std::vector<Settlement> settled);

  /// Waits until all that was added and settled so far is committed.
  /// @returns false if that did not succeed within `timeout_s` (disk full, ...).
  bool flush(double timeout_s);

  /// Waits until something was committed since `seen`, or `timeout_s` is over, or stop().
  /// @returns the new value for `seen`.
  std::uint64_t wait_for_commit(std::uint64_t seen, double timeout_s);

  [[nodiscard]] OutboxCounts counts() const;

  /// Commits what is queued and ends the writer thread. Reading goes on working.
  void stop();

 private:
  struct Impl;
  explicit Outbox(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace omnisonde::uploader
