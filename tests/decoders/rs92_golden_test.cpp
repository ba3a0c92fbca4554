// RS92: frames that our own encoder had no part in.
#include <cmath>

#include "decoders/sondes/rs92_calibration.hpp"
#include "decoders/sondes/rs92_navigation.hpp"
#include "decoders/sondes/rs92_ptu.hpp"
#include "simulator/sondes/rs92_table.hpp"
#include "tests/decoders/rs92_bench.hpp"

namespace omnisonde {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes worked_example() {
  std::istringstream text(
      test::text_of_file(std::string(OMNISONDE_GOLDEN_DIR) + "/rs92_worked_example.txt"));
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("frame ")) return test::bytes_from_hex(line.substr(6));
  }
  return {};
}

TEST(Rs92Golden, TheWorkedExampleIsRead) {
  test::Rs92Flight flight;
  flight.has_orbits = false;
  flight.now = test::kRs92Noon;
  const Bytes frame = worked_example();
  const auto got = flight.receive(test::to_llr(test::rs92_bits(frame)), Effort::kHard);
  ASSERT_TRUE(got);
  EXPECT_EQ(flight.frame.bytes, frame);
  EXPECT_EQ(flight.frame.bits_corrected, 0);
  EXPECT_EQ(got->serial, "L1234567");
  EXPECT_EQ(got->frame_number, 5024U);
  EXPECT_EQ(to_iso8601(*got->datetime), "2026-10-20T12:00:49.000Z");
  EXPECT_EQ(got->xdata, "");
  EXPECT_EQ(got->hold_reason, "no GPS ephemeris");
}

TEST(Rs92Golden, TheSyncIsThatOfTheFrame) {
  const auto bits = test::rs92_bits(worked_example());
  std::string text;
  for (std::size_t i = 0; i < 80; ++i) text.push_back(bits[i] != 0 ? '1' : '0');
  EXPECT_EQ(find_sonde_type("RS92")->spec->sync_bits, text);
  std::string chips;
  for (const char bit : text) chips += bit == '1' ? "01" : "10";
  EXPECT_EQ(find_sonde_type("RS92-NGP")->spec->sync_bits, chips);
  // The sheet prints the characters 2A and 10 as chips.
  EXPECT_EQ(chips.substr(0, 20), "10100110011001101001");
  EXPECT_EQ(chips.substr(100, 20), "10101010100110101001");
}

TEST(Rs92Golden, TheWorkedExamplesWeather) {
  const Bytes frame = worked_example();
  const rs92::Counts n = rs92::read_counts(rs92::kMeasurement.of(frame));
  EXPECT_EQ(n.temperature, 1'024'347U);
  EXPECT_EQ(n.ref4, 869'184U);
  const rs92::Table table = sim::rs92::make_table("L1234567", 270);
  rs92::Calibration c;
  for (std::size_t row = 0; row < rs92::kRows; ++row) {
    EXPECT_FALSE(rs92::temperature_c(n, c));
    c.put(row, std::span(table).subspan(16 * row, 16));
  }
  EXPECT_EQ(c.kind(), rs92::Kind::kSgp);
  EXPECT_NEAR(*rs92::temperature_c(n, c), -56.5893, 5e-5);
  EXPECT_NEAR(*rs92::humidity_pct(n, c), 29.6002, 5e-5);
  EXPECT_NEAR(*rs92::pressure_hpa(n, c), 178.3228, 5e-5);
}

TEST(Rs92Golden, TheWorkedExamplesPlace) {
  const rs92::Slots slots = rs92::read_slots(rs92::kGps.of(worked_example()));
  // Positions and clock corrections of the sheet, in the order of the slots.
  const std::array<int, 9> prns = {8, 3, 13, 28, 27, 30, 2, 7, 22};
  const std::array<std::array<double, 4>, 9> sky = {
      {{15721648.3, 7477983.7, 20063486.3, 21625.348},
       {12822926.2, 8839714.5, 21326378.2, -25373.391},
       {23156899.1, -856818.1, 12559757.6, -12344.471},
       {12532384.8, 16858781.2, 16182422.3, -94112.368},
       {21627552.3, -15249802.8, 2927984.3, 10226.815},
       {5218215.2, -19831415.2, 16798202.1, -18660.838},
       {6332443.0, -21644055.0, 14138787.0, -23603.633},
       {-2876615.4, -16706626.6, 20491205.6, 98344.511},
       {24818647.7, 2596857.4, -9052029.7, -84538.360}}};
  ASSERT_EQ(slots.count, prns.size());
  std::vector<geo::Pseudorange> measured;
  for (std::size_t i = 0; i < prns.size(); ++i) {
    EXPECT_EQ(slots.slot[i].prn, prns[i]);
    measured.push_back({{{sky[i][0], sky[i][1], sky[i][2]}, {}, sky[i][3]},
                        slots.slot[i].range_m(),
                        slots.slot[i].rate_mps()});
  }
  const auto fix = geo::solve_fix(measured, {});
  ASSERT_TRUE(fix);
  const GeoPosition place = geo::to_geodetic(fix->position_m);
  EXPECT_NEAR(place.latitude_deg, 48.250832, 2e-6);
  EXPECT_NEAR(place.longitude_deg, 11.557421, 2e-6);
  EXPECT_NEAR(place.altitude_m, 12161.2, 0.3);
  EXPECT_EQ(fix->satellites, 9);
  EXPECT_LT(fix->residual_m, 1);
}

TEST(Rs92Golden, ARealFrameIsReadAndForeignOrbitsDoNotPlaceIt) {
  const std::string shared = std::string(OMNISONDE_SHARED_DIR) + "/recordings/";
  const std::string hex = test::text_of_file(shared + "frames/rs92_rs1729_doc.hex");
  if (hex.empty()) GTEST_SKIP() << "no rs92_rs1729_doc.hex here";
  const Bytes frame = test::bytes_from_hex(hex.substr(0, 480));
  test::Rs92Flight flight;
  flight.has_orbits = false;
  const auto got = flight.receive(test::to_llr(test::rs92_bits(frame)), Effort::kHard);
  ASSERT_TRUE(got);
  EXPECT_EQ(flight.frame.bytes, frame);
  EXPECT_EQ(flight.frame.bits_corrected, 0) << "its parity is whole";
  for (const rs92::Block& block : rs92::kBlocks) EXPECT_TRUE(rs92::is_good(frame, block));
  EXPECT_EQ(got->serial, "K4953934");
  EXPECT_EQ(got->frame_number, 6376U);
  EXPECT_EQ(got->hold_reason, "no GPS ephemeris");
  EXPECT_EQ(rs92::read_slots(rs92::kGps.of(frame)).count, 11U) << "PRN 7 has no code";

  flight.now = from_civil({2015, 10, 18, 12, 0, 0});
  const auto text = test::text_of_file(shared + "rs1729-RS/brdc2910.15n");
  if (text.empty()) GTEST_SKIP() << "no brdc2910.15n here";
  flight.book = geo::parse_orbits(text, flight.now).value();
  flight.has_orbits = true;
  const auto placed = flight.parse();
  // Saturday noon in GPS time, and not thousands of kilometres up.
  EXPECT_EQ(to_iso8601(*placed->datetime), "2015-10-17T12:12:51.760Z");
  EXPECT_EQ(placed->hold_reason, "no position solution");
  EXPECT_FALSE(placed->position);
}

}  // namespace
}  // namespace omnisonde
