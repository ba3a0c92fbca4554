// The M12 pilot sonde. Its CRC-16 guards alone: at most six words are tried for a damaged frame,
// 6 / 65536 of them may pass wrongly; start and stop bits refuse noise before that.
#include "decoders/fec/crc.hpp"
#include "tests/decoders/burst_bench.hpp"

namespace omnisonde {
namespace {

using Bytes = std::vector<std::uint8_t>;
using test::Llrs;

const char* const kExample =
    "aaaaaa010a0302e03c9000b03d3000124f8006e10176020807270e0000031142007000b22c27241f20191a191d2b27"
    "2d"
    "8975";

Llrs cells(const Bytes& bytes) {
  Bytes bits;
  for (const std::uint8_t byte : bytes) {
    bits.push_back(0);
    for (unsigned bit = 0; bit < 8; ++bit) bits.push_back(byte >> bit & 1U);
    bits.push_back(1);
  }
  return test::to_llr(bits);
}

TEST(PilotSonde, ChecksumHasItsCheckValue) {
  const fec::Crc16 crc({.polynomial = 0x8005, .init = 0xFFFF, .reflected = true, .xor_out = 0});
  EXPECT_EQ(crc(Bytes{0xAA, 0xAA, 0xAA}), 0x3FAF);
}

TEST(PilotSonde, WorkedExample) {
  test::BurstFlight flight("M12");
  const auto t = flight.receive(cells(test::hex_bytes(kExample)), {});
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "PilotSonde");
  EXPECT_EQ(t->subtype, "M12");
  EXPECT_EQ(t->serial, "");
  EXPECT_EQ(t->datetime, from_civil({2026, 10, 20, 12, 0, 0}));
  EXPECT_EQ(t->satellites, 10);
  ASSERT_TRUE(t->position);
  EXPECT_NEAR(t->position->latitude_deg, 48.25, 1e-9);
  EXPECT_NEAR(t->position->longitude_deg, 11.55, 1e-9);
  EXPECT_NEAR(t->position->altitude_m, 12'000, 1e-6);
  EXPECT_NEAR(t->velocity_h_mps.value(), 18.0, 0.01);
  EXPECT_NEAR(t->heading_deg.value(), 78.0, 0.05);
  EXPECT_NEAR(t->velocity_v_mps.value(), 5.2, 0.001);
  EXPECT_EQ(t->hold_reason, "pilot sonde: no serial, and the hub knows no such type");
}

TEST(PilotSonde, EveryFieldRoundTrips) {
  test::BurstFlight flight("PilotSonde");
  for (int i = 0; i < 5; ++i) {
    sim::FlightState state = test::burst_state(i);
    state.utc.ms += 130;
    if (i == 1) state.position = {-77.8, -166.7, -12.5};
    if (i == 2) state.satellites = 0;
    if (i == 3) state.velocity_north_mps = -99, state.velocity_up_mps = -60;
    if (i == 4) state.utc = from_civil({2028, 2, 29, 23, 59, 59, 999});
    const auto got = flight.pass(state);
    ASSERT_TRUE(got);
    test::expect_same(*got, flight.tx->take_truth().at(0));
  }
}

TEST(PilotSonde, OneWeakBitIsTurnedRoundAndStrongOnesAreRefused) {
  std::mt19937 random(1);
  const Bytes frame = test::hex_bytes(kExample);
  int wrong = 0;
  for (int round = 0; round < 300; ++round) {
    test::BurstFlight flight("M12");
    Llrs llr = cells(frame);
    const std::size_t at = 10 * (4 + random() % 46) + 1 + random() % 8;
    llr[at] = llr[at] > 0 ? -0.5F : 0.5F;
    EXPECT_FALSE(flight.receive(llr, {}, Effort::kHard));
    ASSERT_TRUE(flight.receive(llr, {}, Effort::kErasures));
    EXPECT_EQ(flight.frame.bytes, frame);
    EXPECT_EQ(flight.frame.bits_corrected, 1);
    for (int i = 0; i < 3; ++i) llr[10 * (4 + random() % 46) + 1 + random() % 8] *= -2;
    if (flight.receive(llr, {}) && flight.frame.bytes != frame) ++wrong;
  }
  EXPECT_LE(wrong, 1);
}

TEST(PilotSonde, NoiseIsNoFrame) {
  test::BurstFlight flight("M12");
  std::mt19937 random(2);
  for (int round = 0; round < 5000; ++round) {
    EXPECT_FALSE(flight.receive(test::noise_only(500, random), {}));
    EXPECT_FALSE(flight.corrected);
  }
}

TEST(PilotSonde, ImpossibleClockAndPositionAreLeftOut) {
  test::BurstFlight flight("M12");
  Frame frame;
  frame.bytes = test::hex_bytes(kExample);
  frame.bytes[24] = 0xFF;  // hour beyond 23
  frame.bytes[6] = 0x7F;   // beyond the pole
  const auto t = flight.decoder->parse(frame, {});
  ASSERT_TRUE(t);
  EXPECT_FALSE(t->datetime);
  EXPECT_FALSE(t->position);
  EXPECT_FALSE(t->velocity_h_mps);
}

}  // namespace
}  // namespace omnisonde
