#include "uploader/hub_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace omnisonde::uploader {
namespace {

constexpr std::int64_t kBegin_ms = 1'792'497'668'000;

// Records of one serial at one per second, ids from `first_id`.
void add_run(std::vector<RecordMeta>& out, const std::string& serial, const std::string& type,
             std::int64_t first_id, int begin_s, int count, double altitude_m = 9000) {
  for (int i = 0; i < count; ++i) {
    const UtcMillis time{kBegin_ms + 1000LL * (begin_s + i)};
    out.push_back({first_id + i, serial, type, 0, time, time, altitude_m});
  }
}

Plan plan_at(std::vector<RecordMeta> records, int now_s, int max_batch = 100) {
  std::sort(records.begin(), records.end(),
            [](const RecordMeta& a, const RecordMeta& b) { return a.id > b.id; });
  PlanLimits limits;
  limits.max_batch = max_batch;
  return plan_requests(records, false, {kBegin_ms + 1000LL * now_s}, limits);
}

std::vector<std::int64_t> ids(std::int64_t first, int count) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), first);
  return out;
}

TEST(HubPlan, PutsAllSerialsInOneRequestOldestFirst) {
  std::vector<RecordMeta> r;
  add_run(r, "A", "RS41", 1, 0, 15);
  add_run(r, "B", "RS41", 100, 0, 15);
  const Plan plan = plan_at(r, 15);
  ASSERT_EQ(plan.live.size(), 1U);
  auto want = ids(1, 15);
  const auto second = ids(100, 15);
  want.insert(want.end(), second.begin(), second.end());
  EXPECT_EQ(plan.live[0], want);
  EXPECT_TRUE(plan.backfill.empty());
  EXPECT_TRUE(plan.hopeless.empty());
}

TEST(HubPlan, NeverMixesTwoSidesOfAGap) {
  std::vector<RecordMeta> r;
  add_run(r, "A", "RS41", 1, 0, 10);
  add_run(r, "A", "RS41", 50, 41, 5);  // 32 s after the last
  const Plan plan = plan_at(r, 46);
  ASSERT_EQ(plan.live.size(), 1U);
  EXPECT_EQ(plan.live[0], ids(50, 5));
  ASSERT_EQ(plan.backfill.size(), 1U);
  EXPECT_EQ(plan.backfill[0], ids(1, 10));
}

TEST(HubPlan, HoldsHighDfmUntilEleven) {
  std::vector<RecordMeta> r;
  add_run(r, "D", "DFM", 1, 0, 10);
  EXPECT_TRUE(plan_at(r, 12).live.empty());
  EXPECT_TRUE(plan_at(r, 12).hopeless.empty());
  add_run(r, "D", "DFM", 11, 10, 1);
  ASSERT_EQ(plan_at(r, 12).live.size(), 1U);
  EXPECT_EQ(plan_at(r, 12).live[0], ids(1, 11));
}

TEST(HubPlan, SendsLowDfmAtOnce) {
  std::vector<RecordMeta> r;
  add_run(r, "D", "DFM", 1, 0, 3, 2500);
  ASSERT_EQ(plan_at(r, 4).live.size(), 1U);
}

TEST(HubPlan, GivesUpHighDfmThatCanNotGrow) {
  std::vector<RecordMeta> r;
  add_run(r, "D", "DFM", 1, 0, 5, 9000);
  add_run(r, "D", "DFM", 6, 5, 3, 2000);
  const Plan plan = plan_at(r, 60);
  EXPECT_EQ(plan.hopeless, ids(1, 5));
  ASSERT_EQ(plan.live.size(), 1U);
  EXPECT_EQ(plan.live[0], ids(6, 3));
}

TEST(HubPlan, LeavesNoCrumbsOfDfm) {
  for (int n = 11; n <= 400; ++n) {
    std::vector<RecordMeta> r;
    add_run(r, "D", "DFM", 1, 0, n);
    const Plan plan = plan_at(r, n + 200);  // all is backlog
    EXPECT_TRUE(plan.hopeless.empty()) << n;
    std::size_t sent = 0;
    for (const auto& request : plan.backfill) {
      EXPECT_GE(request.size(), 11U) << n;
      EXPECT_LE(request.size(), 100U) << n;
      sent += request.size();
    }
    EXPECT_EQ(sent, static_cast<std::size_t>(n));
  }
}

TEST(HubPlan, AfterAnOutageSendsTheNewestPlaceFirst) {
  std::vector<RecordMeta> r;
  add_run(r, "A", "RS41", 1, 0, 500);     // still in the air
  add_run(r, "B", "RS41", 1000, 0, 300);  // landed 200 s ago
  const Plan plan = plan_at(r, 500);
  ASSERT_EQ(plan.live.size(), 1U);
  EXPECT_EQ(plan.live[0], ids(401, 100));
  const std::vector<std::vector<std::int64_t>> want = {
      ids(301, 100),  ids(201, 100),  ids(101, 100), ids(1, 100),  // the rest of A
      ids(1200, 100), ids(1100, 100), ids(1000, 100)};
  EXPECT_EQ(plan.backfill, want);
}

TEST(HubPlan, PlansNoMoreBacklogThanAsked) {
  std::vector<RecordMeta> r;
  add_run(r, "A", "RS41", 1, 0, 10'000);
  EXPECT_EQ(plan_at(r, 20'000).backfill.size(), PlanLimits{}.max_backfill);
}

TEST(HubPlan, KeepsRequestsWithinTheLimit) {
  std::vector<RecordMeta> r;
  for (int s = 0; s < 30; ++s) {
    add_run(r, "S" + std::to_string(s), "RS41", 1 + 100 * s, 0, 15);
  }
  std::size_t total = 0;
  for (const auto& request : plan_at(r, 15).live) {
    EXPECT_LE(request.size(), 100U);
    total += request.size();
  }
  EXPECT_EQ(total, 450U);
}

}  // namespace
}  // namespace omnisonde::uploader
