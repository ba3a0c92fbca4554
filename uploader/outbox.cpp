#include "uploader/outbox.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <utility>

#include "uploader/outbox_store.hpp"
#include "uploader/state_folder.hpp"
#include "uploader/wal_syncer.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::size_t kMaxInMemory = 20'000;        // about 20 MB while the disk takes nothing
constexpr std::int64_t kKeepSettled_ms = 3600'000;  // late duplicates are known for so long
constexpr double kMaintenance_s = 30;
constexpr double kRetryDisk_s = 1;

Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

using Key = std::tuple<std::string, std::uint32_t, std::int64_t>;
Key key_of(const NewRecord& r) { return {r.serial, r.frame, r.datetime.ms}; }

}  // namespace

// Two connections: `writer` belongs to the writer thread, `reader` is shared under reader_mutex.
// Order of locks: reader_mutex before mutex. `settling` holds ids whose end is not committed yet.
struct Outbox::Impl {
  OutboxOptions options;
  std::string file;
  std::unique_ptr<StateFolder> folder;
  std::unique_ptr<OutboxStore> writer;

  std::mutex reader_mutex;
  std::unique_ptr<OutboxStore> reader;

  mutable std::mutex mutex;
  std::condition_variable wake;       // the writer's
  std::condition_variable committed;  // everyone else's
  WriteBatch queued;
  std::map<Key, std::size_t> queued_keys;  // index into queued.adds
  std::vector<std::set<std::int64_t>> settling;
  OutboxCounts counts;
  std::uint64_t generation = 0;       // of commits with new records
  std::uint64_t asked = 0, done = 0;  // flush tickets
  bool stopping = false;
  bool corrupt_seen = false;  // by a reader
  std::thread thread;
  std::unique_ptr<WalSyncer> syncer;

  // Only the writer thread uses these.
  Clock::time_point last_maintenance;

  Expected<void> open_file();
  void set_aside(const std::string& why);
  void write_loop();
  bool commit(WriteBatch& batch, bool sync);
  void give_back(WriteBatch batch);
  void note_effect(const WriteEffect& effect, const WriteBatch& batch);
  void note_trouble(StoreResult result);
  void maintain();
  void filter_settling(std::size_t output, std::vector<RecordMeta>& metas);
  void say(LogLevel level, const std::string& text) const {
    if (options.log) options.log(level, text);
  }
};

Expected<void> Outbox::Impl::open_file() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    std::string error;
    StoreResult r = OutboxStore::open(file, options.outputs, writer, error);
    if (r == StoreResult::kOk) {
      r = OutboxStore::open(file, options.outputs, reader, error);
    }
    if (r == StoreResult::kOk) return {};
    if (r == StoreResult::kTryLater) {
      return Error{"cannot open the queue " + file + ": " + error,
                   "check the free space and the rights of its folder, or set [storage] path"};
    }
    set_aside(error);
  }
  return Error{"cannot begin a new queue at " + file, "check the disk for errors"};
}

void Outbox::Impl::set_aside(const std::string& why) {
  reader.reset();
  writer.reset();
  std::string stamp = to_iso8601(options.now());
  stamp.erase(std::remove(stamp.begin(), stamp.end(), ':'), stamp.end());
  const std::string aside =
      (fs::path(file).parent_path() / ("outbox.corrupt-" + stamp + ".sqlite3")).string();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code ec;
    fs::rename(file + suffix, aside + suffix, ec);
  }
  say(LogLevel::kError,
      "outbox " + file + " is damaged (" + why + "): kept as " + aside + ", a new one is begun");
}

void Outbox::Impl::note_effect(const WriteEffect& effect, const WriteBatch& batch) {
  counts.accepted += effect.added;
  counts.duplicates += effect.duplicates;
  for (std::size_t i = 0; i < counts.outputs.size(); ++i) {
    OutputCounts& output = counts.outputs[i];
    output.waiting += effect.queued[i];
    for (const auto& [outcome, count] : effect.settled[i]) {
      OutcomeCount& total = output.outcomes[outcome];
      total.count += count.count;
      total.words = count.words;
      output.waiting -= std::min(output.waiting, count.count);
    }
    if (i >= batch.settled.size()) continue;
    for (const Settlement& s : batch.settled[i]) settling[i].erase(s.id);
  }
  if (effect.added > 0) ++generation;
}

// What could not be written goes back to the head of the queue; the oldest go when memory ends.
void Outbox::Impl::give_back(WriteBatch batch) {
  const std::lock_guard lock(mutex);
  std::move(queued.adds.begin(), queued.adds.end(), std::back_inserter(batch.adds));
  for (std::size_t i = 0; i < queued.settled.size(); ++i) {
    std::move(queued.settled[i].begin(), queued.settled[i].end(),
              std::back_inserter(batch.settled[i]));
  }
  if (batch.adds.size() > kMaxInMemory) {
    const std::size_t excess = batch.adds.size() - kMaxInMemory;
    counts.lost_in_memory += excess;
    batch.adds.erase(batch.adds.begin(), batch.adds.begin() + static_cast<std::ptrdiff_t>(excess));
  }
  queued = std::move(batch);
  queued_keys.clear();
  for (std::size_t i = 0; i < queued.adds.size(); ++i) queued_keys[key_of(queued.adds[i])] = i;
}

