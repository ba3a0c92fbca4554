// RS92: fields and variants from encoder to decoder.
#include <algorithm>
#include <cmath>

#include "decoders/sondes/rs92_navigation.hpp"
#include "tests/decoders/rs92_bench.hpp"

namespace omnisonde {
namespace {

using test::rs92_state;
using test::Rs92Flight;

class Rs92 : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Types, Rs92, testing::Values("RS92", "RS92-NGP"), [](const auto& each) {
  return std::string(each.param) == "RS92" ? "Sgp" : "Ngp";
});

void expect_truth(const Telemetry& got, const Telemetry& sent) {
  EXPECT_EQ(got.type, "RS92");
  EXPECT_EQ(got.manufacturer, "Vaisala");
  EXPECT_EQ(got.serial, sent.serial);
  EXPECT_EQ(got.subtype, sent.subtype);
  EXPECT_EQ(got.frame_number, sent.frame_number);
  EXPECT_EQ(got.datetime, sent.datetime);
  EXPECT_EQ(got.time_reference, TimeReference::kGps);
  EXPECT_EQ(got.satellites, sent.satellites);
  EXPECT_EQ(got.tx_frequency_mhz, sent.tx_frequency_mhz);
  EXPECT_EQ(got.xdata, sent.xdata);
  EXPECT_EQ(got.hold_reason, sent.hold_reason);
  EXPECT_FALSE(got.battery_v) << "none is sent";
  ASSERT_EQ(got.position.has_value(), sent.position.has_value());
  if (sent.position) {
    // A count of the code is 0.29 m.
    const geo::Ecef there = geo::to_ecef(*got.position), want = geo::to_ecef(*sent.position);
    EXPECT_LT(std::hypot(there[0] - want[0], there[1] - want[1], there[2] - want[2]), 2);
    EXPECT_NEAR(*got.velocity_h_mps, *sent.velocity_h_mps, 0.02);
    EXPECT_NEAR(*got.velocity_v_mps, *sent.velocity_v_mps, 0.02);
    if (*sent.velocity_h_mps > 1) {
      EXPECT_NEAR(*got.heading_deg, *sent.heading_deg, 0.1);
    }
  }
  ASSERT_EQ(got.temperature_c.has_value(), sent.temperature_c.has_value());
  if (!sent.temperature_c) return;
  EXPECT_NEAR(*got.temperature_c, *sent.temperature_c, 0.01);
  EXPECT_NEAR(*got.humidity_pct, *sent.humidity_pct, 0.01);
  EXPECT_NEAR(*got.pressure_hpa, *sent.pressure_hpa, 0.02) << "a count is 0.01 hPa";
}

TEST_P(Rs92, EveryFieldComesBackInEveryFrame) {
  sim::SondeIdentity identity;
  identity.frequency_hz = std::string(GetParam()) == "RS92" ? 402.7e6 : 1680.13e6;
  identity.xdata = "0102a0b0ffff0001";
  Rs92Flight flight(GetParam(), identity);
  for (int second = 0; second < 70; ++second) {
    const auto got = flight.pass(rs92_state(second));
    ASSERT_TRUE(got) << second;
    const auto sent = flight.tx->take_truth();
    ASSERT_EQ(sent.size(), 1U);
    expect_truth(*got, sent[0]);
    EXPECT_EQ(got->temperature_c.has_value(), second >= 31) << "all 32 rows are needed";
  }
  const auto last = flight.pass(rs92_state(70));
  EXPECT_EQ(last->tx_frequency_mhz, identity.frequency_hz / 1e6);
  EXPECT_EQ(last->subtype, std::string(GetParam()) == "RS92" ? "RS92-SGP" : "RS92-NGP");
}

TEST_P(Rs92, EdgeValuesComeBack) {
  Rs92Flight flight(GetParam());
  (void)flight.fly(0, 32);
  flight.tx->take_truth();
  const std::array<sim::FlightState, 5> states = {{
      {{}, {-89.9, 179.999, -300}, 0, 0, 0, -100, 0, 3, 0, 12},
      {{}, {89.9, -179.999, 45'000}, 120, -120, -90, 60, 100, 1100, 0, 12},
      {{}, {0.0001, -0.0001, 10}, -60, 0, 30, 15, 50, 1013, 0, 10},
      {{}, {-33.9, 151.2, 31'000}, 0, 70, 0, -60, 1, 9, 0, 6},
      {{}, {52.2, 14.1, 80}, 0.1, 0.1, 0, 35, 99, 1020, 0, 8},
  }};
  int second = 32;
  for (sim::FlightState s : states) {
    s.utc = rs92_state(second++).utc;
    const auto got = flight.pass(s);
    ASSERT_TRUE(got);
    expect_truth(*got, flight.tx->take_truth().at(0));
  }
}

TEST_P(Rs92, FourSatellitesAreEnoughAndThreeAreNot) {
  Rs92Flight flight(GetParam());
  for (int count = 0; count <= 12; ++count) {
    sim::FlightState s = rs92_state(count);
    s.satellites = count;
    const auto got = flight.pass(s);
    ASSERT_TRUE(got);
    const Telemetry sent = flight.tx->take_truth().at(0);
    if (count == 4) {
      ASSERT_TRUE(got->position);
      EXPECT_NEAR(got->position->altitude_m, s.position.altitude_m, 10);
      EXPECT_EQ(got->hold_reason, "");
    } else {
      expect_truth(*got, sent);
    }
    if (count < 4) {
      EXPECT_EQ(got->hold_reason, "fewer than 4 satellites");
    }
  }
}

TEST_P(Rs92, WithoutOrbitsAllButThePlaceIsThere) {
  Rs92Flight flight(GetParam());
  flight.has_orbits = false;
  const auto got = flight.fly(0, 40);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->hold_reason, "no GPS ephemeris");
  EXPECT_EQ(got->serial, "L1234567");
  EXPECT_EQ(got->datetime, flight.tx->take_truth().back().datetime) << "dated by the clock";
  EXPECT_TRUE(got->temperature_c && got->humidity_pct && got->pressure_hpa);
  EXPECT_FALSE(got->position || got->velocity_h_mps);
  flight.now = {};
  EXPECT_FALSE(flight.parse()->datetime) << "neither clock nor orbits: no week";
}

TEST(Rs92Time, TheWeekComesFromTheClockOrElseFromTheOrbits) {
  Rs92Flight flight;
  (void)flight.pass(rs92_state(0));
  const auto want = flight.tx->take_truth().at(0).datetime;
  for (const int hours : {-80, -3, 3, 80}) {
    flight.now = {test::kRs92Noon.ms + hours * 3'600'000};
    EXPECT_EQ(flight.parse()->datetime, want) << hours;
  }
  flight.now = {};
  EXPECT_EQ(flight.parse()->datetime, want);
  EXPECT_EQ(flight.parse()->hold_reason, "");
}

TEST(Rs92Time, CrossesTheWeeksEnd) {
  Rs92Flight flight;
  const UtcMillis midnight = from_civil({2026, 10, 24, 23, 59, 42});  // GPS week 2442 begins
  flight.book = geo::parse_orbits(sim::gps_rinex(midnight), midnight).value();
  for (int second = -3; second <= 3; ++second) {
    sim::FlightState s = rs92_state(0);
    s.utc = {midnight.ms + second * 1000};
    const auto got = flight.pass(s);
    ASSERT_TRUE(got);
    expect_truth(*got, flight.tx->take_truth().at(0));
  }
}

TEST(Rs92Orbits, OldOnesAreUsedForTheMapOnly) {
  Rs92Flight flight;
  const UtcMillis before{test::kRs92Noon.ms - 42LL * 3'600'000};
  flight.book = geo::parse_orbits(sim::gps_rinex(before), before).value();
  const auto got = flight.pass(rs92_state(0));
  ASSERT_TRUE(got && got->position);
  EXPECT_EQ(got->hold_reason, "GPS ephemeris more than 4 hours off");
}

TEST(Rs92Orbits, SatellitesWithoutThemDoNotCount) {
  Rs92Flight flight;
  flight.book = {};
  flight.book.add({});  // not a satellite at all
  EXPECT_TRUE(flight.book.empty());
  EXPECT_EQ(flight.pass(rs92_state(0))->hold_reason, "no GPS ephemeris");
}

TEST(Rs92Identity, ASerialOfAnotherFormIsShownButHeld) {
  for (const char* const serial : {"B1234567", "L123456A", "1L234567"}) {
    sim::SondeIdentity identity;
    identity.serial = serial;
    Rs92Flight flight("RS92", identity);
    const auto got = flight.pass(rs92_state(0));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->serial, "");
    EXPECT_EQ(got->hold_reason, "serial not of the form S1234567");
  }
}

TEST(Rs92Identity, AnotherSondeBringsItsOwnTable) {
  Rs92Flight a, b("RS92", {"M7654321", "", 404e6, "", false});
  auto got = a.fly(0, 40);
  ASSERT_TRUE(got->temperature_c);
  const std::uint32_t epoch = got->identity_epoch;
  got = a.receive(test::to_llr(b.bits(rs92_state(40))));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->serial, "M7654321");
  EXPECT_NE(got->identity_epoch, epoch);
  EXPECT_FALSE(got->temperature_c);
  EXPECT_EQ(a.pass(rs92_state(41))->temperature_c.has_value(), true)
      << "the first one is not forgotten";
}

// Five bits hold 0..31: the sixth of 32 falls on the next number's lowest or, of the third in a
// word, on the word's highest.
TEST(Rs92Satellites, ThirtyTwoRunsIntoTheNextNumber) {
  const auto list = [](std::array<unsigned, 12> prn) {
    std::array<std::uint8_t, 8> bytes{};
    for (std::size_t w = 0; w < 4; ++w) {
      const unsigned word = prn[3 * w] | prn[3 * w + 1] << 5U | prn[3 * w + 2] << 10U;
      bytes[2 * w] = static_cast<std::uint8_t>(word & 0xFFU);
      bytes[2 * w + 1] = static_cast<std::uint8_t>(word >> 8U & 0xFFU);
    }
    return bytes;
  };
  std::array<std::uint8_t, 12> status{};
  status.fill(0x8F);
  using Numbers = std::array<int, 12>;
  EXPECT_EQ(rs92::read_prns(list({1, 2, 32, 4, 5, 6, 7, 8, 9, 10, 11, 12}), status).prn,
            (Numbers{1, 2, 32, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  const auto odd = rs92::read_prns(list({32, 21, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), status);
  EXPECT_EQ(odd.prn, (Numbers{32, 21, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(odd.other[1], 20) << "or is it 20? the list alone does not tell";
  const auto even = rs92::read_prns(list({1, 32, 10, 4, 5, 6, 7, 8, 9, 11, 12, 13}), status);
  EXPECT_EQ(even.prn[2], 10) << "11 is in use already";
  EXPECT_EQ(even.other[2], 0);
  status[0] = 0;
  EXPECT_EQ(rs92::read_prns(list({0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), status).prn[0], 0);
}

TEST(Rs92Satellites, ADoubtfulNumberIsSettledByTheOthers) {
  // Look for hours at which PRN 32 stands before an even number.
  int doubts = 0;
  Rs92Flight flight;
  for (int second = 0; second < 86'400; second += 600) {
    const sim::FlightState s = rs92_state(second);
    const auto got = flight.pass([&] {
      sim::FlightState still = s;
      still.position = rs92_state(0).position;
      return still;
    }());
    ASSERT_TRUE(got && got->position) << second;
    EXPECT_EQ(got->hold_reason, "") << second;
    const auto payload = rs92::kGps.of(flight.frame.bytes);
    const auto prns =
        rs92::read_prns(payload.subspan(rs92::kPrnsAt, 8), payload.subspan(rs92::kStatusAt, 12));
    doubts += std::ranges::any_of(prns.other, [](int prn) { return prn != 0; }) ? 1 : 0;
    EXPECT_NEAR(got->position->altitude_m, 12'000, 3) << second;
  }
  EXPECT_GT(doubts, 3) << "the case does come up";
}

}  // namespace
}  // namespace omnisonde
