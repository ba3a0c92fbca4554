#include "uploader/hub_plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "uploader/policy.hpp"

namespace omnisonde::uploader {
namespace {

constexpr double kMsPerSecond = 1000;
constexpr double kMsPerHour = 3600 * kMsPerSecond;
// A run may still grow while a record that closes the gap can be on its way through the outbox.
constexpr double kArrivalSlack_s = 10;

struct Run {
  std::vector<const RecordMeta*> records;  // oldest first
  bool newest_of_serial = false;
  bool may_be_cut = false;  // older ones may exist that were not loaded
  [[nodiscard]] std::int64_t last_ms() const { return records.back()->datetime.ms; }
  [[nodiscard]] std::int64_t received_ms() const { return records.back()->received.ms; }
};

double age_s(const Run& run, UtcMillis now) {
  return static_cast<double>(now.ms - run.received_ms()) / kMsPerSecond;
}

std::vector<Run> runs_of(std::vector<const RecordMeta*> records, bool truncated, double max_gap_s) {
  std::sort(records.begin(), records.end(), [](const RecordMeta* a, const RecordMeta* b) {
    return std::tuple(a->datetime, a->id) < std::tuple(b->datetime, b->id);
  });
  std::vector<Run> runs;
  for (const RecordMeta* record : records) {
    const bool joined =
        !runs.empty() && static_cast<double>(record->datetime.ms - runs.back().last_ms()) <=
                             max_gap_s * kMsPerSecond;
    if (!joined) runs.emplace_back();
    runs.back().records.push_back(record);
  }
  runs.front().may_be_cut = truncated;
  runs.back().newest_of_serial = true;
  return runs;
}

// The newest records of a run that fit into one request. Never so that fewer than kManyRecords
// stay behind: two halves instead of a full request and a crumb.
std::vector<const RecordMeta*> newest_chunk(const Run& run, const PlanLimits& limits) {
  const auto max = static_cast<std::size_t>(limits.max_batch);
  std::size_t n = run.records.size();
  if (n > max) n = n < 2 * max ? (n + 1) / 2 : max;
  std::vector<const RecordMeta*> chunk(run.records.end() - static_cast<std::ptrdiff_t>(n),
                                       run.records.end());
  const double oldest_ms = static_cast<double>(run.last_ms()) - limits.max_span_s * kMsPerSecond;
  std::erase_if(chunk, [oldest_ms](const RecordMeta* r) {
    return static_cast<double>(r->datetime.ms) < oldest_ms;
  });
  return chunk;
}

bool is_high(const RecordMeta* r) { return r->altitude_m > kManyRecordsAbove_m; }

// Takes out what the hub would reject for coming with too few others. @returns what may be sent.
std::vector<const RecordMeta*> passable(std::vector<const RecordMeta*> chunk, bool may_grow,
                                        std::vector<std::int64_t>& hopeless) {
  if (!needs_many_records(chunk.front()->type) ||
      chunk.size() >= static_cast<std::size_t>(kManyRecords) ||
      std::none_of(chunk.begin(), chunk.end(), is_high)) {
    return chunk;
  }
  if (may_grow) return {};
  for (const RecordMeta* r : chunk) {
    if (is_high(r)) hopeless.push_back(r->id);
  }
  std::erase_if(chunk, is_high);
  return chunk;
}

std::vector<std::int64_t> ids_of(const std::vector<const RecordMeta*>& chunk) {
  std::vector<std::int64_t> ids;
  ids.reserve(chunk.size());
  for (const RecordMeta* r : chunk) ids.push_back(r->id);
  return ids;
}

// A chunk stays whole; a serial has only one chunk among the live ones.
void pack(const std::vector<std::int64_t>& chunk, std::size_t max,
          std::vector<std::vector<std::int64_t>>& requests) {
  for (auto& request : requests) {
    if (request.size() + chunk.size() > max) continue;
    request.insert(request.end(), chunk.begin(), chunk.end());
    return;
  }
  requests.push_back(chunk);
}

// The newest place of a sonde is worth most: it tells where it came down.
void plan_backlog(std::vector<Run> backlog, UtcMillis now, const PlanLimits& limits, Plan& plan) {
  std::sort(backlog.begin(), backlog.end(),
            [](const Run& a, const Run& b) { return a.last_ms() > b.last_ms(); });
  const double oldest_ms = static_cast<double>(now.ms) - limits.horizon_h * kMsPerHour;
  for (Run& run : backlog) {
    while (!run.records.empty()) {
      if (plan.backfill.size() >= limits.max_backfill) return;
      if (static_cast<double>(run.last_ms()) < oldest_ms) break;
      const auto newest = newest_chunk(run, limits);
      const auto chunk = passable(newest, run.may_be_cut, plan.hopeless);
      if (!chunk.empty()) plan.backfill.push_back(ids_of(chunk));
      run.records.resize(run.records.size() - newest.size());
    }
  }
}

}  // namespace

Plan plan_requests(const std::vector<RecordMeta>& newest_first, bool truncated, UtcMillis now,
                   const PlanLimits& limits) {
  std::map<std::string, std::vector<const RecordMeta*>> by_serial;
  for (const RecordMeta& r : newest_first) by_serial[r.serial].push_back(&r);

  Plan plan;
  std::vector<Run> backlog;
  for (auto& [serial, records] : by_serial) {
    for (Run& run : runs_of(std::move(records), truncated, limits.max_gap_s)) {
      if (!run.newest_of_serial || age_s(run, now) > limits.live_age_s) {
        backlog.push_back(std::move(run));
        continue;
      }
      const bool may_grow = age_s(run, now) < limits.max_gap_s + kArrivalSlack_s;
      const auto newest = newest_chunk(run, limits);
      const auto chunk = passable(newest, may_grow, plan.hopeless);
      if (!chunk.empty()) {
        pack(ids_of(chunk), static_cast<std::size_t>(limits.max_batch), plan.live);
      }
      run.records.resize(run.records.size() - newest.size());
      if (!run.records.empty()) backlog.push_back(std::move(run));  // of an outage just over
    }
  }
  plan_backlog(std::move(backlog), now, limits, plan);
  return plan;
}

}  // namespace omnisonde::uploader
