// Housekeeping of the outbox: age, size, and what all outputs are done with.
#include <sqlite3.h>

#include <string>

#include "uploader/outbox_store.hpp"

namespace omnisonde::uploader {
namespace {

// So many records are looked at or dropped per call: each transaction stays short.
constexpr int kChunk = 5000;
constexpr int kMaxQuotaRounds = 200;

}  // namespace

StoreResult OutboxStore::drop_oldest(const char* condition, std::int64_t value, int limit,
                                     const char* outcome, const char* words, WriteEffect& effect) {
  const std::string victims = "SELECT id FROM (SELECT id, datetime_ms, queued_ms FROM record" +
                              (" ORDER BY id LIMIT " + std::to_string(limit)) + ") WHERE " +
                              condition + std::to_string(value);
  StoreResult r =
      run("CREATE TEMP TABLE IF NOT EXISTS victim(id INTEGER PRIMARY KEY); DELETE FROM victim;"
          "INSERT INTO victim " +
          victims);
  for (std::size_t i = 0; r == StoreResult::kOk && i < output_ids_.size(); ++i) {
    const std::string output = std::to_string(output_ids_[i]);
    r = run("DELETE FROM pending WHERE output=" + output +
            " AND record IN (SELECT id FROM victim)");
    const int waiting = sqlite3_changes(db_);
    if (r != StoreResult::kOk || waiting == 0) continue;
    OutcomeCount& count = effect.settled[i][outcome];
    count.count += static_cast<std::uint64_t>(waiting);
    count.words = words;
  }
  // Rows of outputs that are no longer configured go uncounted.
  if (r == StoreResult::kOk) {
    r =
        run("DELETE FROM pending WHERE record IN (SELECT id FROM victim) AND"
            " output IN (SELECT id FROM output);"
            "DELETE FROM record WHERE id IN (SELECT id FROM victim)");
  }
  return r;
}

StoreResult OutboxStore::maintain(UtcMillis expired_before, UtcMillis settled_before,
                                  double max_bytes, WriteEffect& effect) {
  effect = {};
  effect.queued.resize(output_ids_.size());
  effect.settled.resize(output_ids_.size());
  StoreResult r = run("BEGIN IMMEDIATE");
  if (r != StoreResult::kOk) return r;
  r = drop_oldest("datetime_ms < ", expired_before.ms, kChunk, "expired",
                  "too old for the hub before it could be delivered", effect);
  if (r == StoreResult::kOk) {
    r =
        run("DELETE FROM record WHERE id IN (SELECT id FROM (SELECT id, queued_ms FROM record"
            " ORDER BY id LIMIT " +
            std::to_string(kChunk * 4) + ") r WHERE r.queued_ms < " +
            std::to_string(settled_before.ms) +
            " AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.record=r.id"
            " AND p.output IN (SELECT id FROM output)));"
            "DELETE FROM quarantine WHERE id <= (SELECT MAX(id) FROM quarantine) - 1000");
  }
  constexpr int kQuotaChunk = 1000;
  for (int round = 0; r == StoreResult::kOk && round < kMaxQuotaRounds; ++round) {
    if (used_bytes() <= max_bytes ||
        number_of("SELECT COUNT(*) FROM (SELECT 1 FROM record LIMIT 1)") == 0)
      break;
    r = drop_oldest("id > ", 0, kQuotaChunk, "quota",
                    "the queue had reached its size limit ([storage] max_mb)", effect);
  }
  if (r == StoreResult::kOk) r = write_tally(effect);
  if (r == StoreResult::kOk) r = run("COMMIT");
  if (r != StoreResult::kOk) {
    run("ROLLBACK");
    return r;
  }
  return run("PRAGMA incremental_vacuum(500)");
}

}  // namespace omnisonde::uploader
