#include "decoders/sondes/rs92_navigation.hpp"

#include <cmath>
#include <vector>

#include "decoders/byte_reader.hpp"

namespace omnisonde::rs92 {
namespace {

constexpr std::int32_t kCodeLimit = 0x10000000;
constexpr std::uint32_t kNoRate = 0x555555;
constexpr unsigned kUsable = 0x0F;
constexpr std::size_t kFewest = 4;
constexpr double kHour_s = 3600, kDay_s = 86'400;
constexpr double kEphemerisAge_s = 4 * kHour_s, kAlmanacAge_s = 7 * kDay_s;
constexpr UtcMillis kClockIsSet = from_civil({1990, 1, 1});
// Beyond these a solution is a mistake, whatever its residuals say.
constexpr double kLowest_m = -1000, kHighest_m = 50'000, kFastest_mps = 300;
// Almanacs miss by up to a kilometre, and so do ephemerides that are days old.
constexpr geo::FixLimits kFine{}, kCoarse{.suspicious_m = 2000, .hopeless_m = 6000, .max_gdop = 10};

struct Observation {
  Slot slot;
  const geo::OrbitElements* orbit = nullptr;
  bool fresh = false;
};

double age_limit_s(const geo::OrbitElements& el) {
  return el.almanac ? kAlmanacAge_s : kEphemerisAge_s;
}

std::vector<Observation> with_orbits(const Slots& slots, const geo::OrbitBook& book,
                                     geo::GpsSeconds time_s) {
  std::vector<Observation> all;
  bool enough_fresh = false;
  std::size_t fresh = 0;
  for (std::size_t i = 0; i < slots.count; ++i) {
    const Slot& slot = slots.slot[i];
    const geo::OrbitElements* orbit = book.find(slot.prn, time_s);
    if (orbit == nullptr) continue;
    const bool is_fresh = std::fabs(orbit->toe_s - time_s) <= age_limit_s(*orbit);
    all.push_back({slot, orbit, is_fresh});
    fresh += is_fresh ? 1U : 0U;
    enough_fresh = fresh >= kFewest;
  }
  if (enough_fresh) std::erase_if(all, [](const Observation& o) { return !o.fresh; });
  return all;
}

std::optional<geo::GpsFix> solve(const std::vector<Observation>& seen, geo::GpsSeconds time_s) {
  std::vector<geo::Pseudorange> measured;
  bool fine = true;
  for (const Observation& o : seen) {
    fine = fine && o.fresh && !o.orbit->almanac;
    measured.push_back(
        {geo::satellite_state(*o.orbit, time_s), o.slot.range_m(), o.slot.rate_mps()});
  }
  auto fix = geo::solve_fix(measured, fine ? kFine : kCoarse);
  if (!fix) return {};
  const double height_m = geo::to_geodetic(fix->position_m).altitude_m;
  if (!(height_m >= kLowest_m && height_m <= kHighest_m)) return {};
  return fix;
}

/// The satellite in doubt (next to a PRN 32) is what agrees best with the rest; with too few to
/// tell it is left out.
Slots settle_doubt(const Slots& slots, const geo::OrbitBook& book, geo::GpsSeconds time_s) {
  Slots first = slots, second = slots, rest;
  bool doubt = false;
  for (std::size_t i = 0; i < slots.count; ++i) {
    if (slots.slot[i].other_prn == 0) {
      rest.slot[rest.count++] = slots.slot[i];
      continue;
    }
    doubt = true;
    second.slot[i].prn = slots.slot[i].other_prn;
  }
  if (!doubt) return slots;
  if (with_orbits(slots, book, time_s).size() <= kFewest) return rest;
  const auto quality = [&](const Slots& some) {
    const auto fix = solve(with_orbits(some, book, time_s), time_s);
    return fix ? fix->residual_m + 1e6 * fix->dropped : 1e12;
  };
  const double as_first = quality(first), as_second = quality(second);
  if (as_first >= 1e6 && as_second >= 1e6) return rest;
  return as_first <= as_second ? first : second;
}

void put_fix(const geo::GpsFix& fix, Telemetry& t) {
  t.position = geo::to_geodetic(fix.position_m);
  t.height_reference = HeightReference::kEllipsoid;
  t.satellites = fix.satellites;
  const geo::LocalVelocity v = geo::to_local(fix.velocity_mps, *t.position);
  const double speed_mps = geo::ground_speed_mps(v);
  if (!(speed_mps < kFastest_mps && std::fabs(v.up_mps) < kFastest_mps)) return;
  t.velocity_h_mps = static_cast<float>(speed_mps);
  t.velocity_v_mps = static_cast<float>(v.up_mps);
  t.heading_deg = static_cast<float>(geo::heading_deg(v));
}

std::string too_old(const std::vector<Observation>& used) {
  for (const Observation& o : used) {
    if (o.fresh) continue;
    return o.orbit->almanac ? "GPS almanac more than 7 days off"
                            : "GPS ephemeris more than 4 hours off";
  }
  return {};
}

}  // namespace

PrnList read_prns(std::span<const std::uint8_t> list, std::span<const std::uint8_t> status) {
  ByteReader r(list);
  PrnList out;
  std::array<bool, kSlots> sixth{};
  for (std::size_t i = 0; i < kSlots; ++i) {
    const unsigned three = r.u16_le(i / 3 * 2);
    out.prn[i] = static_cast<int>(three >> (5 * (i % 3)) & 0x1FU);
    // Bit 5 of the PRN: the word's highest bit, or the lowest of the next PRN.
    sixth[i] = (three >> (5 * (i % 3) + 5) & 1U) != 0;
  }
  for (std::size_t i = 0; i < kSlots; ++i) {
    if (out.prn[i] != 0 || !sixth[i] || (status[i] & 0x0FU) != kUsable) continue;
    out.prn[i] = 32;
    if (i % 3 == 2 || out.prn[i + 1] <= 1) continue;
    out.other[i + 1] = out.prn[i + 1] ^ 1;
    for (std::size_t k = 0; k < kSlots; ++k) {
      if (k == i + 1 || (status[k] & 0x0FU) != kUsable) continue;
      if (out.prn[k] == out.other[i + 1]) out.other[i + 1] = 0;  // that one is in use
      if (out.prn[k] == out.prn[i + 1] && out.other[i + 1] != 0) {
        out.prn[i + 1] = out.other[i + 1];
        out.other[i + 1] = 0;
      }
    }
  }
  return out;
}

Slots read_slots(std::span<const std::uint8_t> payload) {
  Slots out;
  if (payload.size() < kGps.length) return out;
  const auto status = payload.subspan(kStatusAt, kSlots);
  const PrnList prns = read_prns(payload.subspan(kPrnsAt, 8), status);
  ByteReader r(payload);
  for (std::size_t i = 0; i < kSlots; ++i) {
    if ((status[i] & 0x0FU) != kUsable || prns.prn[i] == 0) continue;
    const std::size_t at = kSlotsAt + kSlotBytes * i;
    const std::int32_t code = r.i32_le(at);
    const std::uint32_t rate = r.u24_le(at + 4);
    if (code < -kCodeLimit || code > kCodeLimit || rate == kNoRate) continue;
    out.slot[out.count++] = {prns.prn[i], prns.other[i], code, rate};
  }
  return out;
}

std::string put_navigation(std::span<const std::uint8_t> payload, const geo::OrbitBook* orbits,
                           UtcMillis received, Telemetry& t) {
  t.time_reference = TimeReference::kGps;
  const std::uint32_t tow_ms = ByteReader(payload).u32_le(kTowAt);
  if (tow_ms >= geo::kWeek_ms) return "no GPS time";
  const bool has_orbits = orbits != nullptr && !orbits->empty();
  const bool has_clock = received >= kClockIsSet;
  if (!has_orbits && !has_clock) return "no GPS ephemeris";
  const geo::GpsSeconds about_s =
      has_clock ? geo::to_gps_seconds(geo::gps_time(received)) : orbits->newest_reference_s();
  const geo::GpsSeconds time_s = geo::nearest_in_week(tow_ms / 1000.0, about_s);
  t.datetime = UtcMillis{geo::kGpsEpoch_ms + std::llround(time_s * 1000)};
  if (!has_orbits) return "no GPS ephemeris";

  const Slots measured = read_slots(payload);
  if (measured.count < kFewest) {
    t.satellites = static_cast<int>(measured.count);
    return "fewer than 4 satellites";
  }
  const Slots slots = settle_doubt(measured, *orbits, time_s);
  const std::vector<Observation> seen = with_orbits(slots, *orbits, time_s);
  if (seen.size() < kFewest) return "fewer than 4 satellites with known orbits";
  const auto fix = solve(seen, time_s);
  if (!fix) return "no position solution";
  put_fix(*fix, t);
  return too_old(seen);
}

}  // namespace omnisonde::rs92
