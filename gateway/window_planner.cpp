#include "gateway/window_planner.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace omnisonde {
namespace {

constexpr double kGrace_s = 10;    // a receiver that is away for less keeps its part of the band
constexpr double kLive_s = 30;     // a sonde heard within comes before one that is silent
constexpr double kTakeOver_s = 5;  // then a sonde is whose who hears it
constexpr double kSameSonde_hz = 6'000;  // two are at least 10 kHz apart
constexpr double kSamePlace_hz = 5'000;
constexpr double kLeastMargin_hz = 5'000;  // when what is held fills the window
constexpr double kPatience_s = 12;  // for a candidate that a move would cut short: its probe's time
constexpr double kLeastGain_hz = 25e3;  // out of sight for a dwell: less is not worth a move
constexpr std::size_t kMostPermuted = 5;

FrequencyRange window(double centre_hz, double usable_hz) {
  return {centre_hz - usable_hz / 2, centre_hz + usable_hz / 2};
}

bool within(const FrequencyRange& range, double hz) {
  return hz >= range.low_hz && hz <= range.high_hz;
}

double clamped(double value, double low, double high) {
  return std::clamp(value, std::min(low, high), std::max(low, high));
}

}  // namespace

WindowPlanner::WindowPlanner(PlannerRules rules) : rules_(std::move(rules)), map_(rules_.wanted) {}

std::vector<double> WindowPlanner::plan(double now_s, std::span<const PlannerReceiver> receivers) {
  update_places(now_s, receivers);
  update_pins(now_s, receivers);
  std::erase_if(hints_, [&](const FrequencyHint& h) { return h.until_s < now_s; });
  look_round(now_s, receivers);
  std::vector<double> centres;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    if (receivers[i].fixed_centre_hz) {
      centres.push_back(*receivers[i].fixed_centre_hz);
      continue;
    }
    decide(now_s, receivers[i], places_[i]);
    centres.push_back(places_[i].centre_hz);
  }
  return centres;
}

void WindowPlanner::update_places(double now_s, std::span<const PlannerReceiver> receivers) {
  places_.resize(receivers.size());
  std::vector<std::size_t> sharing;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    Place& place = places_[i];
    place.name = receivers[i].name;
    place.usable_hz = receivers[i].usable_hz;
    place.tied_down = receivers[i].fixed_centre_hz.has_value();
    if (place.tied_down) place.centre_hz = *receivers[i].fixed_centre_hz;
    if (receivers[i].healthy) place.alive_s = now_s;
    if (!place.placed) place.part = map_.hull();
    if (!receivers[i].fixed_centre_hz && now_s - place.alive_s < kGrace_s) sharing.push_back(i);
  }
  if (sharing.empty() || sharing == sharing_) return;
  sharing_ = sharing;
  share_band();
}

// Who holds sondes already gets the part that they are in, where that is possible.
void WindowPlanner::share_band() {
  double sum_hz = 0;
  for (const std::size_t i : sharing_) sum_hz += places_[i].usable_hz;
  const FrequencyRange hull = map_.hull();
  tiled_ = sum_hz >= hull.high_hz - hull.low_hz;
  if (!tiled_) {
    for (Place& place : places_) place.part = hull;
    return;
  }
  std::vector<std::size_t> order = sharing_, best = sharing_;
  assign_parts(order);
  std::ptrdiff_t fewest = strays();
  if (order.size() <= kMostPermuted) {
    while (std::ranges::next_permutation(order).found) {
      assign_parts(order);
      if (strays() >= fewest) continue;
      fewest = strays();
      best = order;
    }
  }
  assign_parts(best);
}

void WindowPlanner::assign_parts(const std::vector<std::size_t>& order) {
  double sum_hz = 0;
  for (const std::size_t i : order) sum_hz += places_[i].usable_hz;
  const FrequencyRange hull = map_.hull();
  double low_hz = hull.low_hz;
  for (const std::size_t i : order) {
    const double share_hz = (hull.high_hz - hull.low_hz) * places_[i].usable_hz / sum_hz;
    places_[i].part = {low_hz, low_hz + share_hz};
    low_hz += share_hz;
  }
}

std::ptrdiff_t WindowPlanner::strays() const {
  return std::ranges::count_if(pins_, [&](const Pin& pin) {
    return !pin.owner.empty() && !in_part(pin.owner, pin.frequency_hz);
  });
}

bool WindowPlanner::in_part(const std::string& name, double frequency_hz) const {
  return std::ranges::any_of(places_, [&](const Place& place) {
    return place.name == name && within(place.part, frequency_hz);
  });
}

void WindowPlanner::update_pins(double now_s, std::span<const PlannerReceiver> receivers) {
  for (const PlannerReceiver& receiver : receivers) {
    if (!receiver.healthy) continue;
    for (const double hz : receiver.held_hz) hear(now_s, receiver.name, hz);
  }
  std::erase_if(pins_, [&](const Pin& pin) { return now_s - pin.heard_s > rules_.hold_s; });
  for (Pin& pin : pins_) {
    const bool alive = std::ranges::any_of(places_, [&](const Place& place) {
      return place.name == pin.owner && now_s - place.alive_s < kGrace_s;
    });
    if (!alive) pin.owner.clear();
  }
}

