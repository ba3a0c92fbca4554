#include "simulator/sondes/rs92_gps.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace omnisonde::sim::rs92 {
namespace {

using namespace omnisonde::rs92;  // NOLINT: the frame's vocabulary

constexpr double kCount_m = geo::kLight_mps / 1'023'000 / 1024;
constexpr double kLowest_rad = 5 * std::numbers::pi / 180;
// Receivers run off: their counters gain some 25800 a second and start anew every 14 minutes.
constexpr double kGain_hz = 25'800, kRestart_s = 840;
constexpr double kZero_counts = 12e6, kZero_m = 20e6;

double dot(const geo::Ecef& a, const geo::Ecef& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

geo::Ecef turned(const geo::Ecef& v, double seconds) {
  const double a = geo::kEarthRotation_radps * seconds;
  return {v[0] * std::cos(a) + v[1] * std::sin(a), v[1] * std::cos(a) - v[0] * std::sin(a), v[2]};
}

struct View {
  int prn = 0;
  geo::Ecef unit{};
  double range_m = 0, rate_mps = 0, clock_m = 0;
};

View look(const geo::OrbitElements& el, geo::GpsSeconds time_s, const geo::Ecef& place_m,
          const geo::Ecef& speed_mps) {
  const geo::SatelliteState satellite = geo::satellite_state(el, time_s);
  View view{el.prn, {}, 22e6, 0, satellite.clock_m};
  for (int i = 0; i < 5; ++i) {
    const geo::Ecef to = turned(satellite.position_m, view.range_m / geo::kLight_mps);
    const geo::Ecef d = {to[0] - place_m[0], to[1] - place_m[1], to[2] - place_m[2]};
    view.range_m = std::sqrt(dot(d, d));
    view.unit = {d[0] / view.range_m, d[1] / view.range_m, d[2] / view.range_m};
  }
  const geo::Ecef v = turned(satellite.velocity_mps, view.range_m / geo::kLight_mps);
  view.rate_mps = dot({v[0] - speed_mps[0], v[1] - speed_mps[1], v[2] - speed_mps[2]}, view.unit);
  return view;
}

geo::Ecef minus(const geo::Ecef& a, const geo::Ecef& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

geo::Ecef cross(const geo::Ecef& a, const geo::Ecef& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// How much a direction adds to the first ones: the longest line, the largest triangle, the largest
/// tetrahedron (which is what makes a good fix of four), then the distance to the nearest.
double worth(const geo::Ecef& unit, std::span<const View> first) {
  const geo::Ecef d = minus(unit, first[0].unit);
  if (first.size() == 1) return dot(d, d);
  const geo::Ecef base = minus(first[1].unit, first[0].unit);
  const geo::Ecef area = cross(base, d);
  if (first.size() == 2) return dot(area, area);
  if (first.size() == 3) return std::fabs(dot(minus(first[2].unit, first[0].unit), area));
  double nearest = 4;
  for (const View& v : first) nearest = std::min(nearest, 1 - dot(v.unit, unit));
  return nearest;
}

/// The highest satellite first, then always the one that adds most.
void spread(std::vector<View>& views, const geo::Ecef& up) {
  std::ranges::sort(views, std::ranges::greater{}, [&](const View& v) { return dot(v.unit, up); });
  for (std::size_t done = 1; done < views.size(); ++done) {
    const auto next = std::ranges::max_element(
        views.begin() + static_cast<std::ptrdiff_t>(done), views.end(), {},
        [&](const View& v) { return worth(v.unit, std::span(views).first(done)); });
    std::swap(views[done], *next);
  }
}

}  // namespace

std::vector<Channel> measure(const geo::OrbitBook& orbits, const FlightState& state) {
  const geo::GpsTime time = geo::gps_time(state.utc);
  const geo::GpsSeconds time_s = geo::to_gps_seconds(time);
  const geo::Ecef place_m = geo::to_ecef(state.position);
  const geo::Ecef speed_mps = geo::to_ecef_velocity(
      {state.velocity_north_mps, state.velocity_east_mps, state.velocity_up_mps}, state.position);
  const geo::Ecef up = geo::to_ecef_velocity({0, 0, 1}, state.position);
  std::vector<View> views;
  for (int prn = 1; prn <= 32; ++prn) {
    const geo::OrbitElements* el = orbits.find(prn, time_s);
    if (el == nullptr) continue;
    const View view = look(*el, time_s, place_m, speed_mps);
    if (dot(view.unit, up) > std::sin(kLowest_rad)) views.push_back(view);
  }
  spread(views, up);
  if (views.size() > kSlots) views.resize(kSlots);
  const double run_s = std::fmod(static_cast<double>(time.tow_ms) / 1000, kRestart_s);
  std::vector<Channel> channels;
  for (const View& view : views) {
    const double pseudo_m = view.range_m - view.clock_m - kZero_m;
    const double code = kZero_counts + kGain_hz * run_s - pseudo_m / kCount_m;
    const double rate = 385 * (kGain_hz - view.rate_mps / kCount_m);
    channels.push_back({view.prn, static_cast<int>(channels.size()) < state.satellites,
                        static_cast<std::int32_t>(std::llround(code)),
                        static_cast<std::uint32_t>(std::llround(rate))});
  }
  return channels;
}

std::array<std::uint8_t, kGps.length> gps_payload(const std::vector<Channel>& channels,
                                                  std::int64_t tow_ms) {
  std::array<std::uint8_t, kGps.length> out{};
  const auto put = [&out](std::size_t at, std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      out[at + i] = static_cast<std::uint8_t>(value >> (8 * i) & 0xFFU);
    }
  };
  put(kTowAt, static_cast<std::uint32_t>(tow_ms), 4);
  put(4, 0x0201, 2);
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < kSlots; ++i) {
    const std::size_t at = kSlotsAt + kSlotBytes * i;
    if (i >= channels.size()) {
      std::ranges::copy(kEmptySlot, out.begin() + static_cast<std::ptrdiff_t>(at));
      continue;
    }
    const Channel& c = channels[i];
    words[i / 3] |= static_cast<std::uint32_t>(c.prn) << (5 * (i % 3));  // 32 runs into the next
    out[kStatusAt + i] = c.usable ? 0x8F : 0;
    if (!c.usable) {
      std::ranges::copy(kEmptySlot, out.begin() + static_cast<std::ptrdiff_t>(at));
      continue;
    }
    put(at, static_cast<std::uint32_t>(c.code), 4);
    put(at + 4, c.rate, 3);
  }
  for (std::size_t i = 0; i < words.size(); ++i) put(kPrnsAt + 2 * i, words[i], 2);
  return out;
}

}  // namespace omnisonde::sim::rs92
