#include "uploader/hub_https.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <tuple>

#include "uploader/hub_answer.hpp"
#include "uploader/hub_door.hpp"
#include "uploader/hub_outliers.hpp"
#include "uploader/hub_plan.hpp"
#include "uploader/hub_station.hpp"
#include "uploader/policy.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBacklogLook = 20'000;              // waiting records looked at for backlog
constexpr int kLiveLook = 2'000;                  // and for live data, for each
constexpr int kLiveLookPer_s = 1'000;             // second between batches as many more
constexpr double kBacklogLook_s = 2;              // between two looks for backlog
constexpr int kMinBatchLimit = 2 * kManyRecords;  // below this DFM could not be split in two
constexpr double kRefusedMax_s = 6 * 3600;
constexpr double kStationMobile_s = 30;
constexpr double kLiveAge_s = 60;
constexpr double kMsPerSecond = 1000;

Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

// Rejections that come with the hub's way of comparing records: no fault of the record.
bool ordinary(const std::string& key) {
  return key == "hub_outlier" || key == "hub_too_few" || key == "dry_run";
}

using RecordKey = std::tuple<std::string, std::string, std::int64_t>;
RecordKey key_of(const RecordMeta& m) { return {m.serial, to_iso8601(m.datetime), m.frame}; }

}  // namespace

struct HubHttps::Impl {
  SondehubConfig config;
  OutputContext context;
  std::atomic<bool> stop{false};
  std::unique_ptr<HubDoor> door;
  std::mutex mutex;
  std::condition_variable wake;
  std::thread thread;

  // Only the worker uses what follows.
  std::mt19937 random{std::random_device{}()};
  int batch_limit = 100;
  int failures = 0, refusals = 0;
  Clock::time_point next_live, next_backfill, next_look, next_station, blocked_until;
  std::uint64_t seen = 0;                              // of the outbox's commits
  std::deque<std::vector<std::int64_t>> backlog;       // requests planned ahead
  bool all_sent = true;                                // as of the last look
  std::set<std::pair<std::string, std::string>> said;  // serial and reason
  StationNews station;

  void run();
  void pause_until(Clock::time_point when);
  void idle(Clock::time_point now);
  void cycle(bool live_due);
  Plan look(bool deep);
  bool send_backlog();
  void send_station();
  bool send_plan(const std::vector<std::int64_t>& ids);
  bool send(const std::vector<StoredRecord>& records);
  bool apply(const HubVerdict& verdict, const std::vector<StoredRecord>& records);
  void settle_done(const HubVerdict& verdict, const std::vector<StoredRecord>& records);
  void settle_all(const std::vector<std::int64_t>& ids, const char* key, const std::string& words);
  void note_rejected(const HubRejection& rejection, const RecordMeta& record);
  std::vector<RecordMeta> take_waiting(int limit, bool& truncated);
  void back_off(const HubVerdict& verdict);
  void say(LogLevel level, const std::string& text) const {
    context.hooks.log(level, "sondehub: " + text);
  }
};

void HubHttps::Impl::pause_until(Clock::time_point when) {
  std::unique_lock lock(mutex);
  wake.wait_until(lock, when, [this] { return stop.load(); });
}

void HubHttps::Impl::run() {
  const Clock::time_point begin = Clock::now();
  next_live = begin + seconds(config.batch_interval_s);
  next_backfill = next_look = next_live;
  next_station = begin;
  while (!stop) {
    if (!context.hooks.clock_good()) {
      context.board->bad("waits until this computer's clock is synchronised", std::nullopt);
      pause_until(Clock::now() + seconds(1));
      continue;
    }
    const Clock::time_point now = Clock::now();
    if (now < blocked_until) {
      pause_until(blocked_until);
      continue;
    }
    if (config.station_report && (now >= next_station || station.changed(*context.station))) {
      send_station();
    }
    const bool live_due = now >= next_live;
    if (live_due || now >= next_backfill) cycle(live_due);
    idle(now);
  }
}

// Without batching a commit is what makes live data due.
void HubHttps::Impl::idle(Clock::time_point now) {
  if (config.batch_interval_s > 0) {
    pause_until(std::min({next_live, next_backfill, now + seconds(1)}));
    return;
  }
  constexpr double kPatience_s = 0.25;
  const std::uint64_t newest = context.outbox->wait_for_commit(seen, kPatience_s);
  if (newest != seen) next_live = Clock::now();
  seen = newest;
}

void HubHttps::Impl::settle_all(const std::vector<std::int64_t>& ids, const char* key,
                                const std::string& words) {
  std::vector<Settlement> ends;
  ends.reserve(ids.size());
  for (const std::int64_t id : ids) ends.push_back({id, key, words, false});
  context.outbox->settle(context.index, std::move(ends));
}

