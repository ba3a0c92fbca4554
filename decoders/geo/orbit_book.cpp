#include "decoders/geo/orbit_book.hpp"

#include <algorithm>
#include <cmath>

namespace omnisonde::geo {
namespace {

// A broadcast set beyond this has lost to an almanac's steadiness; a handicap in s for the choice.
constexpr double kAlmanacHandicap_s = 86'400;

double distance_s(const OrbitElements& el, GpsSeconds time_s) {
  return std::fabs(el.toe_s - time_s) + (el.almanac ? kAlmanacHandicap_s : 0);
}

}  // namespace

bool OrbitBook::add(const OrbitElements& elements) {
  if (!is_plausible(elements)) return false;
  sets_.push_back(elements);
  return true;
}

const OrbitElements* OrbitBook::find(int prn, GpsSeconds time_s) const {
  const OrbitElements* best = nullptr;
  for (const OrbitElements& el : sets_) {
    if (el.prn != prn) continue;
    if (best == nullptr || distance_s(el, time_s) < distance_s(*best, time_s)) best = &el;
  }
  return best != nullptr && best->healthy ? best : nullptr;
}

GpsSeconds OrbitBook::nearest_reference_s(GpsSeconds time_s) const {
  return std::ranges::min_element(
             sets_, {}, [time_s](const OrbitElements& el) { return std::fabs(el.toe_s - time_s); })
      ->toe_s;
}

GpsSeconds OrbitBook::newest_reference_s() const {
  return std::ranges::max_element(sets_, {}, &OrbitElements::toe_s)->toe_s;
}

}  // namespace omnisonde::geo
