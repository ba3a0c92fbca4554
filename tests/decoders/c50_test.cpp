#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "decoders/sonde.hpp"
#include "decoders/sondes/c50_packet.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/frame_damage.hpp"

namespace omnisonde {
namespace {

using c50::Model;
constexpr std::int64_t kNoon = 1'792'497'600'000;  // 2026-10-20T12:00:00Z

// Worked example of the format's description: one second.
constexpr std::string_view kExample[] = {
    "00FF64000017D75206", "00FF03C262000027C2", "00FF1041F0000041DB", "00FF1941900000EACE",
    "00FF1A429C0000F8A1", "00FF1B0000290E5218", "00FF14000311426A2E", "00FF150001D4C0AA2B",
    "00FF161CB31B606072", "00FF1706C0D220CF70", "00FF180001D4C0AD1C",
};

test::Llrs on_air(const std::vector<std::uint8_t>& bytes, Model model = Model::kC50) {
  std::vector<std::uint8_t> bits;
  for (const std::uint8_t byte : bytes) {
    bits.push_back(0);
    for (unsigned i = 0; i < 8; ++i) bits.push_back(byte >> i & 1U);
    bits.insert(bits.end(), model == Model::kC50 ? 1 : 3, 1);
  }
  return test::to_llr(bits);
}

test::Llrs on_air(std::string_view hex) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return on_air(bytes);
}

test::Llrs packet(std::uint8_t id, std::uint32_t value, Model model = Model::kC50) {
  std::vector<std::uint8_t> bytes = {0x00, 0xFF, id};
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  const auto check = c50::check_bytes(std::span<const std::uint8_t, 5>(bytes.data() + 2, 5));
  bytes.insert(bytes.end(), check.begin(), check.end());
  return on_air(bytes, model);
}

struct Station {
  explicit Station(std::string_view type = "SRS-C50") : decoder(find_sonde_type(type)->make()) {}

  std::optional<Telemetry> hear(test::Llrs llr, Effort effort = Effort::kHard) {
    Frame frame;
    now_ms += 40;
    if (!decoder->correct(llr, effort, frame)) return std::nullopt;
    return decoder->parse(frame, {.received = {now_ms}, .frequency_hz = 403e6});
  }
  std::optional<Telemetry> hear_example(std::size_t without = 99) {
    std::optional<Telemetry> last;
    for (std::size_t i = 0; i < std::size(kExample); ++i) {
      if (i == without)
        now_ms += 40;
      else
        last = hear(on_air(kExample[i]));
    }
    return last;
  }