// What waits, without the records that the hub would refuse by their age.
std::vector<RecordMeta> HubHttps::Impl::take_waiting(int limit, bool& truncated) {
  std::vector<RecordMeta> waiting = context.outbox->waiting_newest_first(context.index, limit);
  truncated = waiting.size() >= static_cast<std::size_t>(limit);
  const UtcMillis now = context.hooks.now();
  std::erase_if(waiting, [this, now](const RecordMeta& m) {
    const auto fault = clock_refusal(m.datetime, now);
    if (fault) settle_all({m.id}, fault->key.c_str(), fault->words);
    return fault.has_value();
  });
  return waiting;
}

// Looking at all that waits costs by its number, so backlog is planned ahead.
Plan HubHttps::Impl::look(bool deep) {
  const int live_look = kLiveLook + static_cast<int>(kLiveLookPer_s * config.batch_interval_s);
  bool truncated = false;
  const auto waiting =
      take_waiting(deep ? kBacklogLook : std::min(live_look, kBacklogLook), truncated);
  PlanLimits limits;
  limits.max_batch = batch_limit;
  limits.live_age_s = kLiveAge_s + config.batch_interval_s;
  limits.horizon_h = config.backfill_horizon_h;
  Plan plan = plan_requests(waiting, truncated, context.hooks.now(), limits);
  settle_all(plan.hopeless, "below_hub_minimum",
             "the hub takes this type only in runs of 11 records and more");
  all_sent = waiting.empty();
  return plan;
}

void HubHttps::Impl::cycle(bool live_due) {
  const Clock::time_point now = Clock::now();
  if (live_due)
    next_live = now + seconds(config.batch_interval_s > 0 ? config.batch_interval_s : 1);
  next_backfill = now + seconds(config.backfill_interval_s);
  const bool deep = backlog.empty() && now >= next_look;
  bool go_on = true;
  if (live_due || deep) {
    Plan plan = look(deep);
    if (deep) {
      backlog.assign(plan.backfill.begin(), plan.backfill.end());
      next_look = now + seconds(kBacklogLook_s);
    }
    for (const auto& ids : plan.live) go_on = go_on && !stop && (!live_due || send_plan(ids));
  }
  if (go_on && !stop) go_on = send_backlog();
  if (go_on && failures == 0 && refusals == 0) {
    context.board->good(all_sent ? "up to date" : "uploading");
  }
}

// A request of which a record has gone by another way is not what was planned any more.
bool HubHttps::Impl::send_backlog() {
  if (backlog.empty()) return true;
  const std::vector<std::int64_t> ids = std::move(backlog.front());
  backlog.pop_front();
  if (context.outbox->load(context.index, ids).size() == ids.size()) return send_plan(ids);
  backlog.clear();
  next_look = Clock::now();
  return true;
}

bool HubHttps::Impl::send_plan(const std::vector<std::int64_t>& ids) {
  for (const auto& request : split_at_outliers(context.outbox->load(context.index, ids))) {
    if (stop || !send(request)) return false;
  }
  return true;
}

// @returns false when the hub cannot be used now: the rest waits.
bool HubHttps::Impl::send(const std::vector<StoredRecord>& records) {
  if (records.empty()) return true;
  const HubVerdict verdict = judge_answer(
      door->put(kTelemetryPath, upload_body(records, config.dry_run), context.hooks.now()),
      records.size());
  return apply(verdict, records);
}

bool HubHttps::Impl::apply(const HubVerdict& verdict, const std::vector<StoredRecord>& records) {
  const auto half = records.begin() + static_cast<std::ptrdiff_t>(records.size() / 2);
  switch (verdict.action) {
    case HubAction::kDone:
      failures = refusals = 0;
      settle_done(verdict, records);
      return true;
    case HubAction::kSplit:
      say(LogLevel::kWarning,
          verdict.words + "; looking for the bad record among " + std::to_string(records.size()));
      return send({records.begin(), half}) && !stop && send({half, records.end()});
    case HubAction::kSmaller:
      batch_limit = std::max(batch_limit / 2, kMinBatchLimit);
      say(LogLevel::kWarning, verdict.words + "; from now on at most " +
                                  std::to_string(batch_limit) + " records per request");
      return send({records.begin(), half}) && !stop && send({half, records.end()});
    case HubAction::kQuarantine:
      failures = refusals = 0;
      say(LogLevel::kError, verdict.words + "; record of " + records.front().meta.serial +
                                " is set apart: " + records.front().body);
      context.board->refused({.at = context.hooks.now(),
                              .datetime = records.front().meta.datetime,
                              .serial = records.front().meta.serial,
                              .words = verdict.words,
                              .frame = records.front().meta.frame});
      context.outbox->settle(context.index,
                             {{records.front().meta.id, "quarantined", verdict.words, true}});
      return true;
    case HubAction::kRefused:
    case HubAction::kRetry:
      back_off(verdict);
      return false;
    case HubAction::kAborted:
      return false;
  }
  return false;
}

