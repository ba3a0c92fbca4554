// Which waiting records go to the hub next, and together with which. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "uploader/outbox.hpp"

namespace omnisonde::uploader {

struct PlanLimits {
  int max_batch = 100;            ///< records per request, at least 2 * kManyRecords
  double live_age_s = 75;         ///< a run whose newest record is older is backlog
  double max_gap_s = 30;          ///< a longer gap ends a run
  double max_span_s = 600;        ///< of the records of a serial in one request
  double horizon_h = 24;          ///< older backlog is left alone
  std::size_t max_backfill = 40;  ///< requests of old records to plan ahead
};

/// Ids of records, oldest first within a serial: the hub keeps every second one and the last, in
/// the order sent, and compares records of a serial with each other. So a request never holds
/// records of a serial from two sides of a gap.
struct Plan {
  std::vector<std::vector<std::int64_t>> live;      ///< requests to send now
  std::vector<std::vector<std::int64_t>> backfill;  ///< the next requests of old records, in order
  std::vector<std::int64_t> hopeless;  ///< can never pass: too few of their run are left
};

/// @param newest_first  waiting records.
/// @param truncated     there are older ones than these: their oldest runs are incomplete.
[[nodiscard]] Plan plan_requests(const std::vector<RecordMeta>& newest_first, bool truncated,
                                 UtcMillis now, const PlanLimits& limits);

}  // namespace omnisonde::uploader
