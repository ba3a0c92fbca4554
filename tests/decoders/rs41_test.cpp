// RS41: every variant and field, from the test encoder through the decoder.
#include <cmath>
#include <numbers>
#include <ostream>

#include "decoders/fec/crc.hpp"
#include "tests/decoders/rs41_bench.hpp"

namespace omnisonde::sim {
/// For the messages of failing tests.
inline void PrintTo(const SondeIdentity& identity, std::ostream* out) {
  *out << identity.serial << ' ' << identity.variant << ' ' << identity.xdata;
}
}  // namespace omnisonde::sim

namespace omnisonde {
namespace {

using test::extra;
using test::rs41_state;
using test::Rs41Flight;

void expect_near(const std::optional<float>& got, const std::optional<float>& want, double by,
                 const char* what) {
  ASSERT_EQ(got.has_value(), want.has_value()) << what;
  if (!want) return;
  EXPECT_NEAR(static_cast<double>(*got), static_cast<double>(*want), by) << what;
}

void expect_same(const Telemetry& got, const Telemetry& want) {
  EXPECT_EQ(got.type, want.type);
  EXPECT_EQ(got.subtype, want.subtype);
  EXPECT_EQ(got.manufacturer, want.manufacturer);
  EXPECT_EQ(got.serial, want.serial);
  EXPECT_EQ(got.frame_number, want.frame_number);
  EXPECT_EQ(got.datetime, want.datetime);
  EXPECT_EQ(got.time_reference, want.time_reference);
  EXPECT_EQ(got.height_reference, want.height_reference);
  ASSERT_EQ(got.position.has_value(), want.position.has_value());
  if (want.position) {
    EXPECT_NEAR(got.position->latitude_deg, want.position->latitude_deg, 2e-7);
    const double narrow = std::cos(want.position->latitude_deg * std::numbers::pi / 180);
    EXPECT_NEAR(got.position->longitude_deg, want.position->longitude_deg, 2e-7 / narrow);
    EXPECT_NEAR(got.position->altitude_m, want.position->altitude_m, 0.01);
  }
  expect_near(got.velocity_h_mps, want.velocity_h_mps, 0.01, "vel_h");
  expect_near(got.velocity_v_mps, want.velocity_v_mps, 0.01, "vel_v");
  expect_near(got.heading_deg, want.heading_deg, 0.05, "heading");
  expect_near(got.temperature_c, want.temperature_c, 0.05, "temp");
  expect_near(got.humidity_pct, want.humidity_pct, 0.5, "humidity");
  expect_near(got.pressure_hpa, want.pressure_hpa, 0.1, "pressure");
  expect_near(got.battery_v, want.battery_v, 0.001, "batt");
  EXPECT_EQ(got.satellites, want.satellites);
  EXPECT_EQ(got.burst_timer_s, want.burst_timer_s);
  EXPECT_EQ(got.tx_frequency_mhz, want.tx_frequency_mhz);
  EXPECT_EQ(got.xdata, want.xdata);
  EXPECT_EQ(got.encrypted, want.encrypted);
  EXPECT_EQ(got.hold_reason, want.hold_reason);
  ASSERT_EQ(got.extras.size(), want.extras.size());
  for (std::size_t i = 0; i < want.extras.size(); ++i) {
    EXPECT_EQ(got.extras[i].name, want.extras[i].name);
    EXPECT_EQ(got.extras[i].value, want.extras[i].value);
  }
}

sim::FlightState wild_state(int second) {
  sim::FlightState s = rs41_state(second);
  s.position.altitude_m = 300 + 600 * (second % 58);
  s.position.latitude_deg = -89 + 3.1 * (second % 57);
  s.position.longitude_deg = -179 + 6.1 * (second % 58);
  s.velocity_up_mps = second < 60 ? 5.5 : -60;
  s.temperature_c = 30 - 1.9 * (second % 59);
  s.humidity_pct = 2 + 1.6 * (second % 58);
  s.pressure_hpa = 1010 - 17 * (second % 58);
  s.satellites = 4 + second % 9;
  return s;
}

class Rs41Variant : public testing::TestWithParam<sim::SondeIdentity> {};

// Three rounds of the calibration table: before, during and after its completion, burst included.
TEST_P(Rs41Variant, EveryFieldSurvives) {
  Rs41Flight flight(GetParam());
  for (int second = 0; second < 150; ++second) {
    sim::FlightState state = wild_state(second);
    // Without a pressure sensor the humidity formula takes the standard atmosphere's.
    const auto got = flight.pass(state);
    ASSERT_TRUE(got) << second;
    const auto truth = flight.tx->take_truth();
    ASSERT_EQ(truth.size(), 1U);
    SCOPED_TRACE(second);
    expect_same(*got, truth[0]);
    EXPECT_EQ(flight.frame.bits_corrected, 0);
    EXPECT_EQ(flight.frame.effort, Effort::kHard);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Rs41Variant,
    testing::Values(sim::SondeIdentity{"", "SG", 402.7e6, "", false},
                    sim::SondeIdentity{"S1234567", "SGP", 403e6, "", false},
                    sim::SondeIdentity{"T7654321", "SGM", 405.99e6, "", false},
                    sim::SondeIdentity{"R0310232", "SGM", 404e6, "", true},
                    sim::SondeIdentity{"X2345678", "X", 400.15e6, "", false},
                    sim::SondeIdentity{"", "SGP", 403e6, "0501036402DC37600077", false},
                    sim::SondeIdentity{"", "SG", 403e6, "0501036402DC37600077#0802123456", false},
                    sim::SondeIdentity{"", "X", 403e6, "0501036402DC37600077", false}),
    [](const auto& each) {
      return "V" + std::to_string(each.index) +
             (each.param.variant.empty() ? "" : each.param.variant) +
             (each.param.encrypted ? "Encrypted" : "") + (each.param.xdata.empty() ? "" : "Xdata");
    });

TEST(Rs41, LengthIsReadFromTheTypeByte) {
  Rs41Flight normal;
  Rs41Flight extended({"", "", 403e6, "0501036402DC37600077", false});
  const auto a = test::to_llr(normal.symbols(rs41_state(0)));
  const auto b = test::to_llr(extended.symbols(rs41_state(0)));
  EXPECT_EQ(normal.decoder->frame_bits(a), 8U * 320);
  EXPECT_EQ(normal.decoder->frame_bits(b), 8U * 518);
  EXPECT_EQ(a.size(), 8U * 320);
  EXPECT_EQ(b.size(), 8U * 518);
  auto head = test::Llrs(b.begin(), b.begin() + static_cast<int>(sondes::rs41.spec->head_bits));
  for (const std::size_t bit : {1, 4, 6}) head[8 * 56 + bit] *= -1;
  EXPECT_EQ(normal.decoder->frame_bits(head), 8U * 518) << "the nearest type, not the exact one";
}

TEST(Rs41, SpecAgreesWithTheEncoder) {
  Rs41Flight flight;
  const auto symbols = flight.symbols(rs41_state(0));
  const std::string_view sync = sondes::rs41.spec->sync_bits;
  for (std::size_t i = 0; i < sync.size(); ++i) EXPECT_EQ(symbols[i], sync[i] - '0') << i;
}

TEST(Rs41, NoFixIsHeldBack) {
  Rs41Flight flight;
  sim::FlightState state = rs41_state(0);
  state.satellites = 0;
  const auto t = flight.pass(state);
  ASSERT_TRUE(t);
  EXPECT_FALSE(t->position);
  EXPECT_EQ(t->hold_reason, "no fix");
}

TEST(Rs41, FewSatellitesAndWrongHeightsAreHeldBack) {
  Rs41Flight flight;
  sim::FlightState state = rs41_state(0);
  state.satellites = 3;
  EXPECT_EQ(flight.pass(state)->hold_reason, "fewer than 4 satellites");
  state = rs41_state(1);
  state.position.altitude_m = 90'000;
  EXPECT_EQ(flight.pass(state)->hold_reason, "altitude outside -1000..80000 m");
  state = rs41_state(2);
  state.position.altitude_m = -2000;
  EXPECT_EQ(flight.pass(state)->hold_reason, "altitude outside -1000..80000 m");
  EXPECT_EQ(flight.pass(rs41_state(3))->hold_reason, "");
}

TEST(Rs41, StrangeSerialsAreHeldBack) {
  for (const char* serial : {"A1234567", "S12345X7", "s1234567", "S 123456"}) {
    Rs41Flight flight({serial, "SG", 403e6, "", false});
    const auto t = flight.pass(rs41_state(0));
    ASSERT_TRUE(t);
    EXPECT_EQ(t->serial, "") << serial;
    EXPECT_EQ(t->hold_reason, "serial not of the form S1234567");
  }
}

TEST(Rs41, EncryptedIsNamedAndNeverLocated) {
  Rs41Flight flight({"R0310232", "SGM", 403e6, "", true});
  const auto t = flight.fly(0, 60);
  ASSERT_TRUE(t);
  EXPECT_TRUE(t->encrypted);
  EXPECT_EQ(t->hold_reason, "encrypted");
  EXPECT_EQ(t->subtype, "RS41-SGM");
  EXPECT_EQ(t->serial, "R0310232");
  EXPECT_TRUE(t->battery_v);
  EXPECT_FALSE(t->position || t->datetime || t->temperature_c);
}

TEST(Rs41, SubtypeWaitsForItsRows) {
  Rs41Flight flight({"", "SG", 403e6, "", false});
  bool seen = false;
  for (int second = 0; second < 51; ++second) {
    const auto t = flight.pass(rs41_state(second));
    ASSERT_TRUE(t);
    EXPECT_TRUE(t->subtype.empty() || t->subtype == "RS41-SG");
    EXPECT_TRUE(t->subtype.empty() || flight.tx->take_truth().back().subtype == "RS41-SG");
    seen = seen || !t->subtype.empty();
  }
  EXPECT_TRUE(seen);
}

TEST(Rs41, TableIsToldOncePerSerial) {
  Rs41Flight flight;
  int told = 0;
  for (int second = 0; second < 120; ++second) {
    const auto t = flight.pass(rs41_state(second));
    const auto table = extra(*t, "rs41_subframe");
    if (!table) continue;
    ++told;
    EXPECT_EQ(second, 50) << "complete with the 51st row";
    EXPECT_EQ(table->size(), 816U / 3 * 4);
  }
  EXPECT_EQ(told, 1);
}

TEST(Rs41, KeepsCalibrationAcrossMissedFrames) {
  Rs41Flight flight;
  std::optional<Telemetry> t;
  // Every third frame is lost: 51 = 3 * 17, so the same rows are missing every round.
  for (int second = 0; second < 102; ++second) {
    const auto symbols = flight.symbols(rs41_state(second));
    if (second % 3 != 0) t = flight.receive(test::to_llr(symbols));
  }
  EXPECT_FALSE(t->humidity_pct) << "a third of the rows has never been heard";
  for (int second = 102; second < 153; second += 3) t = flight.pass(rs41_state(second));
  ASSERT_TRUE(t);
  EXPECT_TRUE(t->humidity_pct && t->temperature_c && t->pressure_hpa);
  EXPECT_EQ(t->subtype, "RS41-SGP");
}

TEST(Rs41, AnotherSerialStartsWithAnEmptyTable) {
  Rs41Flight first({"S1234567", "SGP", 403e6, "", false});
  auto second_tx = sim::make_rs41_tx({"T7654321", "SG", 403e6, "", false});
  const auto before = first.fly(0, 60);
  ASSERT_TRUE(before && before->temperature_c);
  std::swap(first.tx, second_tx);
  const auto other = first.pass(rs41_state(60));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->serial, "T7654321");
  EXPECT_FALSE(other->temperature_c || other->humidity_pct || other->pressure_hpa);
  EXPECT_EQ(other->subtype, "");
  EXPECT_NE(other->identity_epoch, before->identity_epoch);
  std::swap(first.tx, second_tx);
  const auto again = first.pass(rs41_state(61));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->serial, "S1234567");
  EXPECT_TRUE(again->temperature_c) << "what was learnt of the first sonde is still true";
}

TEST(Rs41, BurstTimerRunsOnlyAfterTheBurst) {
  Rs41Flight flight;
  EXPECT_FALSE(flight.fly(0, 60)->burst_timer_s);
  std::optional<int> before;
  for (int second = 60; second < 180; ++second) {
    sim::FlightState state = rs41_state(second);
    state.velocity_up_mps = -20;
    const auto t = flight.pass(state);
    if (before) {
      EXPECT_EQ(*t->burst_timer_s, *before - 1);
    }
    before = t->burst_timer_s;
  }
  EXPECT_TRUE(before);
}

/// Flips a payload bit of one block and makes both codewords good again: only the CRC is wrong.
Frame with_bad_block(Rs41Flight& flight, const sim::FlightState& state, std::uint8_t kind) {
  EXPECT_TRUE(flight.pass(state));
  Frame frame = flight.frame;
  const rs41::BlockList blocks = rs41::walk_blocks(frame.bytes);
  for (const rs41::Block& block : blocks.all()) {
    if (block.kind == kind) frame.bytes[block.at + 1] ^= 0x10;
  }
  return frame;
}

TEST(Rs41, ABadChecksumDropsThatBlocksFieldsOnly) {
  Rs41Flight flight;
  ASSERT_TRUE(flight.fly(0, 55));
  const auto parse = [&](int second, std::uint8_t kind) {
    return flight.decoder->parse(with_bad_block(flight, rs41_state(second), kind), {});
  };
  const auto no_sensors = parse(55, rs41::kMeasurement);
  ASSERT_TRUE(no_sensors);
  EXPECT_FALSE(no_sensors->temperature_c || no_sensors->humidity_pct || no_sensors->pressure_hpa);
  EXPECT_TRUE(no_sensors->position && no_sensors->datetime);
  EXPECT_EQ(no_sensors->hold_reason, "");
  const auto no_time = parse(56, rs41::kGpsInfo);
  ASSERT_TRUE(no_time);
  EXPECT_FALSE(no_time->datetime);
  EXPECT_TRUE(no_time->position && no_time->temperature_c);
  EXPECT_EQ(no_time->hold_reason, "no time");
  const auto no_place = parse(57, rs41::kPosition);
  ASSERT_TRUE(no_place);
  EXPECT_FALSE(no_place->position || no_place->satellites || no_place->velocity_h_mps);
  EXPECT_TRUE(no_place->datetime && no_place->temperature_c);
  EXPECT_EQ(no_place->hold_reason, "no position");
  EXPECT_FALSE(parse(58, rs41::kStatus)) << "nobody knows whose record this would be";
}

// The new board sends no pressure; its humidity needs the height from block 0x82.
TEST(Rs41, NewBoardUsesItsHeightForHumidity) {
  Rs41Flight flight({"", "X", 403e6, "", false});
  const auto t = flight.fly(0, 60);
  ASSERT_TRUE(t && t->humidity_pct);
  EXPECT_NEAR(static_cast<double>(*t->humidity_pct), 31, 0.1);
  EXPECT_EQ(t->time_reference, TimeReference::kUtc);
  EXPECT_EQ(t->datetime, rs41_state(59).utc);
  EXPECT_EQ(t->satellites, 9);
}

}  // namespace
}  // namespace omnisonde
