#include "uploader/hub_https.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <tuple>

#include "uploader/gzip.hpp"
#include "uploader/http.hpp"
#include "uploader/hub_answer.hpp"
#include "uploader/hub_outliers.hpp"
#include "uploader/hub_plan.hpp"
#include "uploader/policy.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPlanned = 20'000;                  // waiting records looked at per plan
constexpr int kMinBatchLimit = 2 * kManyRecords;  // below this DFM could not be split in two
constexpr double kRefusedMax_s = 6 * 3600;
constexpr double kStationMobile_s = 30;
constexpr double kStationMoved_m = 100;
constexpr double kLiveAge_s = 60;

Clock::duration seconds(double s) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s));
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 7231, 7.1.1.1).
std::string http_date(UtcMillis t) {
  constexpr std::array<const char*, 7> kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const CivilTime c = to_civil(t);
  const auto day = static_cast<std::size_t>(days_from_civil(c.year, c.month, c.day) % 7);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[day % 7],
                c.day, kMonths[static_cast<std::size_t>(c.month - 1)], c.year, c.hour, c.minute,
                c.second);
  return text.data();
}

using RecordKey = std::tuple<std::string, std::string, std::int64_t>;
RecordKey key_of(const RecordMeta& m) { return {m.serial, to_iso8601(m.datetime), m.frame}; }

}  // namespace

struct HubHttps::Impl {
  SondehubConfig config;
  OutputContext context;
  std::atomic<bool> stop{false};
  std::unique_ptr<HttpClient> http;
  std::mutex mutex;
  std::condition_variable wake;
  std::thread thread;

  // Only the worker uses what follows.
  std::mt19937 random{std::random_device{}()};
  int batch_limit = 100;
  int failures = 0, refusals = 0;
  Clock::time_point next_live, next_backfill, next_station, blocked_until;
  std::uint64_t station_revision = ~std::uint64_t{0};
  std::string station_sent;  // last report without its position
  std::optional<GeoPosition> station_sent_at;

  void run();
  void pause_until(Clock::time_point when);
  void cycle(bool live_due);
  void send_station();
  [[nodiscard]] bool station_changed();
  HttpAnswer put(const char* path, const std::string& text);
  bool send_plan(const std::vector<std::int64_t>& ids);
  bool send(const std::vector<StoredRecord>& records);
  bool apply(const HubVerdict& verdict, const std::vector<StoredRecord>& records);
  void settle_done(const HubVerdict& verdict, const std::vector<StoredRecord>& records);
  void settle_all(const std::vector<std::int64_t>& ids, const char* key, const std::string& words);
  std::vector<RecordMeta> take_waiting(bool& truncated);
  void back_off(const HubVerdict& verdict);
  [[nodiscard]] std::string body_of(const std::vector<StoredRecord>& records) const;
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
  next_backfill = next_live;
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
    if (config.station_report && (now >= next_station || station_changed())) send_station();
    const bool live_due = now >= next_live;
    if (live_due || now >= next_backfill) cycle(live_due);
    pause_until(std::min({next_live, next_backfill, now + seconds(1)}));
  }
}

void HubHttps::Impl::settle_all(const std::vector<std::int64_t>& ids, const char* key,
                                const std::string& words) {
  std::vector<Settlement> ends;
  ends.reserve(ids.size());
  for (const std::int64_t id : ids) ends.push_back({id, key, words, false});
  context.outbox->settle(context.index, std::move(ends));
}

// What waits, without the records that the hub would refuse by their age.
std::vector<RecordMeta> HubHttps::Impl::take_waiting(bool& truncated) {
  std::vector<RecordMeta> waiting = context.outbox->waiting_newest_first(context.index, kPlanned);
  truncated = waiting.size() >= static_cast<std::size_t>(kPlanned);
  const UtcMillis now = context.hooks.now();
  std::erase_if(waiting, [this, now](const RecordMeta& m) {
    const auto fault = clock_refusal(m.datetime, now);
    if (fault) settle_all({m.id}, fault->key.c_str(), fault->words);
    return fault.has_value();
  });
  return waiting;
}

void HubHttps::Impl::cycle(bool live_due) {
  const Clock::time_point now = Clock::now();
  if (live_due) next_live = now + seconds(config.batch_interval_s);
  next_backfill = now + seconds(config.backfill_interval_s);
  bool truncated = false;
  const std::vector<RecordMeta> waiting = take_waiting(truncated);
  PlanLimits limits;
  limits.max_batch = batch_limit;
  limits.live_age_s = kLiveAge_s + config.batch_interval_s;
  limits.horizon_h = config.backfill_horizon_h;
  const Plan plan = plan_requests(waiting, truncated, context.hooks.now(), limits);
  settle_all(plan.hopeless, "below_hub_minimum",
             "the hub takes this type only in runs of 11 records and more");
  bool go_on = true;
  if (live_due) {
    for (const auto& ids : plan.live) go_on = go_on && !stop && send_plan(ids);
  }
  if (go_on && !stop && !plan.backfill.empty()) go_on = send_plan(plan.backfill);
  if (go_on && failures == 0 && refusals == 0) {
    context.board->good(waiting.empty() ? "up to date" : "uploading");
  }
}