void HubHttps::Impl::settle_done(const HubVerdict& verdict,
                                 const std::vector<StoredRecord>& records) {
  std::map<RecordKey, const HubRejection*> rejected;
  for (const HubRejection& r : verdict.rejected) {
    rejected[{r.serial, r.datetime, r.frame.value_or(0)}] = &r;
  }
  std::vector<Settlement> ends;
  ends.reserve(records.size());
  const UtcMillis now = context.hooks.now();
  for (const StoredRecord& record : records) {
    const auto found = rejected.find(key_of(record.meta));
    if (found == rejected.end()) {
      ends.push_back({record.meta.id, kDelivered, "", false});
      context.board->delivered(static_cast<double>(now.ms - record.meta.received.ms) /
                               kMsPerSecond);
      continue;
    }
    const HubRejection& r = *found->second;
    ends.push_back({record.meta.id, r.key, r.message, !ordinary(r.key)});
    note_rejected(r, record.meta);
  }
  if (rejected.size() < records.size()) context.board->success();
  context.outbox->settle(context.index, std::move(ends));
  // After a kill at most one request comes again.
  constexpr double kPatience_s = 1;
  (void)context.outbox->flush(kPatience_s);
  for (const std::string& warning : verdict.warnings) {
    if (said.insert({"", warning}).second) {
      say(LogLevel::kWarning, "the hub has stored records with a change of its own: " + warning);
    }
  }
  if (!verdict.words.empty()) say(LogLevel::kWarning, verdict.words);
}

// Each reason is said once per sonde; the page counts all.
void HubHttps::Impl::note_rejected(const HubRejection& rejection, const RecordMeta& record) {
  context.board->refused({.at = context.hooks.now(),
                          .datetime = record.datetime,
                          .serial = record.serial,
                          .words = rejection.message,
                          .frame = record.frame});
  constexpr std::size_t kMaxSaid = 1000;
  if (said.size() > kMaxSaid) said.clear();
  const bool news = said.insert({record.serial, rejection.key}).second;
  say(news && !ordinary(rejection.key) ? LogLevel::kWarning : LogLevel::kDebug,
      "record " + std::to_string(record.frame) + " of " + record.serial +
          " rejected for good: " + rejection.message);
}

void HubHttps::Impl::back_off(const HubVerdict& verdict) {
  const bool refused = verdict.action == HubAction::kRefused;
  int& count = refused ? refusals : failures;
  const double first_s = refused ? config.refused_first_s : config.backoff_first_s;
  const double max_s = refused             ? kRefusedMax_s
                       : verdict.unreached ? config.unreached_max_s
                                           : config.backoff_max_s;
  constexpr int kMaxDoublings = 20;
  double wait_s = std::min(max_s, std::ldexp(first_s, std::min(count, kMaxDoublings)));
  // Stations that lost the hub at one moment must not come back at one moment.
  constexpr double kLeast = 0.75, kMost = 1.25;
  wait_s *= std::uniform_real_distribution<double>(kLeast, kMost)(random);
  wait_s = std::max(wait_s, std::min(verdict.retry_after_s.value_or(0), kRefusedMax_s));
  ++count;
  blocked_until = Clock::now() + seconds(wait_s);
  const bool first_time = count == 1;
  say(verdict.alarm ? LogLevel::kError
      : first_time  ? LogLevel::kWarning
                    : LogLevel::kDebug,
      verdict.words + "; records wait, next try in " + std::to_string(std::lround(wait_s)) + " s");
  context.board->bad(verdict.words, blocked_until);
}

void HubHttps::Impl::send_station() {
  const HttpAnswer answer =
      door->put(kStationPath, station.compose(*context.station), context.hooks.now());
  if (answer.aborted) return;
  const double period_s =
      context.station->get().mobile ? kStationMobile_s : config.station_interval_s;
  next_station = Clock::now() + seconds(period_s);
  const HubVerdict verdict = judge_answer(answer, 1);
  if (verdict.action == HubAction::kDone) {
    station.told();
    failures = refusals = 0;
    context.board->success();
    return;
  }
  // A 500 here is most likely a fault of the report itself: no loop of tries.
  next_station = Clock::now() + seconds(config.refused_first_s);
  const bool hub_is_up =
      answer.status >= 400 && answer.status != 429 && verdict.action != HubAction::kRefused;
  if (hub_is_up) {
    say(LogLevel::kError, "station report: " + verdict.words);
  } else {
    next_station = Clock::now();
    back_off(verdict);
  }
}

HubHttps::HubHttps(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Expected<std::unique_ptr<HubHttps>> HubHttps::create(SondehubConfig config, OutputContext context) {
  auto impl = std::make_unique<Impl>();
  auto door = HubDoor::open(config, impl->stop);
  if (!door) return door.error();
  impl->door = std::move(*door);
  impl->batch_limit = std::max(config.max_batch, kMinBatchLimit);
  impl->config = std::move(config);
  impl->context = std::move(context);
  return std::unique_ptr<HubHttps>(new HubHttps(std::move(impl)));
}

void HubHttps::start() {
  Impl* impl = impl_.get();
  impl->thread = std::thread([impl] { impl->run(); });
}

void HubHttps::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

HubHttps::~HubHttps() { stop(); }

}  // namespace omnisonde::uploader