void Outbox::Impl::note_trouble(StoreResult result) {
  const std::string error = writer ? writer->last_error() : "the queue could not be opened";
  if (result == StoreResult::kCorrupt) {
    const std::lock_guard reading(reader_mutex);
    set_aside(error);
    if (const auto opened = open_file(); !opened) say(LogLevel::kError, opened.error().line());
    const std::lock_guard lock(mutex);
    corrupt_seen = false;
    for (OutputCounts& output : counts.outputs) output.waiting = 0;
    return;
  }
  bool news = false;
  {
    const std::lock_guard lock(mutex);
    news = std::exchange(counts.state, error) == "ok";
  }
  if (news) {
    say(LogLevel::kError, "outbox " + file + " takes nothing (" + error +
                              "): new records wait in memory; free some space");
  }
}

bool Outbox::Impl::commit(WriteBatch& batch, bool sync) {
  WriteEffect effect;
  if (!writer) {  // a new queue could not be begun after damage
    const std::lock_guard reading(reader_mutex);
    if (!open_file()) return false;
  }
  const StoreResult result = writer->write(batch, options.now(), sync, effect);
  if (result != StoreResult::kOk) {
    note_trouble(result);
    return false;
  }
  bool again = false;
  {
    const std::lock_guard lock(mutex);
    again = std::exchange(counts.state, "ok") != "ok";
    note_effect(effect, batch);
  }
  if (again) say(LogLevel::kInfo, "outbox " + file + " takes records again");
  return true;
}

