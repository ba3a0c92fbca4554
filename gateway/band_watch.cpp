#include "gateway/band_watch.hpp"

#include <cmath>
#include <cstdio>

namespace omnisonde {
namespace {

double steady_now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string move_text(const PlannerReceiver& receiver, double centre_hz) {
  char text[120];
  std::snprintf(text, sizeof text, ": window to %.3f MHz, %zu sonde(s) held", centre_hz / 1e6,
                receiver.held_hz.size());
  return "receiver " + receiver.name + text;
}

std::vector<PlannerReceiver> views_of(const std::vector<std::unique_ptr<LiveReceiver>>& receivers) {
  std::vector<PlannerReceiver> views;
  views.reserve(receivers.size());
  for (const auto& receiver : receivers) views.push_back(receiver->planner_view());
  return views;
}

}  // namespace

std::vector<double> BandWatch::begin(const std::vector<std::unique_ptr<LiveReceiver>>& receivers) {
  auto views = views_of(receivers);
  for (PlannerReceiver& view : views) view.healthy = true;  // for all that is known
  const std::scoped_lock lock(mutex_);
  return planner_.plan(steady_now_s(), views);
}

void BandWatch::tick(const std::vector<std::unique_ptr<LiveReceiver>>& receivers) {
  const auto views = views_of(receivers);
  const std::scoped_lock lock(mutex_);
  const auto centres = planner_.plan(steady_now_s(), views);
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    constexpr double kMove_hz = 5000;  // below: the crystal's error
    if (std::abs(views[i].centre_hz - centres[i]) > kMove_hz)
      log_.write(LogSeverity::kDebug, move_text(views[i], centres[i]));
    receivers[i]->set_window(centres[i]);
  }
}

BandStatus BandWatch::status() const {
  const std::scoped_lock lock(mutex_);
  const BandMap& map = planner_.map();
  return {map.wanted_hz(), map.watched_hz(), map.stretches(), planner_.missed_hz()};
}

}  // namespace omnisonde