std::string HubHttps::Impl::body_of(const std::vector<StoredRecord>& records) const {
  std::string text = "[";
  for (const StoredRecord& record : records) {
    if (text.size() > 1) text += ',';
    text += record.body;
    if (config.dry_run && text.back() == '}') {
      text.back() = ',';
      text += R"("dev":"dry run"})";
    }
  }
  return text + "]";
}

HttpAnswer HubHttps::Impl::put(const char* path, const std::string& text) {
  std::vector<std::string> headers = {"Content-Type: application/json",
                                      "Date: " + http_date(context.hooks.now())};
  std::string packed = gzip(text);
  if (!packed.empty()) headers.emplace_back("Content-Encoding: gzip");
  return http->put(config.url + path, headers, packed.empty() ? text : packed);
}

bool HubHttps::Impl::send_plan(const std::vector<std::int64_t>& ids) {
  for (const auto& request : split_at_outliers(context.outbox->load(ids))) {
    if (stop || !send(request)) return false;
  }
  return true;
}

// @returns false when the hub cannot be used now: the rest waits.
bool HubHttps::Impl::send(const std::vector<StoredRecord>& records) {
  if (records.empty()) return true;
  const HubVerdict verdict =
      judge_answer(put("/sondes/telemetry", body_of(records)), records.size());
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
  std::map<std::string, std::pair<std::string, int>> messages;
  std::vector<Settlement> ends;
  ends.reserve(records.size());
  for (const StoredRecord& record : records) {
    const auto found = rejected.find(key_of(record.meta));
    if (found == rejected.end()) {
      ends.push_back({record.meta.id, kDelivered, "", false});
      continue;
    }
    const HubRejection& r = *found->second;
    ends.push_back({record.meta.id, r.key, r.message, false});
    auto& message = messages[r.key];
    message.first = record.meta.serial + ": " + r.message;
    ++message.second;
  }
  if (messages.empty() || rejected.size() < records.size()) context.board->success();
  context.outbox->settle(context.index, std::move(ends));
  for (const auto& [key, message] : messages) {
    const bool ordinary = key == "hub_outlier" || key == "hub_too_few" || key == "dry_run";
    say(ordinary ? LogLevel::kDebug : LogLevel::kWarning,
        std::to_string(message.second) + " records rejected, " + message.first);
  }
  for (const std::string& warning : verdict.warnings) {
    say(LogLevel::kDebug, "stored with a warning: " + warning);
  }
  if (!verdict.words.empty()) say(LogLevel::kWarning, verdict.words);
}

void HubHttps::Impl::back_off(const HubVerdict& verdict) {
  const bool refused = verdict.action == HubAction::kRefused;
  int& count = refused ? refusals : failures;
  const double first_s = refused ? config.refused_first_s : config.backoff_first_s;
  const double max_s = refused ? kRefusedMax_s : config.backoff_max_s;
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

bool HubHttps::Impl::station_changed() {
  const std::uint64_t revision = context.station->revision();
  if (revision == station_revision || station_sent.empty()) return false;
  station_revision = revision;
  const StationConfig station = context.station->get();
  nlohmann::ordered_json report = station_record(station);
  report.erase("uploader_position");
  if (to_text(report) != station_sent) return true;
  if (station.position.has_value() != station_sent_at.has_value()) return true;
  return station.position &&
         straight_distance_m(*station.position, *station_sent_at) > kStationMoved_m;
}

void HubHttps::Impl::send_station() {
  const StationConfig station = context.station->get();
  station_revision = context.station->revision();
  nlohmann::ordered_json report = station_record(station);
  const HttpAnswer answer = put("/listeners", to_text(report));
  if (answer.aborted) return;
  const double period_s = station.mobile ? kStationMobile_s : config.station_interval_s;
  next_station = Clock::now() + seconds(period_s);
  const HubVerdict verdict = judge_answer(answer, 1);
  if (verdict.action == HubAction::kDone) {
    report.erase("uploader_position");
    station_sent = to_text(report);
    station_sent_at = station.position;
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
  while (!config.url.empty() && config.url.back() == '/') config.url.pop_back();
  if (config.url.rfind("https://", 0) != 0 && config.url.rfind("http://", 0) != 0) {
    return Error{"[sondehub] url is not an address: " + config.url, "begin it with https://"};
  }
  HttpOptions http;
  http.ca_file = config.ca_file;
  http.user_agent = std::string(software_name()) + "/" + software_version();
  http.connect_timeout_s = config.connect_timeout_s;
  http.request_timeout_s = config.request_timeout_s;
  auto client = HttpClient::create(std::move(http), impl->stop);
  if (!client) return client.error();
  impl->http = std::move(*client);
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
