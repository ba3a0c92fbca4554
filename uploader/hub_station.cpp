#include "uploader/hub_station.hpp"

#include <nlohmann/json.hpp>

#include "uploader/policy.hpp"
#include "uploader/record.hpp"

namespace omnisonde::uploader {
namespace {

constexpr double kMoved_m = 100;

std::string set_up_of(nlohmann::ordered_json report) {
  report.erase("uploader_position");
  return to_text(report);
}

}  // namespace

std::string StationNews::compose(const StationBox& box) {
  revision_ = box.revision();
  const StationConfig station = box.get();
  const nlohmann::ordered_json report = station_record(station);
  composed_ = {set_up_of(report), station.position};
  return to_text(report);
}

void StationNews::told() { told_ = composed_; }

bool StationNews::changed(const StationBox& box) {
  const std::uint64_t revision = box.revision();
  if (revision == revision_ || !told_) return false;
  revision_ = revision;
  const StationConfig station = box.get();
  if (set_up_of(station_record(station)) != told_->set_up) return true;
  if (station.position.has_value() != told_->position.has_value()) return true;
  return station.position && straight_distance_m(*station.position, *told_->position) > kMoved_m;
}

}  // namespace omnisonde::uploader