  std::unique_ptr<SondeDecoder> decoder;
  std::int64_t now_ms = kNoon;
};

TEST(C50, WorkedExample) {
  Station station;
  const auto t = station.hear_example();
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "SRS-C50");
  EXPECT_EQ(t->manufacturer, "Meteolabor");
  EXPECT_EQ(t->serial, "6103");
  EXPECT_EQ(t->frame_number, 1'476'532'800U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:00.000Z");
  EXPECT_EQ(t->time_reference, TimeReference::kUtc);
  EXPECT_EQ(t->height_reference, HeightReference::kMeanSeaLevel);
  EXPECT_NEAR(t->position->latitude_deg, 48.25, 1e-9);
  EXPECT_NEAR(t->position->longitude_deg, 11.55, 1e-9);
  EXPECT_NEAR(t->position->altitude_m, 12000, 1e-6);
  EXPECT_FLOAT_EQ(*t->temperature_c, -56.5F);
  EXPECT_FLOAT_EQ(*t->humidity_pct, 30);
  EXPECT_FLOAT_EQ(*t->velocity_h_mps, 18);
  EXPECT_FLOAT_EQ(*t->heading_deg, 78);
  EXPECT_EQ(t->satellites, 10);
  EXPECT_EQ(t->hold_reason, "");
}

TEST(C50, PositionOfAnotherSecondIsNotUsed) {
  for (const std::size_t lost : {7U, 8U, 9U}) {
    Station station;
    ASSERT_TRUE(station.hear_example());
    station.now_ms = kNoon + 1000;
    EXPECT_FALSE(station.hear_example(lost)) << lost;
  }
  // Sensors come and go; the date lasts.
  Station station;
  ASSERT_TRUE(station.hear_example());
  station.now_ms = kNoon + 1000;
  EXPECT_FALSE(station.hear_example(1)->temperature_c);
  station.now_ms = kNoon + 2000;
  EXPECT_TRUE(station.hear_example(6));
  station.now_ms = kNoon + 3000;
  EXPECT_EQ(station.hear_example(0)->serial, "6103");
}

TEST(C50, HoldsWhatMustNotBeSent) {
  const auto with = [](std::uint8_t id, std::uint32_t value) {
    Station station;
    for (const std::string_view hex : kExample) {
      const auto is =
          static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(4, 2)), nullptr, 16));
      if (is != id) {
        if (const auto t = station.hear(on_air(hex))) return t->hold_reason;
      } else if (const auto t = station.hear(packet(id, value))) {
        return t->hold_reason;
      }
    }
    return std::string("no record");
  };
  EXPECT_EQ(with(0x16, 912'345'678), "position masked or impossible");  // 91 degrees
  EXPECT_EQ(with(0x16, 486'500'000), "position masked or impossible");  // 65 minutes
  EXPECT_EQ(with(0x18, 600'000), "impossible altitude");
  EXPECT_EQ(with(0x18, static_cast<std::uint32_t>(-2000)), "impossible altitude");
  EXPECT_EQ(with(0x1B, 10'503), "fewer than 4 satellites");
  EXPECT_EQ(with(0x64, 0), kSerialUnknown);
  EXPECT_EQ(with(0x15, 246'060), "no record");
  EXPECT_EQ(with(0x14, 310'226), "no record");  // 31 February
}

TEST(C50, NegativeDegreesEitherWay) {
  EXPECT_NEAR(c50::to_degrees(static_cast<std::uint32_t>(-482'500'000), Model::kC50, 90),
              -48 - 25.0 / 60, 1e-9);
  EXPECT_NEAR(c50::to_degrees(0x80000000U | 482'500'000U, Model::kC50, 90), -48 - 25.0 / 60, 1e-9);
  EXPECT_NEAR(c50::to_degrees(1'794'500'000U, Model::kC50, 180), 179 + 45.0 / 60, 1e-9);
  EXPECT_NEAR(c50::to_degrees(48'250'000U, Model::kC34, 90), 48 + 25.0 / 60, 1e-9);
}

TEST(C50, EncoderRound) {
  for (const std::string type : {"SRS-C50", "SRS-C34"}) {
    for (const std::string variant : {"", "sign"}) {
      const Model model = type == "SRS-C50" ? Model::kC50 : Model::kC34;
      sim::SondeIdentity who;
      who.variant = variant;
      who.serial = "65535";
      const auto tx = sim::make_transmitter(type, who);
      Station station(type);
      for (int s = 0; s < 5; ++s) {
        sim::FlightState state;
        state.utc = {kNoon + s * 1000};
        state.position = {-48.123456 + 24 * s, s == 4 ? 179.99999 : -8.5 * s,
                          s == 0 ? -99.9 : 9000.0 * s};
        state.velocity_east_mps = -12.5;
        state.temperature_c = -90.25 + 25 * s;
        state.humidity_pct = 25.0 * s;
        const auto bits = tx->next_frame(state);
        const Telemetry want = tx->take_truth().at(0);
        std::optional<Telemetry> got;
        const std::size_t length = c50::frame_bits(model);
        for (std::size_t at = 60; at + length <= bits.size() && bits[at] == 0; at += length) {
          station.now_ms = kNoon + s * 1000 + static_cast<std::int64_t>(at) * 10 / 24 - 40;
          got = station.hear(test::to_llr(std::span(bits).subspan(at, length)));
        }
        ASSERT_TRUE(got);
        EXPECT_EQ(got->serial, "65535");
        EXPECT_EQ(got->datetime, want.datetime);
        EXPECT_EQ(got->frame_number, want.frame_number);
        EXPECT_NEAR(got->position->latitude_deg, want.position->latitude_deg, 1e-6);
        EXPECT_NEAR(got->position->longitude_deg, want.position->longitude_deg, 1e-6);
        EXPECT_NEAR(got->position->altitude_m, want.position->altitude_m, 0.051);
        EXPECT_EQ(got->temperature_c, want.temperature_c);
        EXPECT_EQ(got->humidity_pct, want.humidity_pct);
        EXPECT_EQ(got->velocity_h_mps, want.velocity_h_mps);
        EXPECT_EQ(got->heading_deg, want.heading_deg);
        EXPECT_EQ(got->satellites, want.satellites);
        EXPECT_EQ(got->hold_reason, model == Model::kC50 ? "" : "the hub does not know this type");
      }
    }
  }
}

TEST(C50, WeakBitsAreRepairedStrongErrorsRefused) {
  const test::Llrs clean = on_air(kExample[8]);
  for (std::size_t bit = 21; bit < 29; ++bit) {
    test::Llrs llr = clean;
    llr[bit + 20] = llr[bit + 20] > 0 ? -0.5F : 0.5F;
    Frame frame;
    const auto decoder = find_sonde_type("SRS-C50")->make();
    test::Llrs work = llr;
    EXPECT_FALSE(decoder->correct(work, Effort::kHard, frame));
    work = llr;
    ASSERT_TRUE(decoder->correct(work, Effort::kErasures, frame));
    EXPECT_EQ(frame.bytes[1], 0x1C);
    llr[bit + 20] *= 40;
    EXPECT_FALSE(decoder->correct(llr, Effort::kDeep, frame));
  }
}

// The sums of a packet shifted by a bit are the shifted sums, but for carries.
TEST(C50, ABitEarlyOrLateIsNoPacket) {
  const auto decoder = find_sonde_type("SRS-C50")->make();
  for (const std::string_view hex : kExample) {
    test::Llrs stream(12, 8);
    for (const float x : on_air(hex)) stream.push_back(x);
    stream.resize(stream.size() + 12, 8);
    for (std::size_t from = 0; from <= 24; ++from) {
      test::Llrs llr(stream.begin() + static_cast<std::ptrdiff_t>(from),
                     stream.begin() + static_cast<std::ptrdiff_t>(from) + 90);
      Frame frame;
      EXPECT_EQ(decoder->correct(llr, Effort::kErasures, frame), from == 12);
    }
  }
}

// 16 check bits, 34 of framing with up to 5 wrong, 20 of 256 ids: far below one frame of noise in a
// million million; a record wants five packets of one second.
TEST(C50, NoiseIsNoPacket) {
  std::mt19937 random(3);
  Station station;
  int packets = 0;
  for (int i = 0; i < 200'000; ++i) {
    test::Llrs llr = test::noise_only(90, random);
    Frame frame;
    packets += station.decoder->correct(llr, Effort::kErasures, frame) ? 1 : 0;
  }
  EXPECT_EQ(packets, 0);
}

}  // namespace
}  // namespace omnisonde
