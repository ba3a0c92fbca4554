#include "uploader/feeds/event_detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "uploader/feeds/sight.hpp"

namespace omnisonde::uploader {
namespace {

constexpr std::array<const char*, kEventKinds> kNames{
    "first_heard", "burst", "landing_near", "landed", "encrypted", "station_trouble"};
constexpr std::size_t kMedianOf = 5;
constexpr double kRecent_s = 60;
// A burst: it had climbed by so much while we listened, and then lies so much under its highest
// point in so many records. Floating balloons swing by some 100 m.
constexpr double kClimb_m = 300, kFall_m = 250;
constexpr int kFallRecords = 8;
constexpr double kFalling_mps = -1;
constexpr double kStill_mps = 0.5, kStillFor_s = 50;

double seconds(UtcMillis from, UtcMillis to) { return static_cast<double>(to.ms - from.ms) / 1000; }

std::string key_of(const Telemetry& t) { return t.type + "-" + t.serial; }

double median(std::deque<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::string place_text(const Telemetry& t) {
  if (!t.position) return {};
  char text[96];
  std::snprintf(text, sizeof text, "%.5f, %.5f at %.0f m", t.position->latitude_deg,
                t.position->longitude_deg, t.position->altitude_m);
  return text;
}

std::string sonde_text(const Telemetry& t) {
  char text[64];
  std::snprintf(text, sizeof text, " on %.3f MHz", t.rx.frequency_hz / 1e6);
  const std::string& type = t.subtype.empty() ? t.type : t.subtype;
  return type + (t.serial.empty() ? "" : " " + t.serial) + text;
}

const char* verb(EventKind kind) {
  switch (kind) {
    case EventKind::kFirstHeard:
      return " is heard";
    case EventKind::kBurst:
      return " has burst";
    case EventKind::kLandingNear:
      return " is coming down near the station";
    case EventKind::kLanded:
      return " has landed";
    case EventKind::kEncrypted:
      return " is encrypted and is not uploaded";
    case EventKind::kStationTrouble:
      return "";
  }
  return "";
}

}  // namespace

const char* event_name(EventKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<EventKind> event_kind(const std::string& name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<EventKind>(i);
  }
  return std::nullopt;
}

double EventDetector::above_ground_m(double altitude_m) const {
  return altitude_m - (rules_.station ? rules_.station->altitude_m : 0);
}

Event EventDetector::make(EventKind kind, const Telemetry& t, UtcMillis now) const {
  Event event{.kind = kind,
              .time = now,
              .sonde = t,
              .distance_m = {},
              .bearing_deg = {},
              .predicted = {},
              .text = sonde_text(t) + verb(kind)};
  if (t.position) event.text += ": " + place_text(t);
  if (t.position && rules_.station) {
    const Direction to = direction(*rules_.station, *t.position);
    event.distance_m = to.distance_m;
    event.bearing_deg = to.bearing_deg;
    char text[64];
    std::snprintf(text, sizeof text, ", %.1f km away, bearing %.0f deg", to.distance_m / 1000,
                  to.bearing_deg);
    event.text += text;
  }
  return event;
}

// Mean over what is kept of the last minute, by the sonde's own clock.
std::optional<EventDetector::Motion> EventDetector::motion(const Track& track) {
  if (track.recent.size() < kMedianOf) return std::nullopt;
  const Sample& a = track.recent.front();
  const Sample& b = track.recent.back();
  const double time_s = seconds(a.time, b.time);
  if (time_s < 4) return std::nullopt;
  const Direction way = direction(*a.record.position, *b.record.position);
  const double bearing_rad = way.bearing_deg * std::numbers::pi / 180;
  return Motion{(b.height_m - a.height_m) / time_s, way.distance_m * std::cos(bearing_rad) / time_s,
                way.distance_m * std::sin(bearing_rad) / time_s};
}

std::vector<Event> EventDetector::record(const Telemetry& t, UtcMillis now) {
  std::vector<Event> out;
  if (t.encrypted) {
    char place[32];
    std::snprintf(place, sizeof place, "@%.0f", t.rx.frequency_hz / 20'000);
    const std::string key = t.serial.empty() ? t.type + place : key_of(t);
    const auto [entry, is_new] = encrypted_.insert_or_assign(key, now);
    if (is_new) out.push_back(make(EventKind::kEncrypted, t, now));
    return out;
  }
  if (t.serial.empty() || !t.position || !t.datetime) return out;
  const auto [entry, is_new] = tracks_.try_emplace(key_of(t));
  Track& track = entry->second;
  track.last_heard = now;
  if (is_new) out.push_back(make(EventKind::kFirstHeard, t, now));
  // A record that was held back and comes late tells nothing about now.
  if (!track.recent.empty() && *t.datetime <= track.recent.back().time) return out;
  track.heights_m.push_back(t.position->altitude_m);
  if (track.heights_m.size() > kMedianOf) track.heights_m.pop_front();
  track.recent.push_back({t, *t.datetime, median(track.heights_m)});
  while (seconds(track.recent.front().time, *t.datetime) > kRecent_s) track.recent.pop_front();
  if (track.heights_m.size() < kMedianOf) return out;
  judge_burst(track, now, out);
  judge_landing(track, now, out);
  return out;
}

void EventDetector::judge_burst(Track& track, UtcMillis now, std::vector<Event>& out) const {
  const Sample& last = track.recent.back();
  track.lowest_m = std::min(track.lowest_m, last.height_m);
  if (!track.peak || last.height_m > track.peak->height_m) {
    track.peak = last;
    track.climbed_m = last.height_m - track.lowest_m;
    track.falling = 0;
    return;
  }
  const bool fallen = last.height_m < track.peak->height_m - kFall_m;
  track.falling = fallen ? track.falling + 1 : 0;
  if (track.burst || track.climbed_m < kClimb_m || track.falling < kFallRecords) return;
  track.burst = true;
  out.push_back(make(EventKind::kBurst, track.peak->record, now));
}

void EventDetector::judge_landing(Track& track, UtcMillis now, std::vector<Event>& out) const {
  const auto way = motion(track);
  if (!way) return;
  const Sample& last = track.recent.back();
  const double height_m = above_ground_m(last.height_m);
  const bool low = height_m <= rules_.below_m;
  const bool came_down = track.peak && track.peak->height_m - last.height_m >= kFall_m;
  const double speed_mps = std::hypot(way->north_mps, way->east_mps);
  const bool still = std::abs(way->up_mps) < kStill_mps && speed_mps < kStill_mps;
  if (!track.landed && came_down && low && still &&
      seconds(track.recent.front().time, last.time) >= kStillFor_s) {
    track.landed = true;
    Event event = make(EventKind::kLanded, last.record, now);
    event.text += ", still transmitting";
    out.push_back(std::move(event));
  }
  if (track.near || !rules_.station || !low || way->up_mps > kFalling_mps) return;
  const double left_s = std::max(0.0, height_m) / -way->up_mps;
  const GeoPosition ground = moved(*last.record.position, way->north_mps * left_s,
                                   way->east_mps * left_s, rules_.station->altitude_m);
  const double nearest_m = std::min(direction(*rules_.station, *last.record.position).distance_m,
                                    direction(*rules_.station, ground).distance_m);
  if (nearest_m > rules_.near_m) return;
  track.near = true;
  Event event = make(EventKind::kLandingNear, last.record, now);
  event.predicted = ground;
  out.push_back(std::move(event));
}

std::vector<Event> EventDetector::tick(UtcMillis now) {
  std::vector<Event> out;
  for (auto& [key, track] : tracks_) {
    if (track.landed || seconds(track.last_heard, now) < rules_.silent_s) continue;
    const auto way = motion(track);
    if (!way || way->up_mps > kFalling_mps) continue;
    const Sample& last = track.recent.back();
    if (above_ground_m(last.height_m) > rules_.below_m) continue;
    track.landed = true;
    Event event = make(EventKind::kLanded, last.record, now);
    const double left_s = std::max(0.0, above_ground_m(last.height_m)) / -way->up_mps;
    event.predicted = moved(*last.record.position, way->north_mps * left_s, way->east_mps * left_s,
                            rules_.station ? rules_.station->altitude_m : 0);
    event.text += ", last heard there";
    out.push_back(std::move(event));
  }
  forget(now);
  return out;
}

void EventDetector::forget(UtcMillis now) {
  std::erase_if(tracks_, [&](const auto& entry) {
    return seconds(entry.second.last_heard, now) > rules_.forget_s;
  });
  std::erase_if(encrypted_,
                [&](const auto& entry) { return seconds(entry.second, now) > rules_.forget_s; });
}

std::vector<Event> EventDetector::stages(const std::vector<StageState>& stages, UtcMillis now) {
  std::vector<Event> out;
  const auto tell = [&](std::string text) {
    Event event;
    event.kind = EventKind::kStationTrouble;
    event.time = now;
    event.text = std::move(text);
    out.push_back(std::move(event));
  };
  for (const StageState& stage : stages) {
    const auto known = troubles_.find(stage.stage);
    if (stage.ok) {
      if (known == troubles_.end()) continue;
      if (known->second.told) tell(stage.stage + " works again");
      troubles_.erase(known);
    } else if (known == troubles_.end()) {
      troubles_[stage.stage] = {now, stage.reason, false};
    } else {
      known->second.reason = stage.reason;
    }
  }
  for (auto& [stage, trouble] : troubles_) {
    if (trouble.told || seconds(trouble.since, now) < rules_.trouble_s) continue;
    trouble.told = true;
    tell(stage + " does not work: " + trouble.reason);
  }
  return out;
}

}  // namespace omnisonde::uploader