void WindowPlanner::hear(double now_s, const std::string& name, double frequency_hz) {
  for (Pin& pin : pins_) {
    if (std::abs(pin.frequency_hz - frequency_hz) > kSameSonde_hz) continue;
    pin.heard_s = now_s;
    const bool taken_over =
        pin.owner.empty() || in_part(name, frequency_hz) || now_s - pin.owner_heard_s > kTakeOver_s;
    if (pin.owner != name && !taken_over) return;
    pin.owner = name;
    pin.owner_heard_s = now_s;
    pin.frequency_hz = frequency_hz;
    return;
  }
  pins_.push_back({frequency_hz, now_s, now_s, name, now_s});
}

// Always-frequencies are kept inside if they all can be; else they are only gone to more often.
std::vector<double> WindowPlanner::always_for(const Place& place) const {
  std::vector<double> own;
  const bool first = !sharing_.empty() && &place == &places_[sharing_.front()];
  for (const double hz : rules_.always_hz) {
    if (tiled_ && sharing_.size() > 1 ? within(place.part, hz) : first) own.push_back(hz);
  }
  if (own.empty()) return own;
  const auto [low, high] = std::ranges::minmax(own);
  if (high - low + 2 * kLeastMargin_hz > place.usable_hz) own.clear();
  return own;
}

std::vector<FrequencyRange> WindowPlanner::windows_of_others(const Place& place) const {
  std::vector<FrequencyRange> out;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& other = places_[i];
    const bool active = other.tied_down || std::ranges::find(sharing_, i) != sharing_.end();
    if (&other != &place && active && (other.placed || other.tied_down))
      out.push_back(window(other.centre_hz, other.usable_hz));
  }
  return out;
}

// What should be inside, the most important first.
std::vector<double> WindowPlanner::wishes(double now_s, const Place& place) const {
  const double live_s = kLive_s + rules_.excursion_s;
  const auto elsewhere = windows_of_others(place);
  const auto seen_elsewhere = [&](double hz) {
    return std::ranges::any_of(elsewhere, [&](const FrequencyRange& w) { return within(w, hz); });
  };
  std::vector<const Pin*> live, silent, others;
  for (const Pin& pin : pins_) {
    const bool own = pin.owner == place.name;
    if (own && now_s - pin.owner_heard_s < live_s) {
      live.push_back(&pin);
    } else if (own) {
      silent.push_back(&pin);
    } else if (within(place.part, pin.frequency_hz) && !seen_elsewhere(pin.frequency_hz)) {
      others.push_back(&pin);
    }
  }
  const auto newest_first = [](const Pin* a, const Pin* b) { return a->heard_s > b->heard_s; };
  std::ranges::sort(live, {}, &Pin::found_s);
  std::ranges::sort(silent, newest_first);
  std::ranges::sort(others, newest_first);
  std::vector<double> out;
  for (const Pin* pin : live) out.push_back(pin->frequency_hz);
  for (const double hz : always_for(place)) out.push_back(hz);
  for (const Pin* pin : silent) out.push_back(pin->frequency_hz);
  for (const Pin* pin : others) out.push_back(pin->frequency_hz);
  return out;
}

WindowPlanner::Reach WindowPlanner::reach(double now_s, const Place& place) const {
  const double usable_hz = place.usable_hz;
  std::optional<FrequencyRange> kept;
  for (const double hz : wishes(now_s, place)) {
    const FrequencyRange with =
        kept ? FrequencyRange{std::min(kept->low_hz, hz), std::max(kept->high_hz, hz)}
             : FrequencyRange{hz, hz};
    if (with.high_hz - with.low_hz + 2 * kLeastMargin_hz <= usable_hz) kept = with;
  }
  FrequencyRange hull = place.part;
  if (kept) {
    hull = {std::min(hull.low_hz, kept->low_hz), std::max(hull.high_hz, kept->high_hz)};
  }
  const double middle_hz = (hull.low_hz + hull.high_hz) / 2;
  if (hull.high_hz - hull.low_hz <= usable_hz) return {middle_hz, middle_hz, kept.has_value()};
  const double low_hz = hull.low_hz + usable_hz / 2, high_hz = hull.high_hz - usable_hz / 2;
  if (!kept) return {low_hz, high_hz, false};
  double from_hz = kept->high_hz + rules_.margin_hz - usable_hz / 2;
  double to_hz = kept->low_hz - rules_.margin_hz + usable_hz / 2;
  if (from_hz > to_hz) from_hz = to_hz = (from_hz + to_hz) / 2;
  return {clamped(from_hz, low_hz, high_hz), clamped(to_hz, low_hz, high_hz), true};
}

std::vector<double> WindowPlanner::stops(const Place& place, const Reach& reach) const {
  const double span_hz = reach.high_hz - reach.low_hz;
  if (span_hz < kSamePlace_hz) return {(reach.low_hz + reach.high_hz) / 2};
  const double steps = std::ceil(span_hz / place.usable_hz - 1e-9);
  std::vector<double> out;
  for (double i = 0; i <= steps; ++i) out.push_back(reach.low_hz + span_hz * i / steps);
  return out;
}

