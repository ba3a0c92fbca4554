// The outbox's tables: SQL and nothing else. One object is one connection, used by one thread at a
// time. Only outbox*.cpp may include this.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/expected.hpp"
#include "uploader/outbox.hpp"

struct sqlite3;

namespace omnisonde::uploader {

enum class StoreResult : std::uint8_t { kOk, kTryLater, kCorrupt };

/// All that goes into one transaction.
struct WriteBatch {
  std::vector<NewRecord> adds;
  std::vector<std::vector<Settlement>> settled;  ///< by output
  [[nodiscard]] bool empty() const;
};

/// What a transaction changed, by output.
struct WriteEffect {
  std::uint64_t added = 0, duplicates = 0;
  std::vector<std::uint64_t> queued;
  std::vector<std::map<std::string, OutcomeCount>> settled;
};

class OutboxStore {
 public:
  /// Opens or makes the queue, brings the schema up to date, registers the outputs.
  /// @returns kOk, or why not; `error` is then SQLite's own text.
  static StoreResult open(const std::string& file, const std::vector<std::string>& outputs,
                          std::unique_ptr<OutboxStore>& out, std::string& error);
  ~OutboxStore();
  OutboxStore(const OutboxStore&) = delete;
  OutboxStore& operator=(const OutboxStore&) = delete;

  /// One transaction. @param sync_to_disk waits until the disk has it (and all before it).
  StoreResult write(const WriteBatch& batch, UtcMillis now, bool sync_to_disk, WriteEffect& effect);

  /// Drops records whose time is before `expired_before` and settled ones queued before
  /// `settled_before`, then the oldest until the queue fits `max_bytes`.
  StoreResult maintain(UtcMillis expired_before, UtcMillis settled_before, double max_bytes,
                       WriteEffect& effect);

  StoreResult waiting_newest_first(std::size_t output, int limit, std::vector<RecordMeta>& out);
  StoreResult waiting_after(std::size_t output, std::int64_t after, int limit,
                            std::vector<StoredRecord>& out);
  StoreResult load(std::size_t output, const std::vector<std::int64_t>& ids,
                   std::vector<StoredRecord>& out);
  StoreResult settled_serials(std::size_t output, std::vector<std::string>& out);
  StoreResult count_waiting(std::vector<std::uint64_t>& out);
  [[nodiscard]] double used_bytes();
  [[nodiscard]] std::string last_error() const;

 private:
  explicit OutboxStore(sqlite3* db) : db_(db) {}
  StoreResult prepare_schema(const std::vector<std::string>& outputs);
  StoreResult register_outputs(const std::vector<std::string>& outputs);
  StoreResult write_adds(const WriteBatch& batch, UtcMillis now, WriteEffect& effect);
  StoreResult write_settled(const WriteBatch& batch, UtcMillis now, WriteEffect& effect);
  StoreResult write_tally(const WriteEffect& effect);
  StoreResult drop_oldest(const char* condition, std::int64_t value, int limit, const char* outcome,
                          const char* words, WriteEffect& effect);
  StoreResult run(const std::string& sql);
  [[nodiscard]] std::int64_t number_of(const char* sql);

  sqlite3* db_;
  std::vector<std::int64_t> output_ids_;  ///< row of each output in table `output`
};

}  // namespace omnisonde::uploader
