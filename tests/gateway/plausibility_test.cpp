// The filters: what they refuse, and that nothing true is refused, of any type, however wild the
// flight.
#include "gateway/plausibility.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "decoders/geo/ecef.hpp"
#include "decoders/geo/orbit_files.hpp"
#include "simulator/sondes/gps_constellation.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/line_receiver.hpp"

namespace omnisonde {
namespace {

using ::testing::HasSubstr;

constexpr FilterConfig kLimits{.max_altitude_m = 50'000,
                               .max_range_km = 1000,
                               .max_clock_difference_h = 3,
                               .max_speed_m_s = 300};
constexpr UtcMillis kNoon = from_civil({2026, 10, 20, 12, 0, 0});

// ---- flights ---------------------------------------------------------------------------------

/// A straight way through space, with gravity after a burst.
struct Course {
  const char* name;
  UtcMillis start = kNoon;
  GeoPosition from{.latitude_deg = 52.2, .longitude_deg = 14.1, .altitude_m = 11'000};
  double north_mps = 5, east_mps = 120, up_mps = 5;
  double burst_s = 1e9;  ///< from then on it falls, up to 90 m/s
  bool gaps = false;     ///< 3 s in 13 are lost, and 20 s on end
};

const std::array kCourses = {
    Course{.name = "Jet"},
    Course{.name = "Burst", .north_mps = 30, .east_mps = -60, .burst_s = 25},
    Course{.name = "FortyKilometres",
           .from = {52.2, 14.1, 39'800},
           .north_mps = -20,
           .east_mps = 40,
           .up_mps = 7},
    Course{.name = "DateLine", .from = {-18, 179.985, 12'000}},
    Course{.name = "DateLineWestward", .from = {-18, -179.985, 12'000}, .east_mps = -120},
    // Past the pole at 600 m: longitude and heading turn by degrees every second.
    Course{.name = "NorthPole", .from = {89.97, 45, 12'000}, .north_mps = 119, .east_mps = 20},
    Course{.name = "SouthPole", .from = {-89.97, -120, 12'000}, .north_mps = -119, .east_mps = -20},
    // The GPS week ends 18 s before the UTC day.
    Course{.name = "Week", .start = from_civil({2026, 10, 24, 23, 59, 20})},
    Course{.name = "NewYear", .start = from_civil({2026, 12, 31, 23, 59, 30})},
    Course{.name = "Gaps", .burst_s = 30, .gaps = true},
};

sim::FlightState state_at(const Course& c, double t_s) {
  const geo::Ecef start = geo::to_ecef(c.from);
  const geo::LocalVelocity level{c.north_mps, c.east_mps, c.up_mps};
  const geo::Ecef v = geo::to_ecef_velocity(level, c.from);
  geo::Ecef at{};
  for (std::size_t i = 0; i < 3; ++i) at[i] = start[i] + v[i] * t_s;
  sim::FlightState s;
  s.utc = {c.start.ms + std::llround(t_s * 1000)};
  s.position = geo::to_geodetic(at);
  const geo::LocalVelocity here = geo::to_local(v, s.position);
  s.velocity_north_mps = here.north_mps;
  s.velocity_east_mps = here.east_mps;
  s.velocity_up_mps = here.up_mps;
  if (const double falling_s = t_s - c.burst_s; falling_s > 0) {
    const double accelerating_s = std::min(falling_s, (90 + here.up_mps) / 9.81);
    s.velocity_up_mps = here.up_mps - 9.81 * accelerating_s;
    s.position.altitude_m += -9.81 * accelerating_s * accelerating_s / 2 -
                             (90 + here.up_mps) * (falling_s - accelerating_s);
  }
  s.temperature_c = -50;
  s.humidity_pct = 20;
  s.pressure_hpa = 200;
  return s;
}

bool lost(const Course& c, double t_s) {
  return c.gaps && (std::fmod(t_s, 13) < 3 || (t_s > 30 && t_s < 50));
}

/// What a sonde's transmissions become without radio between.
std::vector<Telemetry> fly(const SondeType& type, const std::string& variant, const Course& course,
                           std::size_t& sent) {
  constexpr double kFlight_s = 75;
  sim::SondeIdentity identity;
  identity.variant = variant;
  const auto tx = sim::make_transmitter(type.spec->type, identity);
  testing::LineReceiver receiver(type);
  const auto orbits = geo::parse_orbits(sim::gps_rinex(course.start), course.start);
  if (type.spec->type.starts_with("RS92")) receiver.set_orbits(&*orbits);
  std::vector<Telemetry> got;
  double t_s = 0;
  sent = 0;
  while (t_s < kFlight_s) {
    const auto state = state_at(course, t_s);
    const auto symbols = tx->next_frame(state);
    if (!lost(course, t_s)) receiver.push(symbols, state.utc);
    for (const Telemetry& t : tx->take_truth()) sent += t.position && t.datetime ? 1 : 0;
    t_s += tx->burst_period_s() > 0
               ? tx->burst_period_s()
               : static_cast<double>(symbols.size()) / tx->modem().symbol_rate_hz;
  }
  receiver.silence(state_at(course, t_s).utc);
  return receiver.take();
}

struct Kind {
  std::size_t type;  ///< in sonde_types()
  const char* variant;
};

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  const auto types = sonde_types();
  for (std::size_t i = 0; i < types.size(); ++i) {
    kinds.push_back({i, ""});
    const std::string_view name = types[i].spec->type;
    const auto also = [&](const char* variant) { kinds.push_back({i, variant}); };
    if (name == "RS41") also("X");
    if (name == "DFM") also("DFM09P"), also("PS-15"), also("DFM17/4");
    if (name == "M10") also("M20"), also("Gtop");
    if (name == "iMS-100") also("RS-11G");
    if (name == "MRZ") also("latlon");
    if (name == "iMet-4") also("GPSX");
    if (name == "iMet-54") also("50");
  }
  return kinds;
}

// Why a gateway holds all of a type, or the first records of a flight.
bool lasting(const std::string& reason) {
  return reason == kSerialUnknown || reason.find("hub knows no") != std::string::npos ||
         reason.find("hub does not know") != std::string::npos ||
         reason.find("not yet known") != std::string::npos;
}

class TrueFlights : public ::testing::TestWithParam<Kind> {};

TEST_P(TrueFlights, PassEveryFilter) {
  const SondeType& type = sonde_types()[GetParam().type];
  for (const Course& course : kCourses) {
    // Its positions have no sign that anybody knows of.
    const double from_deg = course.from.latitude_deg;
    const bool north_east = from_deg > 0 && from_deg < 89 && course.from.longitude_deg > 0;
    if (type.spec->type == "PS-B3" && !north_east) continue;
    Plausibility filter(kLimits, course.from);
    std::size_t sent = 0, passed = 0;
    for (const Telemetry& t : fly(type, GetParam().variant, course, sent)) {
      if (!t.position || !t.datetime) continue;
      ++passed;
      EXPECT_TRUE(t.hold_reason.empty() || lasting(t.hold_reason))
          << course.name << " at " << to_iso8601(*t.datetime) << ": " << t.hold_reason;
      const auto fault = filter.fault(t, t.rx.received);
      EXPECT_FALSE(fault) << course.name << " at " << to_iso8601(*t.datetime) << ": "
                          << fault->words;
    }
    EXPECT_GE(passed * 10, sent * (course.gaps ? 1 : 6)) << course.name << ": decoded of " << sent;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, TrueFlights, ::testing::ValuesIn(all_kinds()),
                         [](const auto& test) {
                           std::string name(sonde_types()[test.param.type].spec->type);
                           name += "_" + std::to_string(test.param.type) + test.param.variant;
                           std::erase_if(name, [](char c) { return !std::isalnum(c) && c != '_'; });
                           return name;
                         });

// ---- what is refused ---------------------------------------------------------------------------

Telemetry fix_at(int second, double east_m = 0, double altitude_m = 10'000) {
  Telemetry t;
  t.type = "RS41";
  t.serial = "S1234567";
  t.position = GeoPosition{50.0, 14.0 + (20.0 * second + east_m) / 71'700, altitude_m};
  t.datetime = UtcMillis{kNoon.ms + 1000 * second};
  t.rx.received = UtcMillis{kNoon.ms + 1000 * second + 40};
  t.satellites = 9;
  return t;
}

class Filters : public ::testing::Test {
 protected:
  std::string reason(const Telemetry& t) {
    const auto fault = filter_.fault(t, t.rx.received);
    return fault ? fault->reason : "";
  }
  Plausibility filter_{kLimits, GeoPosition{50.0, 14.0, 200}};
};

TEST_F(Filters, EachLimitHasAReasonOfItsOwn) {
  EXPECT_EQ(reason(fix_at(0, 0, 50'001)), "too high");
  EXPECT_EQ(reason(fix_at(0, 0, std::nan(""))), "too high");
  EXPECT_EQ(reason(fix_at(0, 0, -1200)), "too low");
  Telemetry far = fix_at(0);
  far.position->latitude_deg = 61;
  EXPECT_EQ(reason(far), "too far away");
  Telemetry blind = fix_at(0);
  blind.satellites = 3;
  EXPECT_EQ(reason(blind), "fewer than 4 satellites");
  Telemetry old = fix_at(0);
  old.datetime->ms -= 4 * 3'600'000;
  EXPECT_EQ(reason(old), "clock differs");
  EXPECT_FALSE(filter_.fault(old, std::nullopt)) << "our clock is not known to be right";
}

TEST_F(Filters, OneWrongFixIsRefusedAndNoneOfTheGoodOnes) {
  for (int second = 0; second < 20; ++second) {
    const double off_m = second == 7 ? 5000 : 0;
    EXPECT_EQ(reason(fix_at(second, off_m)), off_m > 0 ? "too fast" : "") << second;
  }
  for (int second = 20; second < 40; ++second) {
    Telemetry t = fix_at(second);
    if (second == 25) t.datetime->ms += 3'600'000;
    EXPECT_EQ(reason(t), second == 25 ? "clock jumped" : "") << second;
  }
  EXPECT_EQ(reason(fix_at(40, 0, 40'000)), "too fast");
  EXPECT_EQ(reason(fix_at(41)), "");
}

TEST_F(Filters, WrongFixesThatDisagreeNeverBecomeTheReference) {
  for (int second = 0; second < 5; ++second) EXPECT_EQ(reason(fix_at(second)), "");
  for (int second = 5; second < 30; ++second) {
    EXPECT_EQ(reason(fix_at(second, 5000.0 * second * (second % 2 == 0 ? 1 : -1))), "too fast");
  }
  EXPECT_EQ(reason(fix_at(30)), "");
}

TEST_F(Filters, AWrongFirstFixIsOutvoted) {
  EXPECT_EQ(reason(fix_at(0, 90'000)), "");
  EXPECT_EQ(reason(fix_at(1)), "too fast");
  EXPECT_EQ(reason(fix_at(2)), "");
  EXPECT_EQ(reason(fix_at(3)), "");
}

TEST_F(Filters, ALastingChangeIsTakenAfterThreeFixes) {
  for (int second = 0; second < 5; ++second) EXPECT_EQ(reason(fix_at(second)), "");
  std::vector<std::string> reasons;
  for (int second = 5; second < 10; ++second) reasons.push_back(reason(fix_at(second, 9000)));
  EXPECT_THAT(reasons, ::testing::ElementsAre("too fast", "too fast", "", "", ""));
}

TEST_F(Filters, CopiesAndRecordsOutOfTurnAreNoFault) {
  for (const int second : {0, 1, 2, 2, 1, 3, 60, 10, 61}) EXPECT_EQ(reason(fix_at(second)), "");
}

TEST_F(Filters, WordsNameNumbersAndTheSetting) {
  (void)filter_.fault(fix_at(0), std::nullopt);
  const auto fault = filter_.fault(fix_at(1, 9000), std::nullopt);
  ASSERT_TRUE(fault);
  EXPECT_THAT(fault->words, HasSubstr("max_speed_m_s = 300"));
}

}  // namespace
}  // namespace omnisonde
