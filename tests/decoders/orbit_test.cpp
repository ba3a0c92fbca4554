// GPS orbits: files, elements, and positions from them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "decoders/geo/gps_fix.hpp"
#include "decoders/geo/orbit_files.hpp"
#include "simulator/sondes/gps_constellation.hpp"
#include "tests/decoders/rs92_bench.hpp"

namespace omnisonde::geo {
namespace {

constexpr UtcMillis kOct2015 = from_civil({2015, 10, 18, 13, 40, 0});
const std::string kShared = std::string(OMNISONDE_SHARED_DIR) + "/recordings/rs1729-RS/";

double distance_m(const Ecef& a, const Ecef& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

GpsSeconds gps_clock_s(UtcMillis gps) { return static_cast<double>(gps.ms - kGpsEpoch_ms) / 1000; }

// From the precise ephemeris nga18670 (NGA, SP3) for 2015-10-18T13:40:00 GPS time: km, dm/s, us.
struct Precise {
  int prn;
  Ecef km, dmps;
  double clock_us;
};
constexpr std::array kPrecise = {Precise{2,
                                         {-14127.419651, -20659.326889, -9123.865879},
                                         {-1207.043393, -12304.663014, 28086.025315},
                                         593.133197},
                                 Precise{8,
                                         {26057.758205, 4948.581101, 1297.997112},
                                         {932.993628, 3107.345428, -31708.072778},
                                         -9.165499},
                                 Precise{13,
                                         {-22082.320686, -12898.025981, -7102.169847},
                                         {9136.714548, 715.274921, -30371.269975},
                                         -157.632821},
                                 Precise{19,
                                         {21592.572849, -3720.932794, 15116.135414},
                                         {17889.444651, 7606.269863, -22916.739235},
                                         -521.674299},
                                 Precise{32,
                                         {17735.936734, 2661.029234, 19358.076907},
                                         {-17253.234490, 18062.517817, 13821.282831},
                                         -10.591177}};

TEST(Orbits, BroadcastElementsAgreeWithThePreciseEphemeris) {
  const std::string text = test::text_of_file(kShared + "brdc2910.15n");
  if (text.empty()) GTEST_SKIP() << "no brdc2910.15n here";
  const OrbitBook book = parse_orbits(text, kOct2015).value();
  EXPECT_GT(book.size(), 350U);
  const GpsSeconds now_s = gps_clock_s(kOct2015);
  for (const Precise& p : kPrecise) {
    const OrbitElements* el = book.find(p.prn, now_s);
    ASSERT_NE(el, nullptr) << p.prn;
    const Ecef want_m = {p.km[0] * 1e3, p.km[1] * 1e3, p.km[2] * 1e3};
    EXPECT_LT(distance_m(satellite_position(*el, now_s), want_m), 4) << p.prn;
    const Ecef want_mps = {p.dmps[0] / 10, p.dmps[1] / 10, p.dmps[2] / 10};
    EXPECT_LT(distance_m(satellite_state(*el, now_s).velocity_mps, want_mps), 0.01) << p.prn;
    // The precise clock is without relativity (up to 7 m) and group delay (up to 7 m).
    EXPECT_NEAR(satellite_clock_m(*el, now_s), p.clock_us * 1e-6 * kLight_mps, 15) << p.prn;
  }
}

TEST(Orbits, TheAlmanacIsGoodToAKilometreOrTwo) {
  const std::string text = test::text_of_file(kShared + "almanac.sem.week0843.061440.txt");
  if (text.empty()) GTEST_SKIP() << "no SEM almanac here";
  const OrbitBook book = parse_orbits(text, kOct2015).value();
  EXPECT_EQ(book.size(), 31U);
  const GpsSeconds now_s = gps_clock_s(kOct2015);
  EXPECT_DOUBLE_EQ(book.newest_reference_s(), 1867 * 604'800.0 + 61'440) << "week 843 of an era";
  for (const Precise& p : kPrecise) {
    const OrbitElements* el = book.find(p.prn, now_s);
    ASSERT_NE(el, nullptr) << p.prn;
    EXPECT_TRUE(el->almanac);
    const Ecef want_m = {p.km[0] * 1e3, p.km[1] * 1e3, p.km[2] * 1e3};
    EXPECT_LT(distance_m(satellite_position(*el, now_s), want_m), 3000) << p.prn;
  }
}

constexpr const char* kYuma =
    "******** Week 843 almanac for PRN-01 ********\r\n"
    "ID:                         01\r\n"
    "Health:                     000\r\n"
    "Eccentricity:               0.4761695862E-002\r\n"
    "Time of Applicability(s):  61440.0000\r\n"
    "Orbital Inclination(rad):   0.9626472466\r\n"
    "Rate of Right Ascen(r/s):  -0.7863184676E-008\r\n"
    "SQRT(A)  (m 1/2):           5153.604980\r\n"
    "Right Ascen at Week(rad):   0.1726493130E+001\r\n"
    "Argument of Perigee(rad):   0.491596651\r\n"
    "Mean Anom(rad):             0.2961320699E+001\r\n"
    "Af0(s):                     0.2861022949E-005\r\n"
    "Af1(s/s):                   0.0000000000E+000\r\n"
    "week:                        843\r\n"
    "\r\n"
    "******** Week 843 almanac for PRN-02 ********\r\n"
    "ID:                         02\r\n"
    "Health:                     063\r\n";

TEST(Orbits, YumaSaysTheSameAsSem) {
  const OrbitBook yuma = parse_orbits(kYuma, kOct2015).value();
  ASSERT_EQ(yuma.size(), 1U) << "the second block is not whole";
  const std::string text = test::text_of_file(kShared + "almanac.sem.week0843.061440.txt");
  if (text.empty()) GTEST_SKIP() << "no SEM almanac here";
  const OrbitBook sem = parse_orbits(text, kOct2015).value();
  const GpsSeconds now_s = gps_clock_s(kOct2015);
  EXPECT_LT(distance_m(satellite_position(*yuma.find(1, now_s), now_s),
                       satellite_position(*sem.find(1, now_s), now_s)),
            50);
}

/// The records of a RINEX 2 text as versions 3 and 4 write them.
std::string as_version(const std::string& old, int version) {
  std::istringstream lines(old);
  std::string out =
      version == 3
          ? "     3.04           N: GNSS NAV DATA    M: MIXED            RINEX VERSION / TYPE\n"
          : "     4.00           NAVIGATION DATA     M                   RINEX VERSION / TYPE\n";
  out += "                                                            END OF HEADER\n";
  bool body = false;
  for (std::string line; std::getline(lines, line);) {
    if (!body) {
      body = line.find("END OF HEADER") != std::string::npos;
      continue;
    }
    if (line[1] == ' ') {
      out += " " + line + "\n";
      continue;
    }
    std::array<char, 40> head{};
    const auto at = [&line](std::size_t i) { return std::stoi(line.substr(i, 2)); };
    std::snprintf(head.data(), head.size(), "G%02d 20%02d %02d %02d %02d %02d %02d", at(0), at(3),
                  at(6), at(9), at(12), at(15), static_cast<int>(std::stod(line.substr(17, 5))));
    if (version == 4) {
      out += "> EPH E05 INAV\nE05 2026 10 20 12 00 00 1.0D+00 2.0D+00 3.0D+00\n     1.0D+00\n";
      out += std::string("> EPH ") + std::string(head.data()).substr(0, 3) + " LNAV\n";
    } else {
      out += "R05 2026 10 20 12 00 00-1.0D-05 2.0D-12 3.0D+00\n     1.0D+00\n     1.0D+00\n";
    }
    out += std::string(head.data()) + line.substr(22) + "\n";
  }
  return out;
}

TEST(Orbits, AllVersionsOfRinexSayTheSame) {
  const std::string old = sim::gps_rinex(test::kRs92Noon);
  const OrbitBook two = parse_orbits(old, test::kRs92Noon).value();
  EXPECT_EQ(two.size(), 31U * 25);
  const GpsSeconds now_s = to_gps_seconds(gps_time(test::kRs92Noon));
  for (const int version : {3, 4}) {
    const auto book = parse_orbits(as_version(old, version), test::kRs92Noon);
    ASSERT_TRUE(book) << book.error().line();
    EXPECT_EQ(book->size(), two.size());
    for (int prn = 1; prn <= 32; ++prn) {
      const OrbitElements *a = two.find(prn, now_s), *b = book->find(prn, now_s);
      ASSERT_EQ(a == nullptr, b == nullptr);
      ASSERT_EQ(a == nullptr, prn == 31 || prn == 29) << "missing, unhealthy";
      if (a == nullptr) continue;
      EXPECT_EQ(satellite_position(*a, now_s), satellite_position(*b, now_s));
      EXPECT_EQ(satellite_clock_m(*a, now_s), satellite_clock_m(*b, now_s));
    }
  }
}

TEST(Orbits, TheSimulatedSatellitesFlySmoothly) {
  // Across the week's end as well.
  const UtcMillis about = from_civil({2026, 10, 24, 23, 0, 0});
  const OrbitBook book = parse_orbits(sim::gps_rinex(about), about).value();
  const OrbitBook later =
      parse_orbits(sim::gps_rinex({about.ms + 7'200'000}), {about.ms + 7'200'000}).value();
  const GpsSeconds at_s = to_gps_seconds(gps_time(about)) + 5400;
  for (int prn = 1; prn <= 28; ++prn) {
    const OrbitElements* before = book.find(prn, at_s - 3600);
    const OrbitElements* after = book.find(prn, at_s + 3600);
    ASSERT_NE(before->toe_s, after->toe_s);
    EXPECT_LT(distance_m(satellite_position(*before, at_s), satellite_position(*after, at_s)), 1);
    EXPECT_LT(distance_m(satellite_position(*before, at_s),
                         satellite_position(*later.find(prn, at_s), at_s)),
              1);
  }
}

TEST(Orbits, OtherTextsAreRefusedWithAReason) {
  for (const char* const text :
       {"", "\n", "hello", "31 CURRENT.ALM\n 843 61440\n",
        "     3.04           OBSERVATION DATA    M                   RINEX VERSION / TYPE\n",
        "     2.11           N                                       RINEX VERSION / TYPE\n"}) {
    const auto book = parse_orbits(text, kOct2015);
    ASSERT_FALSE(book) << text;
    EXPECT_NE(book.error().remedy, "");
  }
}

TEST(Orbits, DamagedRecordsArePassedOver) {
  std::string text = sim::gps_rinex(test::kRs92Noon);
  const std::size_t whole = parse_orbits(text, test::kRs92Noon)->size();
  const std::size_t at = text.find("END OF HEADER") + 21 + 81 * 3 + 10;
  text.replace(at, 5, "x**??");
  EXPECT_EQ(parse_orbits(text, test::kRs92Noon)->size(), whole - 1);
  text.resize(text.size() - 400);  // the last record breaks off
  EXPECT_EQ(parse_orbits(text, test::kRs92Noon)->size(), whole - 2);
}

TEST(Orbits, TheNearestSetCountsAndAnAlmanacOnlyWithoutAnyOfThatDay) {
  OrbitElements el;
  el.prn = 5;
  el.sqrt_a = 5153.6;
  OrbitBook book;
  for (const double toe_s : {1000.0, 8200.0}) {
    el.toe_s = toe_s;
    ASSERT_TRUE(book.add(el));
  }
  el.almanac = true;
  el.toe_s = 5000;
  book.add(el);
  EXPECT_EQ(book.find(5, 4500)->toe_s, 1000);
  EXPECT_EQ(book.find(5, 4700)->toe_s, 8200);
  EXPECT_TRUE(book.find(5, -200'000)->toe_s == 1000) << "both are far away";
  EXPECT_EQ(book.find(6, 0), nullptr);
  el.sqrt_a = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(book.add(el));
}

/// Pseudoranges from eight satellites to a place at rest.
std::vector<Pseudorange> eight(const OrbitBook& book, const Ecef& place_m, GpsSeconds now_s) {
  std::vector<Pseudorange> out;
  for (int prn = 1; prn <= 32 && out.size() < 8; ++prn) {
    const OrbitElements* el = book.find(prn, now_s);
    if (el == nullptr) continue;
    Pseudorange p{satellite_state(*el, now_s), 0, 0};
    const Ecef& s = p.satellite.position_m;
    double range_m = distance_m(s, place_m);
    const double up =
        (s[0] * place_m[0] + s[1] * place_m[1] + s[2] * place_m[2]) - 6'378e3 * 6'390e3;
    if (up < 6'378e3 * range_m * 0.1) continue;
    for (int i = 0; i < 4; ++i) {
      const double angle = kEarthRotation_radps * range_m / kLight_mps;
      range_m = distance_m({s[0] * std::cos(angle) + s[1] * std::sin(angle),
                            s[1] * std::cos(angle) - s[0] * std::sin(angle), s[2]},
                           place_m);
    }
    p.range_m = range_m - p.satellite.clock_m + 12'345;
    out.push_back(p);
  }
  return out;
}

class Fix : public testing::Test {
 protected:
  OrbitBook book_ = parse_orbits(sim::gps_rinex(test::kRs92Noon), test::kRs92Noon).value();
  Ecef place_m_ = to_ecef({50, 10, 20'000});
  std::vector<Pseudorange> measured_ =
      eight(book_, place_m_, to_gps_seconds(gps_time(test::kRs92Noon)));
};

TEST_F(Fix, FindsThePlaceToAMillimetre) {
  ASSERT_EQ(measured_.size(), 8U);
  const auto fix = solve_fix(measured_, {});
  ASSERT_TRUE(fix);
  EXPECT_LT(distance_m(fix->position_m, place_m_), 1e-3);
  EXPECT_LT(fix->gdop, 6);
  EXPECT_EQ(fix->dropped, 0);
}

TEST_F(Fix, NamesTheSatelliteThatIsWrong) {
  for (std::size_t bad = 0; bad < measured_.size(); ++bad) {
    auto measured = measured_;
    measured[bad].range_m += 2000;
    const auto fix = solve_fix(measured, {});
    ASSERT_TRUE(fix) << bad;
    EXPECT_EQ(fix->dropped, 1);
    EXPECT_LT(distance_m(fix->position_m, place_m_), 1e-3) << bad;
  }
}

TEST_F(Fix, TwoWrongOnesAreDroppedOrTheFixIsRefused) {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    auto measured = measured_;
    measured[random() % 4].range_m += 1e5;
    measured[4 + random() % 4].range_m -= 3e5;
    const auto fix = solve_fix(measured, {});
    if (fix) {
      EXPECT_LT(distance_m(fix->position_m, place_m_), 200) << round;
    }
  }
}

TEST_F(Fix, FiveThatDisagreeAndThreeAreRefused) {
  auto five = std::vector(measured_.begin(), measured_.begin() + 5);
  EXPECT_TRUE(solve_fix(five, {}));
  five[2].range_m += 20'000;
  EXPECT_FALSE(solve_fix(five, {}));
  EXPECT_FALSE(solve_fix(std::span(measured_).first(3), {}));
}

TEST_F(Fix, SatellitesInOneHeapAreRefused) {
  std::vector<Pseudorange> heap(4, measured_[0]);
  for (std::size_t i = 0; i < heap.size(); ++i) {
    heap[i].satellite.position_m[i % 3] += 5e4 * static_cast<double>(i);
    heap[i].range_m = distance_m(heap[i].satellite.position_m, place_m_);
  }
  EXPECT_FALSE(solve_fix(heap, {}));
}

TEST_F(Fix, NonsenseIsRefused) {
  auto measured = measured_;
  measured[0].range_m = std::numeric_limits<double>::quiet_NaN();
  for (Pseudorange& p : measured) p.satellite.position_m = {};
  EXPECT_FALSE(solve_fix(measured, {}));
}

}  // namespace
}  // namespace omnisonde::geo
