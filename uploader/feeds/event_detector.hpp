// Tells events from the stream of records: no clock, no threads, no output of its own.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "uploader/feeds/event.hpp"

namespace omnisonde::uploader {

struct EventRules {
  std::optional<GeoPosition> station;
  double near_m = 30'000;    ///< landing_near: last or predicted place within this of the station
  double below_m = 1'000;    ///< above the station: low
  double silent_s = 120;     ///< landed: silent for so long since it was low
  double trouble_s = 60;     ///< station_trouble: a stage is down for so long
  double forget_s = 21'600;  ///< a sonde silent for longer begins anew
};

/// One thread. Heights are judged as the median of the last five records, so that one or two wild
/// ones do nothing.
class EventDetector {
 public:
  explicit EventDetector(EventRules rules) : rules_(std::move(rules)) {}

  void set_station(std::optional<GeoPosition> station) { rules_.station = station; }

  /// A record that may be published, or an encrypted one. @param now  our clock.
  [[nodiscard]] std::vector<Event> record(const Telemetry& t, UtcMillis now);

  /// What silence tells. Call every few seconds.
  [[nodiscard]] std::vector<Event> tick(UtcMillis now);

  /// The gateway's stages as they are now: each trouble is told once it lasts, and once more when
  /// it is over.
  [[nodiscard]] std::vector<Event> stages(const std::vector<StageState>& stages, UtcMillis now);

 private:
  struct Sample {
    Telemetry record;
    UtcMillis time;   ///< of the sonde's clock
    double height_m;  ///< median
  };
  struct Track {
    std::deque<double> heights_m;  ///< of the last five records
    std::deque<Sample> recent;     ///< the last minute
    std::optional<Sample> peak;
    double lowest_m = 1e9;  ///< of all so far
    double climbed_m = 0;   ///< up to the peak
    int falling = 0;        ///< records since the peak that lie clearly under it
    bool burst = false, near = false, landed = false;
    UtcMillis last_heard;  ///< our clock
  };
  struct Motion {
    double up_mps = 0, north_mps = 0, east_mps = 0;
  };
  struct Trouble {
    UtcMillis since;
    std::string reason;
    bool told = false;
  };

  [[nodiscard]] Event make(EventKind kind, const Telemetry& t, UtcMillis now) const;
  [[nodiscard]] static std::optional<Motion> motion(const Track& track);
  [[nodiscard]] double above_ground_m(double altitude_m) const;
  void judge_burst(Track& track, UtcMillis now, std::vector<Event>& out) const;
  void judge_landing(Track& track, UtcMillis now, std::vector<Event>& out) const;
  void forget(UtcMillis now);

  EventRules rules_;
  std::map<std::string, Track> tracks_;
  std::map<std::string, UtcMillis> encrypted_;  ///< last heard
  std::map<std::string, Trouble> troubles_;
};

}  // namespace omnisonde::uploader
