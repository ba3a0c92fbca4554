#include "uploader/outbox_store.hpp"

#include <sqlite3.h>

#include <string_view>

namespace omnisonde::uploader {
namespace {

constexpr int kSchemaVersion = 1;

// `pending` has a row for each record and output that still waits; ending the wait deletes it.
// `tally` counts ends for good, so that queued = waiting + sum of outcomes can be audited.
// Record ids begin at the time in ms: a worker's id from a queue that was set aside as damaged
// can then not mean another record in the new one.
constexpr const char* kSchema = R"sql(
CREATE TABLE output(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE record(
  id INTEGER PRIMARY KEY AUTOINCREMENT, serial TEXT NOT NULL, frame INTEGER NOT NULL,
  datetime_ms INTEGER NOT NULL, type TEXT NOT NULL, received_ms INTEGER NOT NULL,
  queued_ms INTEGER NOT NULL, altitude_m REAL NOT NULL, body TEXT NOT NULL,
  UNIQUE(serial, datetime_ms, frame)) STRICT;
CREATE TABLE pending(output INTEGER NOT NULL, record INTEGER NOT NULL,
  PRIMARY KEY(output, record)) STRICT, WITHOUT ROWID;
CREATE TABLE tally(output INTEGER NOT NULL, outcome TEXT NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY(output, outcome)) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine(id INTEGER PRIMARY KEY, output TEXT NOT NULL, at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL, body TEXT NOT NULL) STRICT;
INSERT INTO sqlite_sequence(name, seq) VALUES('record', unixepoch() * 1000);
)sql";

StoreResult result_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return StoreResult::kOk;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return StoreResult::kCorrupt;
    default:  // FULL, IOERR, READONLY, BUSY, CANTOPEN, NOMEM: may pass
      return StoreResult::kTryLater;
  }
}

bool failed(StoreResult r) { return r != StoreResult::kOk; }

