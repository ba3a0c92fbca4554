// M10 and M20: worked examples, all variants from encoder to decoder, what must not be uploaded.
#include "decoders/geo/gps_time.hpp"
#include "tests/decoders/m10_air.hpp"

namespace omnisonde {
namespace {

using m10_test::Bytes;
using m10_test::checked;
using m10_test::chips_of;
using m10_test::kNow;
using m10_test::Station;
using test::hex_bytes;

TEST(M10, ChecksumHasItsCheckValues) {
  EXPECT_EQ(m10::checksum(Bytes{0x64}), 0x003E);
  EXPECT_EQ(m10::checksum(Bytes{'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xF6D4);
  EXPECT_EQ(m10::checksum({}), 0);
}

TEST(M10, IsFoundUnderBothNames) {
  EXPECT_EQ(find_sonde_type("m20"), find_sonde_type("M10"));
  EXPECT_NE(find_sonde_type("M20"), nullptr);
  const auto names = sonde_type_names();
  EXPECT_EQ(std::ranges::count(names, "M20"), 1);
  EXPECT_EQ(std::ranges::count(names, "M10"), 1);
}

void expect_example(const Telemetry& t) {
  EXPECT_EQ(t.frame_number, 1476532818U);
  EXPECT_EQ(t.hold_reason, "");
  EXPECT_EQ(t.manufacturer, "Meteomodem");
  EXPECT_EQ(t.height_reference, HeightReference::kEllipsoid);
  ASSERT_TRUE(t.position);
  EXPECT_NEAR(t.position->latitude_deg, 48.25, 1e-7);
  EXPECT_NEAR(t.position->longitude_deg, 11.55, 1e-7);
  EXPECT_NEAR(t.position->altitude_m, 12'000, 1e-6);
  EXPECT_NEAR(t.velocity_h_mps.value(), 18.0, 0.005);
  EXPECT_NEAR(t.heading_deg.value(), 78.0, 0.02);
  EXPECT_NEAR(t.velocity_v_mps.value(), 5.2, 0.001);
  EXPECT_NEAR(t.temperature_c.value(), -56.5, 0.05);
  EXPECT_NEAR(t.humidity_pct.value(), 30.0, 0.05);
}

TEST(M10, WorkedExampleTrimble) {
  Station station;
  const auto t = station.receive_bytes(hex_bytes(m10_test::kTrimble));
  ASSERT_TRUE(t);
  expect_example(*t);
  EXPECT_EQ(t->type, "M10");
  EXPECT_EQ(t->serial, "310-2-11329");
  EXPECT_EQ(t->datetime, kNow);
  EXPECT_EQ(t->time_reference, TimeReference::kUtc);
  EXPECT_EQ(t->satellites, 10);
  EXPECT_NEAR(t->battery_v.value(), 5.2, 0.005);
  EXPECT_FALSE(t->pressure_hpa);
}

TEST(M10, WorkedExampleGtop) {
  Station station;
  const auto t = station.receive_bytes(hex_bytes(m10_test::kGtop));
  ASSERT_TRUE(t);
  expect_example(*t);
  EXPECT_EQ(t->type, "M10");
  EXPECT_EQ(t->serial, "310-2-11329");
  EXPECT_EQ(t->datetime, kNow);
  EXPECT_FALSE(t->satellites);
  EXPECT_NEAR(t->battery_v.value(), 5.2, 0.005);
}

TEST(M10, WorkedExamplesM20) {
  for (const bool seven : {false, true}) {
    Station station;
    const auto t = station.receive_bytes(hex_bytes(seven ? m10_test::kM20Seven : m10_test::kM20));
    ASSERT_TRUE(t);
    expect_example(*t);
    EXPECT_EQ(t->type, "M20");
    EXPECT_EQ(t->serial, "911-2-00059");
    EXPECT_EQ(t->datetime, UtcMillis{kNow.ms + 18'000});
    EXPECT_EQ(t->time_reference, TimeReference::kGps);
    EXPECT_FALSE(t->satellites);
    EXPECT_NEAR(t->pressure_hpa.value(), seven ? 182.48 : 182.5, 0.002);
    EXPECT_NEAR(t->battery_v.value(), 2.90, 0.01);
  }
}

// The sheet's symbols around the sync for a first byte 0x64.
TEST(M10, ChipsAroundTheSync) {
  const Bytes chips = chips_of({0x64});
  std::string text;
  for (const std::uint8_t chip : chips) text += chip != 0 ? '1' : '0';
  EXPECT_EQ(text,
            "11001100"
            "1010011001001100"
            "1101010011010011");
  auto tx = sim::make_transmitter("M10", {});
  const auto symbols = tx->next_frame(test::burst_state(1));
  EXPECT_EQ(test::find_bits(symbols, text.substr(0, 28)), 302U);
  EXPECT_EQ(symbols.size(), 310 + 16 + 16 * 101U);
}

struct Case {
  const char* type;
  const char* variant;
  const char* serial;
  const char* xdata;
};

class M10Variants : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    All, M10Variants,
    testing::Values(Case{"M10", "", "", ""}, Case{"M10", "Gtop", "F12-A-78191", ""},
                    Case{"M10", "Trimble/66", "001-0-00001", ""},
                    Case{"M10", "Trimble/76", "310-2-11329", ""}, Case{"M10", "Gtop/76", "", ""},
                    Case{"M20", "", "", ""}, Case{"M20", "43", "", ""},
                    Case{"M20", "6", "012-8-18191", ""}, Case{"M20", "7", "", ""},
                    Case{"M20", "12", "405-1-00001", ""}, Case{"M20", "5", "", "0501ABCDEF"},
                    Case{"M20", "5", "", "AB"}, Case{"M20", "5", "", "AB01"},
                    Case{"M20", "7", "", "0102030405060708090A0B0C"}, Case{"M20", "7", "", "FF"},
                    Case{"M10", "M20/7", "",
                         "00112233445566778899AABBCCDDEEFF00112233445566778899"}));

void expect_truth(const Telemetry& got, Telemetry want) {
  const auto near = [](std::optional<float> a, std::optional<float> b, float by, const char* what) {
    ASSERT_EQ(a.has_value(), b.has_value()) << what;
    if (a) {
      EXPECT_NEAR(*a, *b, by) << what;
    }
  };
  // Steps of the 12-bit and 8-bit readings, coarser than other types'.
  near(got.temperature_c, want.temperature_c, 0.1F, "temp");
  near(got.humidity_pct, want.humidity_pct, 0.15F, "humidity");
  near(got.pressure_hpa, want.pressure_hpa, 0.032F, "pressure");
  near(got.battery_v, want.battery_v, 0.007F, "batt");
  near(got.heading_deg, want.heading_deg, 0.3F, "heading");
  want.temperature_c = got.temperature_c;
  want.humidity_pct = got.humidity_pct;
  want.pressure_hpa = got.pressure_hpa;
  want.battery_v = got.battery_v;
  want.heading_deg = got.heading_deg;
  test::expect_same(got, want);
}

std::vector<sim::FlightState> edge_states() {
  std::vector<sim::FlightState> states;
  for (int i = 0; i < 12; ++i) states.push_back(test::burst_state(i));
  states[1].position = {-33.9, -70.8, -120};
  states[2].position = {89.9, 179.999, 38'000};
  states[3].velocity_north_mps = -80;
  states[3].velocity_up_mps = -45;
  states[4].velocity_east_mps = -60.5;
  states[5].temperature_c = -85;
  states[5].humidity_pct = 0.5;
  states[6].temperature_c = 38;
  states[6].humidity_pct = 97;
  states[6].pressure_hpa = 1023;
  states[7].satellites = 0;
  states[8].satellites = 3;
  states[9].utc = from_civil({2026, 12, 31, 23, 59, 59});
  states[9].pressure_hpa = 5.5;
  states[10].utc = from_civil({2028, 2, 29, 0, 0, 0});
  states[10].temperature_c = -3;
  states[11].battery_v = 2.0;
  return states;
}

TEST_P(M10Variants, EveryFieldRoundTrips) {
  const Case& c = GetParam();
  sim::SondeIdentity identity = test::named(c.serial, c.variant);
  identity.xdata = c.xdata;
  test::BurstFlight flight(c.type, identity);
  for (const sim::FlightState& state : edge_states()) {
    const auto llr = test::to_llr(flight.bits(state));
    const std::size_t bits = flight.decoder->frame_bits(llr);
    const auto got =
        flight.receive({llr.begin(), llr.begin() + static_cast<std::ptrdiff_t>(bits)}, state.utc);
    ASSERT_TRUE(got);
    const auto truth = flight.tx->take_truth();
    ASSERT_EQ(truth.size(), 1U);
    expect_truth(*got, truth[0]);
    EXPECT_EQ(flight.frame.bits_corrected, 0);
    if (*c.serial != 0) {
      EXPECT_EQ(got->serial, c.serial);
    }
  }
}

TEST(M10, LongestXdata) {
  const Bytes xdata(64, 0xC3);
  const Bytes frame = sim::m10::m20_frame(sim::m10::variant_of("M20/7"), "911-2-00059", 1, xdata,
                                          test::burst_state(0));
  ASSERT_EQ(frame.size(), m10::kMostBytes);
  Station station;
  const auto t = station.receive_bytes(frame);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->xdata.size(), 128U);
  EXPECT_EQ(t->xdata.substr(0, 4), "C3C3");
  EXPECT_EQ(station.decoder->frame_bits(test::to_llr(chips_of(frame))),
            find_sonde_type("M10")->spec->max_frame_bits);
}

TEST(M10, PilotSondeIsForTheLogAlone) {
  Station station;
  const sim::FlightState state = test::burst_state(0);
  const auto t = station.receive_bytes(sim::m10::pilot_frame(state), state.utc);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "PilotSonde");
  EXPECT_EQ(t->subtype, "M10");
  EXPECT_EQ(t->serial, "");
  EXPECT_EQ(t->satellites, 9);
  EXPECT_EQ(t->datetime, state.utc);
  EXPECT_NEAR(t->position.value().altitude_m, state.position.altitude_m, 0.006);
  EXPECT_NE(t->hold_reason, "");
  // Its length byte differs from the others' in the search pattern already.
  const auto chips = test::to_llr(chips_of(sim::m10::pilot_frame(state)));
  EXPECT_EQ(station.decoder->frame_bits(chips), m10::frame_chips(47));
}

std::string hold_of(Bytes frame, std::size_t at, std::uint8_t value) {
  frame[at] = value;
  Station station;
  const auto t = station.receive_bytes(checked(frame));
  return t ? t->hold_reason : "no frame";
}

TEST(M10, HoldsBackWhatMustNotBeUploaded) {
  const Bytes trimble = hex_bytes(m10_test::kTrimble), gtop = hex_bytes(m10_test::kGtop);
  EXPECT_EQ(hold_of(trimble, 0x02, 0x20), "");
  EXPECT_EQ(hold_of(trimble, 0x02, 0x23), "no fix");
  EXPECT_EQ(hold_of(trimble, 0x1D, 0x01), "no fix");
  EXPECT_EQ(hold_of(trimble, 0x1E, 3), "fewer than 4 satellites");
  EXPECT_EQ(hold_of(trimble, 0x16, 0x7F), "altitude outside -500..50000 m");
  EXPECT_EQ(hold_of(trimble, 0x0E, 0x7F), "no fix");  // beyond the pole
  EXPECT_EQ(hold_of(trimble, 0x20, 0xFF), "no time");
  EXPECT_EQ(hold_of(gtop, 0x19, 0xFF), "no time");
  EXPECT_EQ(hold_of(trimble, 1, 0x49), "no frame");  // satellite levels
  EXPECT_EQ(hold_of(trimble, 1, 0x8F), "no frame");  // M2K2
  EXPECT_EQ(hold_of(hex_bytes(m10_test::kM20), 1, 0x9F), "no frame");
  Bytes none = trimble;
  std::fill(none.begin() + 0x5D, none.begin() + 0x62, std::uint8_t{0});
  EXPECT_EQ(hold_of(none, 0x02, 0x20), "no serial programmed");
  Bytes flat = gtop;
  flat[0x0C] = flat[0x0D] = 0;
  EXPECT_EQ(hold_of(flat, 0x0E, 0), "altitude is exactly 0 m");
}

TEST(M10, M20HoldsBackWhatMustNotBeUploaded) {
  const Bytes frame = hex_bytes(m10_test::kM20);
  EXPECT_EQ(hold_of(frame, 0x0F, 0x09), "no time");  // 604800 s is 0x093A80
  EXPECT_EQ(hold_of(frame, 0x1A, 0xFF), "no time");
  Bytes lost = frame;
  std::fill(lost.begin() + 0x1C, lost.begin() + 0x24, std::uint8_t{0});
  EXPECT_EQ(hold_of(lost, 0x26, 1), "no fix");
}

TEST(M10, TheClockCompletesTheWeek) {
  Bytes frame = hex_bytes(m10_test::kTrimble);
  const unsigned week = (static_cast<unsigned>(frame[0x20]) << 8 | frame[0x21]) - 1024;
  frame[0x20] = static_cast<std::uint8_t>(week >> 8);
  frame[0x21] = static_cast<std::uint8_t>(week & 0xFFU);
  frame = checked(frame);
  Station station;
  EXPECT_EQ(station.receive_bytes(frame)->datetime, kNow);
  EXPECT_EQ(station.receive_bytes(frame, UtcMillis{0})->datetime, kNow);  // clock not set
  const UtcMillis later{kNow.ms + 900 * geo::kWeek_ms};
  EXPECT_EQ(station.receive_bytes(frame, later)->datetime,
            UtcMillis{kNow.ms + 1024 * geo::kWeek_ms});
  // A recording of years ago is what it says.
  EXPECT_EQ(station.receive_bytes(hex_bytes(m10_test::kM20), from_civil({2027, 1, 1}))->datetime,
            UtcMillis{kNow.ms + 18'000});
}

TEST(M10, LeapSecondsComeFromATableUntilTheReceiverKnowsThem) {
  Bytes frame = hex_bytes(m10_test::kTrimble);
  frame[0x1F] = 0;
  Station station;
  EXPECT_EQ(station.receive_bytes(checked(frame))->datetime, kNow);
}

TEST(M10, FastVelocityScaleOfTheTrimblePacket) {
  Bytes frame = hex_bytes(m10_test::kTrimble);
  frame[0x1A] = 1;
  Station station;
  EXPECT_NEAR(station.receive_bytes(checked(frame))->velocity_v_mps.value(), 20.8, 0.01);
}

TEST(M10, AnM20ThatWasNeverProgrammedGetsTheNetworksName) {
  Bytes frame = hex_bytes(m10_test::kM20);
  frame[0x12] = frame[0x13] = frame[0x14] = 0;
  Station station;
  const auto t = station.receive_bytes(checked(frame));
  const unsigned difference = (1476532818U - frame[0x15]) & 0xFFU;
  char text[32];
  std::snprintf(text, sizeof text, "000-0-00000-%03u", difference);
  EXPECT_EQ(t->serial, text);
}

TEST(M10, SensorsThatCannotBeRightAreLeftOut) {
  Bytes frame = hex_bytes(m10_test::kTrimble);
  frame[0x3E] = 3;
  Station station;
  auto t = station.receive_bytes(checked(frame));
  EXPECT_FALSE(t->temperature_c);
  EXPECT_FALSE(t->humidity_pct);
  EXPECT_EQ(t->hold_reason, "");
  Bytes m20 = hex_bytes(m10_test::kM20);
  m20[0x24] = m20[0x25] = 0;
  m20[0x05] |= 0x30;  // range 3
  t = station.receive_bytes(checked(m20));
  EXPECT_FALSE(t->temperature_c);
  EXPECT_FALSE(t->pressure_hpa);
}

}  // namespace
}  // namespace omnisonde
