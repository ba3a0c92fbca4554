// Where each receiver looks, when the band is wider than what they receive at once.
//
// The rule. A sonde that is held is never lost to a move (unless the operator allows excursions):
// among the places that keep what is held, and always-frequencies, inside the usable window the
// receiver stays `dwell_s` at one and then moves to that which shows most of what has been out of
// sight, for longest. Holding nothing it so goes round the band; holding something that does not
// fill the window it goes to and fro between the outermost places. Several receivers form one band:
// where they are enough for all of it each has its part for good, else each goes where the others
// are not.
//
// Pure: time, receivers and what they hold are handed in, orders come out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/band_map.hpp"
#include "gateway/frequency_range.hpp"

namespace omnisonde {

/// A frequency where a sonde is expected that no receiver holds: the network knows of it, say.
/// Places that show it are gone to earlier; it keeps no window from leaving.
struct FrequencyHint {
  double frequency_hz = 0;
  double until_s = 0;  ///< on the planner's clock
};

struct PlannerRules {
  std::vector<FrequencyRange> wanted = {};  ///< what should be watched
  std::vector<double> always_hz = {};       ///< to be kept inside, if one window takes them all
  double dwell_s = 20;
  double hold_s = 600;        ///< a sonde that was silent for so long is no longer stayed for
  double excursion_s = 0;     ///< held sondes may be left for so long at a time; 0: never
  double margin_hz = 25'000;  ///< from a held carrier to the end of the usable window
};

/// A receiver as it is now.
struct PlannerReceiver {
  std::string name;  ///< unique
  double usable_hz = 0;
  bool healthy = true;
  std::optional<double> fixed_centre_hz = {};  ///< asked for by the operator: it never moves
  double centre_hz = 0;                        ///< where it is
  std::vector<double> held_hz = {};            ///< carriers of sondes that it tracks or holds
  std::vector<double> probed_hz = {};          ///< candidates that it is looking at
};

/// One thread. Times are seconds of a clock that only rises.
class WindowPlanner {
 public:
  explicit WindowPlanner(PlannerRules rules);

  /// Replaces all hints.
  void set_hints(std::vector<FrequencyHint> hints) { hints_ = std::move(hints); }

  /// About twice a second. @returns the centre in Hz at which each of `receivers` should be, in
  /// their order; for one that is away, where it should be opened.
  std::vector<double> plan(double now_s, std::span<const PlannerReceiver> receivers);

  [[nodiscard]] const BandMap& map() const noexcept { return map_; }
  /// Carriers of sondes that are expected still but are in nobody's window now.
  [[nodiscard]] const std::vector<double>& missed_hz() const noexcept { return missed_hz_; }

 private:
  /// A sonde that is or was held.
  struct Pin {
    double frequency_hz;
    double found_s, heard_s;
    std::string owner;     ///< receiver that must not leave it; empty: it has died
    double owner_heard_s;  ///< when the owner last held it
  };
  struct Place {
    std::string name;
    double usable_hz = 0;
    double centre_hz = 0;
    double since_s = 0;
    bool placed = false;
    double alive_s = -1e9;   ///< when it was last healthy
    bool tied_down = false;  ///< by the operator
    FrequencyRange part;     ///< its part of the band
    std::optional<double> excursion_until_s;
    double excursion_ended_s = 0;
  };
  struct Reach {
    double low_hz, high_hz;  ///< of the centre
    bool tied;               ///< by something that must stay inside
  };
  void update_places(double now_s, std::span<const PlannerReceiver> receivers);
  void share_band();
  void assign_parts(const std::vector<std::size_t>& order);
  [[nodiscard]] std::ptrdiff_t strays() const;
  void update_pins(double now_s, std::span<const PlannerReceiver> receivers);
  void hear(double now_s, const std::string& name, double frequency_hz);
  [[nodiscard]] bool in_part(const std::string& name, double frequency_hz) const;
  [[nodiscard]] std::vector<double> always_for(const Place& place) const;
  [[nodiscard]] Reach reach(double now_s, const Place& place) const;
  [[nodiscard]] std::vector<double> wishes(double now_s, const Place& place) const;
  [[nodiscard]] std::vector<double> stops(const Place& place, const Reach& reach) const;
  [[nodiscard]] double worth(const Place& place, double centre_hz) const;
  [[nodiscard]] std::vector<FrequencyRange> windows_of_others(const Place& place) const;
  [[nodiscard]] double best_stop(const Place& place, const Reach& reach) const;
  void decide(double now_s, const PlannerReceiver& receiver, Place& place) const;
  bool excursion(double now_s, Place& place, const Reach& home) const;
  void look_round(double now_s, std::span<const PlannerReceiver> receivers);

  PlannerRules rules_;
  BandMap map_;
  std::vector<FrequencyHint> hints_;
  std::vector<Pin> pins_;
  std::vector<Place> places_;
  std::vector<std::size_t> sharing_;  ///< indices of the receivers that share the band
  bool tiled_ = false;                ///< they are enough for all of it
  std::vector<double> missed_hz_;
};

}  // namespace omnisonde