// A prepared statement; the first fault is kept and ends all further steps.
class Statement {
 public:
  Statement(sqlite3* db, const char* sql)
      : code_(sqlite3_prepare_v2(db, sql, -1, &stmt_, nullptr)) {}
  ~Statement() { sqlite3_finalize(stmt_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::int64_t value) {
    if (stmt_ != nullptr) sqlite3_bind_int64(stmt_, index, value);
    return *this;
  }
  Statement& bind(int index, double value) {
    if (stmt_ != nullptr) sqlite3_bind_double(stmt_, index, value);
    return *this;
  }
  Statement& bind(int index, std::string_view text) {
    if (stmt_ != nullptr) {
      sqlite3_bind_text(stmt_, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    }
    return *this;
  }
  /// @returns true while there is a row.
  bool step() {
    if (stmt_ == nullptr || failed(result_of(code_))) return false;
    code_ = sqlite3_step(stmt_);
    return code_ == SQLITE_ROW;
  }
  /// Runs to the end and makes ready for the next set of values.
  StoreResult run() {
    while (step()) {
    }
    if (stmt_ != nullptr) sqlite3_reset(stmt_);
    return result();
  }
  [[nodiscard]] StoreResult result() const { return result_of(code_); }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(stmt_, column);
  }
  [[nodiscard]] double real(int column) const { return sqlite3_column_double(stmt_, column); }
  [[nodiscard]] std::string text(int column) const {
    const unsigned char* value = sqlite3_column_text(stmt_, column);
    if (value == nullptr) return {};
    return {reinterpret_cast<const char*>(value),
            static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
  }

 private:
  sqlite3_stmt* stmt_ = nullptr;
  int code_;
};

// Columns of kMeta, in this order.
#define OMNI_META "r.id, r.serial, r.type, r.frame, r.datetime_ms, r.received_ms, r.altitude_m"

RecordMeta read_meta(const Statement& s) {
  return {.id = s.integer(0),
          .serial = s.text(1),
          .type = s.text(2),
          .frame = static_cast<std::uint32_t>(s.integer(3)),
          .datetime = {s.integer(4)},
          .received = {s.integer(5)},
          .altitude_m = s.real(6)};
}

}  // namespace

bool WriteBatch::empty() const {
  if (!adds.empty()) return false;
  for (const auto& list : settled) {
    if (!list.empty()) return false;
  }
  return true;
}

StoreResult OutboxStore::open(const std::string& file, const std::vector<std::string>& outputs,
                              std::unique_ptr<OutboxStore>& out, std::string& error) {
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  std::unique_ptr<OutboxStore> store(new OutboxStore(db));
  StoreResult r = result_of(code);
  if (!failed(r)) {
    constexpr int kBusyTimeout_ms = 5000;
    sqlite3_busy_timeout(db, kBusyTimeout_ms);
    r = store->prepare_schema(outputs);
    std::vector<std::uint64_t> waiting;
    if (!failed(r)) r = store->count_waiting(waiting);
    // Our SQL is fixed text: a plain error here means that a table is missing or malformed.
    if (failed(r) && sqlite3_errcode(db) == SQLITE_ERROR) r = StoreResult::kCorrupt;
  }
  if (failed(r)) {
    error = store->last_error();
    return r;
  }
  out = std::move(store);
  return r;
}

OutboxStore::~OutboxStore() { sqlite3_close(db_); }

std::string OutboxStore::last_error() const {
  return db_ != nullptr ? sqlite3_errmsg(db_) : "out of memory";
}

StoreResult OutboxStore::run(const std::string& sql) {
  return result_of(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t OutboxStore::number_of(const char* sql) {
  Statement s(db_, sql);
  return s.step() ? s.integer(0) : 0;
}

StoreResult OutboxStore::prepare_schema(const std::vector<std::string>& outputs) {
  // auto_vacuum must be set before the first table; the limit keeps the log at 4 MB on disk.
  StoreResult r =
      run("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
          "PRAGMA journal_size_limit=4194304;");
  if (failed(r)) return r;
  {
    Statement version(db_, "PRAGMA user_version");
    if (!version.step()) return version.result();
    const std::int64_t found = version.integer(0);
    if (found > kSchemaVersion) return StoreResult::kCorrupt;  // of a later omnisonde: set aside
    if (found == kSchemaVersion) return register_outputs(outputs);
  }
  r = run("BEGIN IMMEDIATE");
  if (!failed(r)) r = run(kSchema);
  if (!failed(r)) r = run("PRAGMA user_version=1; COMMIT");
  if (failed(r)) {
    run("ROLLBACK");
    return r;
  }
  return register_outputs(outputs);
}

StoreResult OutboxStore::register_outputs(const std::vector<std::string>& outputs) {
  output_ids_.clear();
  for (const std::string& name : outputs) {
    Statement insert(db_, "INSERT INTO output(name) VALUES(?) ON CONFLICT DO NOTHING");
    if (const StoreResult r = insert.bind(1, name).run(); failed(r)) return r;
    Statement find(db_, "SELECT id FROM output WHERE name=?");
    find.bind(1, name);
    if (!find.step()) return StoreResult::kCorrupt;
    output_ids_.push_back(find.integer(0));
  }
  return StoreResult::kOk;
}

StoreResult OutboxStore::write(const WriteBatch& batch, UtcMillis now, bool sync_to_disk,
                               WriteEffect& effect) {
  effect = {};
  effect.queued.resize(output_ids_.size());
  effect.settled.resize(output_ids_.size());
  // In WAL mode FULL syncs the log at each commit, with all earlier commits in it.
  StoreResult r = run(sync_to_disk ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  if (!failed(r)) r = run("BEGIN IMMEDIATE");
  if (failed(r)) return r;
  r = write_adds(batch, now, effect);
  if (!failed(r)) r = write_settled(batch, now, effect);
  if (!failed(r)) r = write_tally(effect);
  if (!failed(r)) r = run("COMMIT");
  if (failed(r)) run("ROLLBACK");
  return r;
}

StoreResult OutboxStore::write_adds(const WriteBatch& batch, UtcMillis now, WriteEffect& effect) {
  Statement insert(db_,
                   "INSERT INTO record(serial, frame, datetime_ms, type, received_ms, queued_ms,"
                   " altitude_m, body) VALUES(?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING");
  Statement wait(db_, "INSERT INTO pending(output, record) VALUES(?,?)");
  for (const NewRecord& record : batch.adds) {
    insert.bind(1, record.serial).bind(2, std::int64_t{record.frame});
    insert.bind(3, record.datetime.ms).bind(4, record.type).bind(5, record.received.ms);
    insert.bind(6, now.ms).bind(7, record.altitude_m).bind(8, record.body);
    if (const StoreResult r = insert.run(); failed(r)) return r;
    if (sqlite3_changes(db_) == 0) {
      ++effect.duplicates;
      continue;
    }
    ++effect.added;
    const std::int64_t id = sqlite3_last_insert_rowid(db_);
    for (std::size_t i = 0; i < output_ids_.size(); ++i) {
      if ((record.outputs >> i & 1U) == 0) continue;
      if (const StoreResult r = wait.bind(1, output_ids_[i]).bind(2, id).run(); failed(r)) return r;
      ++effect.queued[i];
    }
  }
  return StoreResult::kOk;
}

StoreResult OutboxStore::write_settled(const WriteBatch& batch, UtcMillis now,
                                       WriteEffect& effect) {
  Statement end(db_, "DELETE FROM pending WHERE output=? AND record=?");
  Statement keep(db_,
                 "INSERT INTO quarantine(output, at_ms, reason, body)"
                 " SELECT o.name, ?, ?, r.body FROM record r, output o WHERE o.id=? AND r.id=?");
  for (std::size_t i = 0; i < batch.settled.size() && i < output_ids_.size(); ++i) {
    for (const Settlement& s : batch.settled[i]) {
      if (const StoreResult r = end.bind(1, output_ids_[i]).bind(2, s.id).run(); failed(r))
        return r;
      if (sqlite3_changes(db_) == 0) continue;  // counted before
      OutcomeCount& count = effect.settled[i][s.outcome];
      ++count.count;
      count.words = s.words;
      if (!s.quarantine) continue;
      keep.bind(1, now.ms).bind(2, s.words).bind(3, output_ids_[i]).bind(4, s.id);
      if (const StoreResult r = keep.run(); failed(r)) return r;
    }
  }
  return StoreResult::kOk;
}

StoreResult OutboxStore::write_tally(const WriteEffect& effect) {
  Statement add(db_,
                "INSERT INTO tally(output, outcome, n) VALUES(?,?,?)"
                " ON CONFLICT DO UPDATE SET n=n+excluded.n");
  for (std::size_t i = 0; i < output_ids_.size(); ++i) {
    for (const auto& [outcome, count] : effect.settled[i]) {
      add.bind(1, output_ids_[i]).bind(2, outcome);
      const StoreResult r = add.bind(3, static_cast<std::int64_t>(count.count)).run();
      if (failed(r)) return r;
    }
    if (effect.queued[i] == 0) continue;
    add.bind(1, output_ids_[i]).bind(2, std::string_view("queued"));
    const StoreResult r = add.bind(3, static_cast<std::int64_t>(effect.queued[i])).run();
    if (failed(r)) return r;
  }
  return StoreResult::kOk;
}

StoreResult OutboxStore::waiting_newest_first(std::size_t output, int limit,
                                              std::vector<RecordMeta>& out) {
  Statement s(db_, "SELECT " OMNI_META
                   " FROM pending p JOIN record r ON r.id=p.record WHERE p.output=?"
                   " ORDER BY p.record DESC LIMIT ?");
  s.bind(1, output_ids_[output]).bind(2, std::int64_t{limit});
  while (s.step()) out.push_back(read_meta(s));
  return s.result();
}

StoreResult OutboxStore::waiting_after(std::size_t output, std::int64_t after, int limit,
                                       std::vector<StoredRecord>& out) {
  Statement s(db_, "SELECT " OMNI_META
                   ", r.body FROM pending p JOIN record r ON r.id=p.record"
                   " WHERE p.output=? AND p.record>? ORDER BY p.record LIMIT ?");
  s.bind(1, output_ids_[output]).bind(2, after).bind(3, std::int64_t{limit});
  while (s.step()) out.push_back({.meta = read_meta(s), .body = s.text(7)});
  return s.result();
}

StoreResult OutboxStore::load(std::size_t output, const std::vector<std::int64_t>& ids,
                              std::vector<StoredRecord>& out) {
  Statement s(db_, "SELECT " OMNI_META
                   ", r.body FROM pending p JOIN record r ON r.id=p.record"
                   " WHERE p.output=? AND p.record=?");
  s.bind(1, output_ids_[output]);
  for (const std::int64_t id : ids) {
    s.bind(2, id);
    if (s.step()) out.push_back({.meta = read_meta(s), .body = s.text(7)});
    if (const StoreResult r = s.run(); failed(r)) return r;
  }
  return s.result();
}

StoreResult OutboxStore::settled_serials(std::size_t output, std::vector<std::string>& out) {
  // From serial to serial through the index: a look at each record would take minutes with
  // millions of them.
  Statement next(
      db_, "SELECT serial, id FROM record WHERE serial>? ORDER BY serial, datetime_ms LIMIT 1");
  Statement waits(db_, "SELECT 1 FROM pending WHERE output=? AND record=?");
  waits.bind(1, output_ids_[output]);
  std::string serial;
  while (next.bind(1, serial).step()) {
    serial = next.text(0);
    waits.bind(2, next.integer(1));
    if (!waits.step()) out.push_back(serial);
    if (const StoreResult r = waits.run(); failed(r)) return r;
    if (const StoreResult r = next.run(); failed(r)) return r;
  }
  return next.result();
}

StoreResult OutboxStore::count_waiting(std::vector<std::uint64_t>& out) {
  out.clear();
  for (const std::int64_t id : output_ids_) {
    Statement s(db_, "SELECT COUNT(*) FROM pending WHERE output=?");
    s.bind(1, id);
    if (!s.step()) return s.result();
    out.push_back(static_cast<std::uint64_t>(s.integer(0)));
  }
  return StoreResult::kOk;
}

double OutboxStore::used_bytes() {
  const std::int64_t pages = number_of("PRAGMA page_count") - number_of("PRAGMA freelist_count");
  return static_cast<double>(pages * number_of("PRAGMA page_size"));
}

}  // namespace omnisonde::uploader