void Outbox::Impl::maintain() {
  last_maintenance = Clock::now();
  if (!writer) return;
  const UtcMillis now = options.now();
  const std::int64_t keep_ms = static_cast<std::int64_t>(options.storage.keep_h * 3600'000);
  // With a wrong clock nothing can be called old.
  const UtcMillis expired_before{options.clock_good() ? now.ms - keep_ms : INT64_MIN};
  constexpr double kBytesPerMb = 1e6;
  WriteEffect effect;
  const StoreResult r = writer->maintain(expired_before, {now.ms - kKeepSettled_ms},
                                         options.storage.max_mb * kBytesPerMb, effect);
  if (r != StoreResult::kOk) {
    note_trouble(r);
    return;
  }
  const double size_mb = writer->used_bytes() / kBytesPerMb;
  const std::lock_guard lock(mutex);
  note_effect(effect, {});
  counts.size_mb = size_mb;
}

void Outbox::Impl::write_loop() {
  const Clock::duration interval = seconds(options.storage.commit_interval_s);
  Clock::time_point not_before = Clock::now();
  std::unique_lock lock(mutex);
  while (true) {
    const auto due = [this] { return stopping || corrupt_seen || asked > done || !queued.empty(); };
    wake.wait_for(lock, seconds(kMaintenance_s), due);
    const auto hurry = [this] { return stopping || asked > done; };
    if (!queued.empty()) wake.wait_until(lock, not_before, hurry);
    const bool last = stopping;
    const bool damaged = corrupt_seen;
    const std::uint64_t ticket = asked;
    WriteBatch batch;
    std::swap(batch, queued);
    batch.settled.resize(options.outputs.size());
    queued.settled.resize(options.outputs.size());
    queued_keys.clear();
    lock.unlock();

    if (damaged) note_trouble(StoreResult::kCorrupt);
    bool ok = true;
    if (!batch.empty() || last) {
      ok = commit(batch, last);
      if (ok) syncer->committed();
      if (!ok) give_back(std::move(batch));
    }
    if (Clock::now() - last_maintenance >= seconds(kMaintenance_s)) maintain();
    not_before = Clock::now() + (ok ? interval : seconds(kRetryDisk_s));

    lock.lock();
    if (ok) done = ticket;
    committed.notify_all();
    if (last && (ok || stopping)) return;
    if (!ok) wake.wait_until(lock, not_before, [this] { return stopping; });
  }
}

Outbox::Outbox(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<Outbox>> Outbox::open(OutboxOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  if (!impl->options.now || !impl->options.clock_good) {
    return Error{"the outbox has no clock", "hand one in"};
  }
  auto folder = StateFolder::claim(impl->options.storage.path);
  if (!folder) return folder.error();
  impl->folder = std::move(*folder);
  impl->file = impl->options.storage.path + "/outbox.sqlite3";
  const std::size_t outputs = impl->options.outputs.size();
  impl->counts.outputs.resize(outputs);
  impl->settling.resize(outputs);
  impl->queued.settled.resize(outputs);
  std::unique_ptr<Outbox> outbox(new Outbox(std::move(impl)));
  Impl& i = *outbox->impl_;
  if (const auto opened = i.open_file(); !opened) return opened.error();
  std::vector<std::uint64_t> waiting;
  if (i.writer->count_waiting(waiting) == StoreResult::kOk) {
    for (std::size_t n = 0; n < outputs; ++n) i.counts.outputs[n].waiting = waiting[n];
  }
  i.maintain();
  i.syncer = std::make_unique<WalSyncer>(i.file, i.options.storage.sync_interval_s);
  i.thread = std::thread([&i] { i.write_loop(); });
  return outbox;
}

Outbox::~Outbox() { stop(); }

void Outbox::add(NewRecord record) {
  Impl& i = *impl_;
  {
    const std::lock_guard lock(i.mutex);
    const auto [place, fresh] = i.queued_keys.try_emplace(key_of(record), i.queued.adds.size());
    if (fresh) {
      i.queued.adds.push_back(std::move(record));
    } else {
      ++i.counts.duplicates;
      NewRecord& other = i.queued.adds[place->second];
      if (record.snr_db > other.snr_db) other = std::move(record);
    }
  }
  i.wake.notify_one();
}

void Outbox::Impl::filter_settling(std::size_t output, std::vector<RecordMeta>& metas) {
  const std::lock_guard lock(mutex);
  const std::set<std::int64_t>& gone = settling[output];
  std::erase_if(metas, [&gone](const RecordMeta& m) { return gone.contains(m.id); });
}

std::vector<RecordMeta> Outbox::waiting_newest_first(std::size_t output, int limit) {
  Impl& i = *impl_;
  std::vector<RecordMeta> out;
  const std::lock_guard reading(i.reader_mutex);
  if (!i.reader) return out;
  if (i.reader->waiting_newest_first(output, limit, out) == StoreResult::kCorrupt) {
    const std::lock_guard lock(i.mutex);
    i.corrupt_seen = true;
    i.wake.notify_one();
  }
  i.filter_settling(output, out);
  return out;
}

std::vector<StoredRecord> Outbox::waiting_after(std::size_t output, std::int64_t after, int limit) {
  Impl& i = *impl_;
  std::vector<StoredRecord> out;
  const std::lock_guard reading(i.reader_mutex);
  if (!i.reader) return out;
  const StoreResult r = i.reader->waiting_after(output, after, limit, out);
  const std::lock_guard lock(i.mutex);
  if (r == StoreResult::kCorrupt) {
    i.corrupt_seen = true;
    i.wake.notify_one();
  }
  const std::set<std::int64_t>& gone = i.settling[output];
  std::erase_if(out, [&gone](const StoredRecord& s) { return gone.contains(s.meta.id); });
  return out;
}

std::vector<StoredRecord> Outbox::load(std::size_t output, const std::vector<std::int64_t>& ids) {
  Impl& i = *impl_;
  std::vector<StoredRecord> out;
  const std::lock_guard reading(i.reader_mutex);
  if (i.reader && i.reader->load(output, ids, out) != StoreResult::kOk) out.clear();
  const std::lock_guard lock(i.mutex);
  const std::set<std::int64_t>& gone = i.settling[output];
  std::erase_if(out, [&gone](const StoredRecord& s) { return gone.contains(s.meta.id); });
  return out;
}

std::vector<std::string> Outbox::settled_serials(std::size_t output) {
  std::vector<std::string> out;
  const std::lock_guard reading(impl_->reader_mutex);
  if (impl_->reader && impl_->reader->settled_serials(output, out) != StoreResult::kOk) out.clear();
  return out;
}

void Outbox::settle(std::size_t output, std::vector<Settlement> settled) {
  if (settled.empty()) return;
  Impl& i = *impl_;
  {
    const std::lock_guard lock(i.mutex);
    std::vector<Settlement>& queue = i.queued.settled[output];
    for (Settlement& s : settled) {
      i.settling[output].insert(s.id);
      queue.push_back(std::move(s));
    }
  }
  i.wake.notify_one();
}

bool Outbox::flush(double timeout_s) {
  Impl& i = *impl_;
  std::unique_lock lock(i.mutex);
  if (i.stopping) return i.queued.empty();
  const std::uint64_t ticket = ++i.asked;
  i.wake.notify_one();
  return i.committed.wait_for(lock, seconds(timeout_s), [&i, ticket] { return i.done >= ticket; });
}

std::uint64_t Outbox::wait_for_commit(std::uint64_t seen, double timeout_s) {
  Impl& i = *impl_;
  std::unique_lock lock(i.mutex);
  i.committed.wait_for(lock, seconds(timeout_s),
                       [&i, seen] { return i.stopping || i.generation != seen; });
  return i.generation;
}

OutboxCounts Outbox::counts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counts;
}

void Outbox::stop() {
  Impl& i = *impl_;
  {
    const std::lock_guard lock(i.mutex);
    i.stopping = true;
  }
  i.wake.notify_all();
  i.committed.notify_all();
  if (i.thread.joinable()) i.thread.join();
  i.syncer.reset();
}

}  // namespace omnisonde::uploader
