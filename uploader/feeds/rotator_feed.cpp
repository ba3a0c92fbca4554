#include "uploader/feeds/rotator_feed.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <mutex>

#include "uploader/feeds/line_link.hpp"
#include "uploader/feeds/names.hpp"
#include "uploader/feeds/sight.hpp"

namespace omnisonde::uploader {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kHeardFor = std::chrono::seconds(60);  // silent for longer: not heard now
constexpr double kPatience_s = 5;

/// The smaller, the sooner it is followed.
double rank(const Telemetry& t, RotatorFollow follow, const GeoPosition& station) {
  constexpr double kUnknownSnr_db = 100;
  switch (follow) {
    case RotatorFollow::kLowest:
      return t.position->altitude_m;
    case RotatorFollow::kHighest:
      return -t.position->altitude_m;
    case RotatorFollow::kWeakest:
      return t.rx.snr_db ? static_cast<double>(*t.rx.snr_db) : kUnknownSnr_db;
    case RotatorFollow::kNearest:
      break;
  }
  return direction(station, *t.position).distance_m;
}

struct Pointing {
  double azimuth_deg = 0, elevation_deg = 0;
};

class RotatorFeed final : public Feed {
 public:
  RotatorFeed(RotatorConfig config, const StationConfig& station, Hooks hooks)
      : config_(std::move(config)), hooks_(std::move(hooks)), position_(station.position) {
    meter_.board().good("no sonde to follow");
  }

  void start() override {
    thread_.start([this] { return step(); });
  }
  void stop() override { thread_.stop(); }
  void record(const Telemetry& t) override {
    const std::lock_guard lock(mutex_);
    heard_[t.type + "-" + t.serial] = {t, Clock::now()};
    if (std::exchange(idle_, false)) thread_.wake();
  }
  void set_station(const StationConfig& station) override {
    const std::lock_guard lock(mutex_);
    position_ = station.position;
  }
  [[nodiscard]] OutputStatus status() const override { return meter_.status("rotator", 0); }

 private:
  struct Heard {
    Telemetry record;
    Clock::time_point at;
  };
  struct Target {
    Pointing at;
    std::string words;
  };

  double step() {
    const auto target = choose();
    if (!target) return config_.interval_s;
    const bool moves = !last_ || away(target->at);
    if (!moves) {
      meter_.board().good(target->words);
      return config_.interval_s;
    }
    const std::string fault = send(move_command(target->at.azimuth_deg, target->at.elevation_deg));
    if (fault.empty()) {
      last_ = target->at;
      meter_.delivered();
      meter_.board().good(target->words);
    } else if (!thread_.stopping()) {
      last_.reset();
      meter_.dropped("not_moved", "rotctld did not take the command");
      meter_.failed(hooks_, "rotator", config_.host + ": " + fault);
    }
    return config_.interval_s;
  }

  /// Where to point now, if anywhere.
  std::optional<Target> choose() {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    std::erase_if(heard_, [&](const auto& h) { return now - h.second.at > kHeardFor; });
    std::vector<Telemetry> heard;
    for (const auto& [key, entry] : heard_) heard.push_back(entry.record);
    idle_ = heard.empty();
    if (!position_) return std::nullopt;
    if (const Telemetry* sonde = sonde_to_follow(heard, config_, *position_)) {
      last_heard_ = now;
      const Direction to = direction(*position_, *sonde->position);
      return Target{{to.bearing_deg, config_.azimuth_only ? 0 : std::max(0.0, to.elevation_deg)},
                    "follows " + sonde->serial};
    }
    const double silent_s = std::chrono::duration<double>(now - last_heard_).count();
    if (!config_.park || silent_s < config_.park_after_s) return std::nullopt;
    return Target{{config_.park_azimuth_deg, config_.park_elevation_deg}, "parked"};
  }

  [[nodiscard]] bool away(const Pointing& to) const {
    return azimuth_apart_deg(to.azimuth_deg, last_->azimuth_deg) > config_.deadband_deg ||
           std::abs(to.elevation_deg - last_->elevation_deg) > config_.deadband_deg;
  }

  /// @returns why it was not done; empty if rotctld says it is.
  std::string send(const std::string& command) {
    auto link = LineLink::connect(config_.host, config_.port, kPatience_s, thread_.stopping());
    if (!link) return link.error().what;
    if (std::string fault = (*link)->send(command, kPatience_s); !fault.empty()) return fault;
    const auto answer = (*link)->read_line(kPatience_s);
    if (!answer) return "rotctld does not answer";
    return *answer == "RPRT 0" ? "" : "rotctld answers " + *answer;
  }

  RotatorConfig config_;
  Hooks hooks_;
  FeedMeter meter_;
  std::mutex mutex_;
  std::map<std::string, Heard> heard_;   // guarded by mutex_
  std::optional<GeoPosition> position_;  // guarded by mutex_
  bool idle_ = true;                     // guarded by mutex_: the next record is followed at once
  Clock::time_point last_heard_ = Clock::now();
  std::optional<Pointing> last_;  // of the thread alone
  FeedThread thread_;             // last: it goes first
};

}  // namespace

const Telemetry* sonde_to_follow(const std::vector<Telemetry>& heard, const RotatorConfig& config,
                                 const GeoPosition& station) {
  const Telemetry* best = nullptr;
  for (const Telemetry& t : heard) {
    if (!config.serial.empty() && t.serial == config.serial) return &t;
    if (best == nullptr) {
      best = &t;
      continue;
    }
    const double here = rank(t, config.follow, station);
    const double there = rank(*best, config.follow, station);
    if (here < there || (here == there && t.serial < best->serial)) best = &t;
  }
  return best;
}

std::string move_command(double azimuth_deg, double elevation_deg) {
  double azimuth = std::fmod(std::fmod(azimuth_deg, 360) + 360, 360);
  if (azimuth > 359.94) azimuth = 0;  // would be written 360.0
  return "P " + fixed(azimuth, 1) + " " + fixed(std::clamp(elevation_deg, 0.0, 90.0), 1) + "\n";
}

double azimuth_apart_deg(double a_deg, double b_deg) {
  return std::abs(std::remainder(a_deg - b_deg, 360.0));
}

Expected<std::unique_ptr<Feed>> make_rotator_feed(const RotatorConfig& config,
                                                  const StationConfig& station, Hooks hooks) {
  return std::unique_ptr<Feed>(std::make_unique<RotatorFeed>(config, station, std::move(hooks)));
}

}  // namespace omnisonde::uploader