// Hz s that are out of sight; a place with a sonde that is expected counts as half a window more.
double WindowPlanner::worth(const Place& place, double centre_hz) const {
  const FrequencyRange there = window(centre_hz, place.usable_hz);
  std::vector<FrequencyRange> others = windows_of_others(place);
  if (place.placed) others.push_back(window(place.centre_hz, place.usable_hz));
  const auto seen = [&](double hz) {
    return std::ranges::any_of(others, [&](const FrequencyRange& w) { return within(w, hz); });
  };
  std::vector<double> expected = rules_.always_hz;
  for (const FrequencyHint& hint : hints_) expected.push_back(hint.frequency_hz);
  for (const Pin& pin : pins_) expected.push_back(pin.frequency_hz);
  const auto gained = std::ranges::count_if(expected, [&](double hz) {
    return within(there, hz) && within(place.part, hz) && !seen(hz);
  });
  return map_.staleness(there, others) +
         static_cast<double>(gained) * place.usable_hz * rules_.dwell_s / 2;
}

// Where it is when nothing else gains anything.
double WindowPlanner::best_stop(const Place& place, const Reach& reach) const {
  const auto all = stops(place, reach);
  double best = place.placed ? clamped(place.centre_hz, reach.low_hz, reach.high_hz) : all.front();
  double most = place.placed ? kLeastGain_hz * rules_.dwell_s : 0;
  for (const double centre_hz : all) {
    if (place.placed && std::abs(centre_hz - place.centre_hz) < kSamePlace_hz) continue;
    const double gain = worth(place, centre_hz);
    if (gain <= most) continue;
    most = gain;
    best = centre_hz;
  }
  return best;
}

void WindowPlanner::decide(double now_s, const PlannerReceiver& receiver, Place& place) const {
  const auto move = [&](double centre_hz) {
    place.centre_hz = std::round(centre_hz / 200) * 200;
    place.since_s = now_s;
    place.placed = true;
  };
  const Reach home = reach(now_s, place);
  if (!place.placed) return move(best_stop(place, home));
  if (!receiver.healthy) place.since_s = now_s;
  if (excursion(now_s, place, home)) return;
  const double kept_hz = clamped(place.centre_hz, home.low_hz, home.high_hz);
  if (std::abs(kept_hz - place.centre_hz) > rules_.margin_hz / 2) return move(kept_hz);
  const double waited_s = now_s - place.since_s;
  if (waited_s < rules_.dwell_s) return;
  const double next_hz = best_stop(place, home);
  if (std::abs(next_hz - place.centre_hz) < kSamePlace_hz) return;
  const bool cut_short = std::ranges::any_of(
      receiver.probed_hz, [&](double hz) { return !within(window(next_hz, place.usable_hz), hz); });
  if (cut_short && waited_s < rules_.dwell_s + kPatience_s) return;
  move(next_hz);
}

// @returns whether it is on one, or has just begun or ended one.
bool WindowPlanner::excursion(double now_s, Place& place, const Reach& home) const {
  const auto move = [&](double centre_hz) {
    place.centre_hz = std::round(centre_hz / 200) * 200;
    place.since_s = now_s;
  };
  if (place.excursion_until_s) {
    if (now_s < *place.excursion_until_s) return true;
    place.excursion_until_s.reset();
    place.excursion_ended_s = now_s;
    move(clamped(place.centre_hz, home.low_hz, home.high_hz));
    return true;
  }
  // Both ends of what can be had without leaving come first.
  const bool due = now_s - place.excursion_ended_s >= 2 * rules_.dwell_s &&
                   now_s - place.since_s >= rules_.dwell_s;
  if (rules_.excursion_s <= 0 || !home.tied || !due) return false;
  const double half_hz = place.usable_hz / 2;
  const Reach all{place.part.low_hz + half_hz, place.part.high_hz - half_hz, false};
  if (all.low_hz >= all.high_hz) return false;
  const double next_hz = best_stop(place, all);
  if (next_hz >= home.low_hz - kSamePlace_hz && next_hz <= home.high_hz + kSamePlace_hz)
    return false;
  move(next_hz);
  place.excursion_until_s = now_s + rules_.excursion_s;
  return true;
}

void WindowPlanner::look_round(double now_s, std::span<const PlannerReceiver> receivers) {
  std::vector<FrequencyRange> windows;
  for (const PlannerReceiver& receiver : receivers) {
    if (receiver.healthy) windows.push_back(window(receiver.centre_hz, receiver.usable_hz));
  }
  map_.watch(now_s, windows);
  missed_hz_.clear();
  const auto note = [&](double hz) {
    const bool seen =
        std::ranges::any_of(windows, [&](const FrequencyRange& w) { return within(w, hz); });
    if (!seen) missed_hz_.push_back(hz);
  };
  for (const Pin& pin : pins_) note(pin.frequency_hz);
  for (const FrequencyHint& hint : hints_) note(hint.frequency_hz);
  std::ranges::sort(missed_hz_);
}

}  // namespace omnisonde
