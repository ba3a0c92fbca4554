// Requests that the hub's outlier check lets through whole.
#include "uploader/hub_outliers.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace omnisonde::uploader {
namespace {

StoredRecord record(std::int64_t id, double lat, const std::string& serial = "S1",
                    const std::string& type = "RS41") {
  StoredRecord r;
  r.meta.id = id;
  r.meta.serial = serial;
  r.meta.type = type;
  r.body = R"({"lat":)" + std::to_string(lat) + R"(,"lon":-12.5,"alt":)" +
           std::to_string(1000 + 5 * id) + "}";
  return r;
}

std::vector<std::size_t> sizes(const std::vector<std::vector<StoredRecord>>& requests) {
  std::vector<std::size_t> out;
  for (const auto& request : requests) out.push_back(request.size());
  return out;
}

using Sizes = std::vector<std::size_t>;

// `n` records flying due east: one latitude, but for a last digit once.
std::vector<StoredRecord> due_east(int n, const std::string& type = "RS41") {
  std::vector<StoredRecord> out;
  for (int i = 0; i < n; ++i) out.push_back(record(i, i == 3 ? 52.000001 : 52.0, "S1", type));
  return out;
}

TEST(HubOutliers, ASteadyFlightStaysOneRequest) {
  std::vector<StoredRecord> records;
  for (int i = 0; i < 60; ++i) records.push_back(record(i, 52.0 + i * 1e-4));
  EXPECT_EQ(sizes(split_at_outliers(records)), Sizes{60});
}

TEST(HubOutliers, AFlightDueEastGoesInPartsThatAreNotCompared) {
  const auto requests = split_at_outliers(due_east(25));
  EXPECT_EQ(sizes(requests), (Sizes{9, 8, 8}));
  std::int64_t expected = 0;
  for (const auto& request : requests) {
    for (const StoredRecord& r : request) EXPECT_EQ(r.meta.id, expected++);
  }
  EXPECT_EQ(sizes(split_at_outliers(due_east(10))), Sizes{10});
}

TEST(HubOutliers, OtherSerialsStayWhole) {
  auto records = due_east(15);
  for (int i = 0; i < 15; ++i) records.push_back(record(100 + i, 50.0 + i * 1e-4, "S2"));
  EXPECT_EQ(sizes(split_at_outliers(records)), (Sizes{8 + 15, 7}));
}

TEST(HubOutliers, TypesThatTheHubTakesInLongRunsStayWhole) {
  EXPECT_EQ(sizes(split_at_outliers(due_east(25, "DFM"))), Sizes{25});
}

TEST(HubOutliers, NothingIsOneEmptyRequest) { EXPECT_EQ(sizes(split_at_outliers({})), Sizes{0}); }

}  // namespace
}  // namespace omnisonde::uploader
