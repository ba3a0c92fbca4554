#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/fec/sha256.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/imet_identity.hpp"
#include "decoders/sondes/imet_packets.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/frame_damage.hpp"

namespace omnisonde {
namespace {

using imet::Model;

// Worked example of the format's description: frame 1501, 12:00:18 GPS time, 2026-10-20.
constexpr std::string_view kGps = "010200004142cdcc38c16842090c0012f4cd";
constexpr std::string_view kPtux = "0104dd05484700eee9b80b33ebf64ff784ead81f";
constexpr std::string_view kXdata = "01030801010d480a5a5f80b46c";
constexpr std::string_view kPtu = "0101dd05484700eee9b80b33ad16";
constexpr std::string_view kGpsx = "010500004142cdcc38c1684209526a79c1000010c16666a6400c0012477a";
// From real sondes (published).
constexpr std::string_view kRealGps = "010264dd03427ce20e42b2280c12000a9b35";
constexpr std::string_view kRealPtux = "01043604d2c900a2f84605342800280096f8e70f";

std::vector<std::uint8_t> from_hex(std::string_view hex) {
  std::vector<std::uint8_t> out;
  std::string digits;
  for (const char c : hex) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) digits += c;
  }
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return out;
}

std::vector<std::uint8_t> join(std::initializer_list<std::string_view> packets) {
  std::vector<std::uint8_t> out;
  for (const std::string_view packet : packets) {
    const auto bytes = from_hex(packet);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

std::vector<std::uint8_t> on_air(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> bits(imet::kMarks, 1);
  for (const std::uint8_t byte : bytes) {
    bits.push_back(0);
    for (unsigned i = 0; i < 8; ++i) bits.push_back(byte >> i & 1U);
    bits.push_back(1);
  }
  bits.resize(imet::kFrameBits, 1);
  return bits;
}

constexpr std::int64_t kNoon = 1'792'497'600'000;  // 2026-10-20T12:00:00Z

std::optional<Telemetry> decode(SondeDecoder& decoder, test::Llrs llr,
                                Effort effort = Effort::kHard, std::int64_t received = kNoon,
                                double frequency_hz = 403.02e6) {
  Frame frame;
  if (!decoder.correct(llr, effort, frame)) return std::nullopt;
  return decoder.parse(frame, {.received = {received}, .frequency_hz = frequency_hz});
}

std::unique_ptr<SondeDecoder> make() { return find_sonde_type("iMet-4")->make(); }

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(fec::sha256("")[0], 0xE3);
  const auto abc = fec::sha256("abc");  // FIPS 180-4's example
  EXPECT_EQ(abc[0], 0xBA);
  EXPECT_EQ(abc[31], 0xAD);
  EXPECT_EQ(fec::sha256(std::string(200, 'x')), fec::sha256(std::string(200, 'x')));
  // Two blocks: "abcdbcdecdef...nopq" of the standard.
  const auto two = fec::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  EXPECT_EQ(two[0], 0x24);
  EXPECT_EQ(two[31], 0xC1);
}

TEST(Imet4, WorkedExample) {
  const auto decoder = make();
  const auto t = decode(*decoder, test::to_llr(on_air(join({kGps, kPtux, kXdata}))));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->frame_number, 1501U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:18.000Z");
  EXPECT_EQ(t->time_reference, TimeReference::kGps);
  EXPECT_EQ(t->height_reference, HeightReference::kMeanSeaLevel);
  EXPECT_DOUBLE_EQ(t->position->latitude_deg, 48.25);
  EXPECT_NEAR(t->position->longitude_deg, -11.55, 1e-6);
  EXPECT_DOUBLE_EQ(t->position->altitude_m, 12000);
  EXPECT_EQ(t->satellites, 9);
  EXPECT_NEAR(*t->pressure_hpa, 182.48F, 1e-4);
  EXPECT_NEAR(*t->temperature_c, -56.50F, 1e-4);
  EXPECT_NEAR(*t->humidity_pct, 30.00F, 1e-4);
  EXPECT_NEAR(*t->battery_v, 5.1F, 1e-5);
  EXPECT_EQ(t->xdata, "01010D480A5A5F80");
  EXPECT_FALSE(t->velocity_h_mps);
  EXPECT_EQ(t->hold_reason, kSerialUnknown);
}

TEST(Imet4, OtherPacketsOfTheExample) {
  const auto decoder = make();
  const auto t = decode(*decoder, test::to_llr(on_air(join({kGpsx, kPtu, kXdata, kXdata}))));
  ASSERT_TRUE(t);
  EXPECT_NEAR(*t->velocity_h_mps, 18, 1e-3);
  EXPECT_NEAR(*t->heading_deg, 240, 1e-3);
  EXPECT_NEAR(*t->velocity_v_mps, 5.2, 1e-5);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:18.000Z");
  EXPECT_NEAR(*t->temperature_c, -56.50F, 1e-4);
  EXPECT_EQ(t->xdata, "01010D480A5A5F80#01010D480A5A5F80");
}

TEST(Imet4, RealPackets) {
  const auto decoder = make();
  const auto t = decode(*decoder, test::to_llr(on_air(join({kRealGps, kRealPtux}))), Effort::kHard,
                        kNoon + 6 * 3'600'000);
  ASSERT_TRUE(t);
  EXPECT_NEAR(t->position->latitude_deg, 32.966202, 1e-6);
  EXPECT_NEAR(t->position->longitude_deg, 35.721176, 1e-6);
  EXPECT_DOUBLE_EQ(t->position->altitude_m, 5418);
  EXPECT_EQ(t->satellites, 12);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T18:00:10.000Z");
  EXPECT_EQ(t->frame_number, 1078U);
  EXPECT_NEAR(*t->pressure_hpa, 516.66F, 1e-3);
  EXPECT_NEAR(*t->temperature_c, -18.86F, 1e-4);
  EXPECT_NEAR(*t->humidity_pct, 13.50F, 1e-4);
  EXPECT_NEAR(*t->battery_v, 5.2F, 1e-5);
}

TEST(Imet4, IdOfTheExample) {
  const UtcMillis time{kNoon + 18'000};
  EXPECT_EQ(imet::public_id({time.ms - 1501'000}, 403.02e6), "41F6F3DD");
  EXPECT_EQ(imet::public_id({time.ms - 750'000}, 403.02e6), "D5A727A7");
}

TEST(Imet4, ModelAndIdByTimeAgainstNumber) {
  for (const Model model : {Model::kImet4, Model::kImet1}) {
    for (std::uint16_t first = 100; first < 104; ++first) {
      imet::Identity identity;
      const int step = model == Model::kImet1 ? 2 : 1;
      for (int s = 0; s < 4; ++s) {
        identity.add({kNoon + s * 1000}, static_cast<std::uint16_t>(first + step * s), 403e6);
        EXPECT_FALSE(identity.model());
        EXPECT_EQ(identity.serial(), "");
      }
      identity.add({kNoon + 4000}, static_cast<std::uint16_t>(first + step * 4), 403e6);
      EXPECT_EQ(identity.model(), model);
      const int up = model == Model::kImet1 ? first / 2 : first;
      EXPECT_EQ(identity.serial(), imet::public_id({kNoon - up * 1000}, 403e6));
    }
  }
}

TEST(Imet4, ASecondOfJitterKeepsTheId) {
  imet::Identity identity;
  for (int s = 0; s < 6; ++s)
    identity.add({kNoon + s * 1000}, static_cast<std::uint16_t>(50 + s), 403e6);
  const std::string serial = identity.serial();
  ASSERT_NE(serial, "");
  identity.add({kNoon + 8000}, 57, 403e6);
  EXPECT_EQ(identity.serial(), serial);
  // Another sonde in between is neither this one nor any, yet.
  const std::uint32_t epoch = identity.epoch();
  identity.add({kNoon + 9000}, 4000, 403e6);
  EXPECT_EQ(identity.serial(), "");
  EXPECT_NE(identity.epoch(), epoch);
  identity.add({kNoon + 10'000}, 60, 403e6);
  EXPECT_EQ(identity.serial(), serial);
  EXPECT_EQ(identity.epoch(), epoch);
  for (int s = 0; s < 5; ++s)
    identity.add({kNoon + 20'000 + s * 1000}, static_cast<std::uint16_t>(4011 + s), 403e6);
  EXPECT_EQ(identity.serial(), imet::public_id({kNoon + 20'000 - 4'011'000}, 403e6));
}

TEST(Imet4, DateIsTheOneNearestToTheClock) {
  const auto at = [](int hour, std::int64_t received) {
    auto gps = from_hex(kGps);
    gps[13] = static_cast<std::uint8_t>(hour);
    const std::uint16_t crc = imet::packet_crc(std::span(gps).first(16));
    gps[16] = static_cast<std::uint8_t>(crc >> 8);
    gps[17] = static_cast<std::uint8_t>(crc);
    const auto ptu = from_hex(kPtux);
    gps.insert(gps.end(), ptu.begin(), ptu.end());
    const auto decoder = make();
    const auto t = decode(*decoder, test::to_llr(on_air(gps)), Effort::kHard, received);
    return t && t->datetime ? to_iso8601(*t->datetime).substr(0, 13) : std::string();
  };
  EXPECT_EQ(at(0, kNoon + 12 * 3'600'000 - 10'000), "2026-10-21T00");
  EXPECT_EQ(at(23, kNoon + 12 * 3'600'000 + 10'000), "2026-10-20T23");
  EXPECT_EQ(at(24, kNoon), "");
  EXPECT_EQ(at(12, 1000), "");  // no clock
}

TEST(Imet4, EveryVariantOfTheEncoder) {
  for (const std::string variant : {"", "PTU", "GPSX", "iMet-1", "iMet-1/PTU/GPSX"}) {
    sim::SondeIdentity who;
    who.variant = variant;
    who.frequency_hz = 402.5e6;
    who.xdata = "0A01FF#05020102";
    const auto tx = sim::make_transmitter("iMet-4", who);
    const auto decoder = make();
    for (int s = 0; s < 8; ++s) {
      sim::FlightState state;
      state.utc = {kNoon + s * 1000};
      state.position = {-33.5 + s, 179.9999, s == 3 ? -400.0 : s == 4 ? 45'000.0 : 800.0 * s + 1};
      state.velocity_north_mps = -3;
      state.velocity_east_mps = -4;
      state.velocity_up_mps = -7.5;
      state.temperature_c = -89.99 + 20 * s;
      state.humidity_pct = 12.5 * s;
      state.pressure_hpa = s == 0 ? 3.51 : 1050.0;
      const auto bits = tx->next_frame(state);
      // The first start bit ends the lead.
      const auto start =
          static_cast<std::size_t>(std::find(bits.begin(), bits.end(), 0) - bits.begin());
      test::Llrs llr = test::to_llr(std::span(bits).subspan(start - imet::kMarks));
      llr.resize(imet::kFrameBits, 8);
      const auto got = decode(*decoder, llr, Effort::kHard, state.utc.ms, 402.5e6);
      const Telemetry want = tx->take_truth().at(0);
      ASSERT_TRUE(got);
      EXPECT_EQ(got->frame_number, want.frame_number);
      EXPECT_EQ(got->datetime, want.datetime);
      EXPECT_NEAR(got->position->latitude_deg, want.position->latitude_deg, 4e-6);
      EXPECT_NEAR(got->position->longitude_deg, want.position->longitude_deg, 1e-5);
      EXPECT_NEAR(got->position->altitude_m, want.position->altitude_m, 0.51);
      EXPECT_NEAR(*got->temperature_c, *want.temperature_c, 0.006);
      EXPECT_NEAR(*got->humidity_pct, *want.humidity_pct, 0.006);
      EXPECT_NEAR(*got->pressure_hpa, *want.pressure_hpa, 0.006);
      EXPECT_NEAR(*got->battery_v, *want.battery_v, 0.051);
      EXPECT_EQ(got->satellites, want.satellites);
      EXPECT_EQ(got->xdata, want.xdata);
      EXPECT_EQ(got->velocity_h_mps.has_value(), want.velocity_h_mps.has_value());
      if (s < 4) continue;
      EXPECT_EQ(got->type, want.type);
      EXPECT_EQ(got->serial, want.serial);
      EXPECT_EQ(got->hold_reason, "");
    }
  }
}

TEST(Imet1, WideFormCountsTwiceASecondUnlessToldOtherwise) {
  for (const std::string variant : {"", "iMet-4"}) {
    sim::SondeIdentity who;
    who.variant = variant;
    const auto tx = sim::make_transmitter("iMet-1", who);
    EXPECT_EQ(tx->modem().channel_rate_hz, find_sonde_type("iMet-1")->spec->modem.channel_rate_hz);
    sim::FlightState state;
    state.utc = {kNoon};
    tx->next_frame(state);
    EXPECT_EQ(tx->take_truth().at(0).type, variant.empty() ? "iMet-1" : "iMet-4");
  }
}

TEST(Imet4, HoldsWhatMustNotBeSent) {
  sim::FlightState state;
  state.utc = {kNoon};
  state.satellites = 3;
  const auto tx = sim::make_transmitter("iMet-4", {});
  const auto bits = tx->next_frame(state);
  const auto start =
      static_cast<std::size_t>(std::find(bits.begin(), bits.end(), 0) - bits.begin());
  test::Llrs llr = test::to_llr(std::span(bits).subspan(start - imet::kMarks));
  const auto decoder = make();
  const auto got = decode(*decoder, llr);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->hold_reason, "no position");
}

TEST(Imet4, WeakBitsAreRepairedWithinTheBound) {
  const auto clean = test::to_llr(on_air(join({kGps, kPtux, kXdata})));
  for (const std::size_t bit : {23U, 77U, 161U}) {
    const std::size_t at = imet::kMarks + 10 * (bit / 8) + 1 + bit % 8;
    test::Llrs llr = clean;
    llr[at] = llr[at] > 0 ? -0.5F : 0.5F;
    const auto decoder = make();
    EXPECT_FALSE(decode(*decoder, llr, Effort::kHard));
    const auto t = decode(*decoder, llr, Effort::kErasures);
    ASSERT_TRUE(t);
    EXPECT_EQ(t->frame_number, 1501U);
    EXPECT_DOUBLE_EQ(t->position->latitude_deg, 48.25);
    // A strong error is beyond it.
    llr[at] *= 40;
    EXPECT_FALSE(decode(*decoder, llr, Effort::kDeep));
  }
}

TEST(Imet4, DamagedXdataLosesNothingElse) {
  test::Llrs llr = test::to_llr(on_air(join({kGps, kPtux, kXdata})));
  for (std::size_t i = 0; i < 40; i += 3) llr[imet::kMarks + 410 + i] *= -1;
  const auto decoder = make();
  const auto t = decode(*decoder, llr);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->xdata, "");
}

TEST(Imet4, MeasurementAloneIsNoRecord) {
  const auto decoder = make();
  EXPECT_FALSE(decode(*decoder, test::to_llr(on_air(join({kPtux})))));
  EXPECT_FALSE(decode(*decoder, test::to_llr(on_air(join({kGps})))));
}

// Two CRC-16 must hold: one in 4e9 frames of noise, some ten times that with the trials.
TEST(Imet4, NoiseIsNeverAFrame) {
  std::mt19937 random(5);
  const auto decoder = make();
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_FALSE(decode(*decoder, test::noise_only(imet::kFrameBits, random), Effort::kErasures));
  }
}

}  // namespace
}  // namespace omnisonde
