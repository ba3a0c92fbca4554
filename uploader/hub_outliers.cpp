#include "uploader/hub_outliers.hpp"

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "uploader/policy.hpp"

namespace omnisonde::uploader {
namespace {

constexpr std::size_t kUnchecked = 10;  // records of a serial that the hub does not compare
// The hub's limit is 3 sample deviations; population deviations are smaller, and its sums are
// rounded otherwise than ours.
constexpr double kSafe = 2.9;

using Places = std::vector<std::array<double, 3>>;  // latitude, |longitude|, altitude

bool any_outlier(const Places& places) {
  const auto n = static_cast<double>(places.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    double mean = 0, variance = 0;
    for (const auto& place : places) mean += place[axis] / n;
    for (const auto& place : places) variance += std::pow(place[axis] - mean, 2) / n;
    for (const auto& place : places) {
      if (variance > 0 && std::abs(place[axis] - mean) > kSafe * std::sqrt(variance)) return true;
    }
  }
  return false;
}

Places places_of(const std::vector<const StoredRecord*>& records) {
  Places places;
  for (const StoredRecord* record : records) {
    const auto json = nlohmann::json::parse(record->body, nullptr, false);
    if (!json.is_object()) continue;
    places.push_back(
        {json.value("lat", 0.0), std::abs(json.value("lon", 0.0)), json.value("alt", 0.0)});
  }
  return places;
}

// In how many parts the records of one serial go.
std::size_t parts_of(const std::vector<const StoredRecord*>& records) {
  if (records.size() <= kUnchecked || needs_many_records(records.front()->meta.type)) return 1;
  if (!any_outlier(places_of(records))) return 1;
  return (records.size() + kUnchecked - 1) / kUnchecked;
}

}  // namespace

std::vector<std::vector<StoredRecord>> split_at_outliers(std::vector<StoredRecord> records) {
  std::map<std::string, std::vector<const StoredRecord*>> by_serial;
  for (const StoredRecord& record : records) by_serial[record.meta.serial].push_back(&record);
  struct Share {
    std::size_t records, parts, taken = 0;
  };
  std::map<std::string, Share> shares;
  std::size_t requests = 1;
  for (const auto& [serial, own] : by_serial) {
    const std::size_t parts = parts_of(own);
    shares.emplace(serial, Share{own.size(), parts});
    requests = std::max(requests, parts);
  }
  std::vector<std::vector<StoredRecord>> out(requests);
  for (StoredRecord& record : records) {
    Share& share = shares.at(record.meta.serial);
    const std::size_t part = share.taken++ * share.parts / share.records;
    out[part].push_back(std::move(record));
  }
  return out;
}

}  // namespace omnisonde::uploader
