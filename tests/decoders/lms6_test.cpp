// LMS6 and LMSX: published frames, every variant and field, what is held back.
#include <fstream>

#include "decoders/byte_reader.hpp"
#include "decoders/sondes/lockheed.hpp"
#include "tests/decoders/lms6_bench.hpp"

namespace omnisonde {
namespace {

using namespace lms6;  // NOLINT: the frame's vocabulary
using test::Bytes;
using test::expect_equal;
using test::kStart;
using test::Llrs;
using test::Lms6Flight;

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  int high = -1;
  for (const char c : hex) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) continue;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  return bytes;
}

/// Symbols of bytes that follow `before` on air.
Bytes inner_code(std::span<const std::uint8_t> bytes, std::uint8_t before = 0) {
  fec::ConvolutionalEncoder encoder(fec::kCcsdsConvolutional, before >> 2U);
  Bytes symbols;
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      for (const std::uint8_t s : encoder.push(byte >> bit & 1U)) symbols.push_back(s);
    }
  }
  return symbols;
}

// A block written down as 00 58 F3 3F B8, message, parity becomes what the receiver hands over.
Llrs block_llr(Bytes block) {
  block.push_back(0);
  const Bytes symbols = inner_code(block);
  return test::to_llr(std::span(symbols).subspan(16));
}

constexpr std::string_view kWorkedExample =
    "0058f33fb8"
    "24540000007a9a4a1c5c0ce02c50ffe94526224fa4faf7c962fd00b71b00ffc31cffdcd8001450003801251f731098"
    "0879d2cec202291f0e7f"
    "da163a4bf8db051a1f20eab84cf0d5267b872180000000000000000088198000000000000000000c281f3166dd41ef"
    "df889c0e231f7d2649fe"
    "3fc413cd112f1f3ec539f2c57f83a514291fbb5a8f63b93b0adf181c1f3b6a71d7f09d7d851a221fc0b35f7c43b204"
    "b71d2d1f9b2006874c77"
    "975bd0a438ab6bc64f91ecdd2d414c086652a2d531b7f80b2497429321809d598056bb91b9c18e244164e94903541a"
    "05e8e2ea24"
    "34d6dda74d2519ff11c035e04fcb9a128b8d45e9579197d9dc9f2c262d15ffa0";

TEST(Lms6, SyncIsTheCodedMarker) {
  const Bytes symbols = inner_code(kSync);
  std::string text;
  for (std::size_t i = 16; i < symbols.size(); ++i) text += symbols[i] != 0 ? '1' : '0';
  EXPECT_EQ(text, kSyncSymbols);
  // The sheet's symbols of three bytes behind it.
  const Bytes more = inner_code(std::array<std::uint8_t, 3>{0x24, 0x46, 0x05}, 0xB8);
  text.clear();
  for (const std::uint8_t s : more) text += s != 0 ? '1' : '0';
  EXPECT_EQ(text, "010011001110111101100111011011011000010101111000");
}

TEST(Lms6, ReadsTheWorkedExample) {
  const auto decoder = find_sonde_type("LMS6-403")->make();
  Frame frame;
  Llrs llr = block_llr(from_hex(kWorkedExample));
  ASSERT_TRUE(decoder->correct(llr, Effort::kHard, frame));
  EXPECT_EQ(frame.bits_corrected, 0);
  const auto t = decoder->parse(frame, {.received = kStart, .frequency_hz = 403e6});
  ASSERT_TRUE(t);
  EXPECT_EQ(t->serial, "8034890");
  EXPECT_EQ(t->subtype, "LMS6-403");
  EXPECT_EQ(t->frame_number, 7260U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:18.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 48.25, 1e-7);
  EXPECT_NEAR(t->position->longitude_deg, -11.55, 1e-7);
  EXPECT_NEAR(t->position->altitude_m, 12'000, 1e-6);
  EXPECT_NEAR(*t->velocity_h_mps, 18, 1e-3F);
  EXPECT_NEAR(*t->heading_deg, 240, 1e-2F);
  EXPECT_NEAR(*t->velocity_v_mps, 5.2, 1e-3F);
  EXPECT_EQ(t->hold_reason, "");
}

TEST(Lms6, ReadsThePublishedBlock) {
  std::ifstream in(std::string(OMNISONDE_SHARED_DIR) + "/recordings/frames/lms6_rs1729_doc.hex");
  if (!in) GTEST_SKIP() << "recordings/frames/lms6_rs1729_doc.hex is not here";
  std::string hex;
  std::getline(in, hex);
  Bytes block = from_hex(hex);
  block.resize(kBlockBytes);
  const auto decoder = find_sonde_type("LMS6-403")->make();
  Frame frame;
  Llrs llr = block_llr(block);
  ASSERT_TRUE(decoder->correct(llr, Effort::kHard, frame));
  EXPECT_EQ(frame.bits_corrected, 0);
  const auto t = decoder->parse(frame, {.received = from_civil({2014, 4, 15, 11, 24, 0})});
  ASSERT_TRUE(t);
  EXPECT_EQ(t->serial, "8034890");
  EXPECT_EQ(t->frame_number, 7955U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2014-04-15T11:24:05.995Z");
  EXPECT_NEAR(t->position->latitude_deg, 50.930289, 5e-7);
  EXPECT_NEAR(t->position->longitude_deg, -0.492350, 5e-7);
  EXPECT_NEAR(t->position->altitude_m, 21688.807, 5e-4);
  EXPECT_NEAR(*t->velocity_h_mps, 52.09, 5e-3F);
  EXPECT_NEAR(*t->heading_deg, 76.07, 5e-3F);
  EXPECT_NEAR(*t->velocity_v_mps, 5.875, 5e-4F);
}

TEST(Lms6, EveryVariantGivesEveryFrame) {
  for (const std::string variant : {"LMS6-403", "LMS6-403-2"}) {
    Lms6Flight flight("LMS6-403", variant);
    const auto got = flight.fly(60);
    ASSERT_GE(flight.truth().size(), 51U);
    for (std::size_t i = 0; i + 1 < flight.truth().size(); ++i) {
      const Telemetry& sent = flight.truth()[i];
      ASSERT_TRUE(got.contains(*sent.frame_number)) << variant << ' ' << *sent.frame_number;
      expect_equal(got.at(*sent.frame_number), sent);
      EXPECT_EQ(sent.subtype, variant);
    }
  }
}

TEST(Lmsx, EveryGapGivesEveryFrame) {
  for (const std::string gap : {"gap 0", "gap 35", "gap 40"}) {
    Lms6Flight flight("LMSX-403", gap);
    const auto got = flight.fly(20);
    EXPECT_EQ(got.size(), 20U) << gap;
    for (const Telemetry& sent : flight.truth()) {
      if (got.contains(*sent.frame_number)) expect_equal(got.at(*sent.frame_number), sent);
    }
  }
}

TEST(Lms6, ExtremesOfEveryField) {
  struct Extreme {
    double latitude, longitude, altitude, north, east, up;
  };
  for (const std::string type : {"LMS6-403", "LMSX-403"}) {
    for (const Extreme& e : {Extreme{-89.9, -179.9999, 38'000, 0, -119.9, -90},
                             Extreme{71.3, 179.9999, -150, -0.5, 0.0, 12},
                             Extreme{-0.0001, 0.0001, 59'999, 200, 200, 0}}) {
      Lms6Flight flight(type, "", "1048576");
      flight.states = [&](std::int64_t ms) {
        sim::FlightState s = Lms6Flight::state_at(ms);
        s.position = {e.latitude, e.longitude, e.altitude};
        s.velocity_north_mps = e.north;
        s.velocity_east_mps = e.east;
        s.velocity_up_mps = e.up;
        return s;
      };
      const auto got = flight.fly(4);
      ASSERT_GE(got.size(), 2U);
      expect_equal(got.begin()->second, flight.truth().front());
      EXPECT_EQ(got.begin()->second.serial, "1048576");
    }
  }
}

TEST(Lms6, DateIsTheOneNearestToTheClock) {
  // Saturday to Sunday is where the GPS week turns.
  for (const CivilTime start :
       {CivilTime{2026, 10, 24, 23, 59, 30, 0}, CivilTime{2026, 12, 31, 23, 59, 30, 0}}) {
    const UtcMillis utc = from_civil(start);
    for (int s = 0; s < 60; s += 7) {
      for (const int clock_error_s : {-3600, 0, 3600}) {
        const UtcMillis at{utc.ms + s * 1000};
        const UtcMillis gps{at.ms + 18'000};
        const std::int64_t tow = (gps.ms - 315'964'800'000) % 604'800'000;
        EXPECT_EQ(lockheed::gps_clock_near(tow, {at.ms + clock_error_s * 1000}), gps);
      }
    }
  }
  EXPECT_FALSE(lockheed::gps_clock_near(604'800'000, kStart));
  EXPECT_FALSE(lockheed::gps_clock_near(-1, kStart));
  EXPECT_FALSE(lockheed::gps_clock_near(0, {12'000}));
}

// A data frame with other content, as the whole message of a block.
std::optional<Telemetry> parse_changed(std::size_t at, const Bytes& value,
                                       UtcMillis received = kStart) {
  Bytes block = from_hex(kWorkedExample);
  Frame frame;
  frame.bytes.assign(block.begin() + 5, block.begin() + 5 + kMessageBytes);
  std::ranges::copy(value, frame.bytes.begin() + static_cast<std::ptrdiff_t>(at));
  const auto crc = lockheed::checksum(std::span(frame.bytes).first(221));
  frame.bytes[221] = static_cast<std::uint8_t>(crc >> 8);
  frame.bytes[222] = static_cast<std::uint8_t>(crc & 0xFF);
  return find_sonde_type("LMS6-403")->make()->parse(frame, {.received = received});
}

TEST(Lms6, HoldsBackWhatMustNotBeSent) {
  EXPECT_EQ(parse_changed(220, {0})->hold_reason, "");
  EXPECT_EQ(parse_changed(18, Bytes(8))->hold_reason, "no position");
  EXPECT_EQ(parse_changed(18, {0x50, 0, 0, 0})->hold_reason, "impossible position");
  EXPECT_EQ(parse_changed(26, {0xFF, 0xFC, 0, 0})->hold_reason, "altitude not plausible");
  EXPECT_EQ(parse_changed(26, {0x04, 0, 0, 0})->hold_reason, "altitude not plausible");
  EXPECT_EQ(parse_changed(10, {0x24, 0x0C, 0x84, 0x00})->hold_reason, "no time");
  EXPECT_EQ(parse_changed(220, {0}, {5000})->hold_reason,
            "date unknown: the sonde sends none and the clock is not set");
  EXPECT_FALSE(parse_changed(5, {0}));  // serial not programmed
}

TEST(Lms6, AnotherSerialIsAnotherIdentity) {
  const auto decoder = find_sonde_type("LMS6-403")->make();
  Frame frame;
  Bytes block = from_hex(kWorkedExample);
  std::uint32_t last = 0;
  for (const std::uint8_t low : {0x4A, 0x4A, 0x4B, 0x4A}) {
    frame.bytes.assign(block.begin() + 5, block.begin() + 5 + kMessageBytes);
    frame.bytes[7] = low;
    const auto crc = lockheed::checksum(std::span(frame.bytes).first(221));
    frame.bytes[221] = static_cast<std::uint8_t>(crc >> 8);
    frame.bytes[222] = static_cast<std::uint8_t>(crc & 0xFF);
    const auto t = decoder->parse(frame, {.received = kStart});
    ASSERT_TRUE(t);
    last = t->identity_epoch;
  }
  EXPECT_EQ(last, 2U);
}

TEST(Lms6, TheListenersLeaveEachOthersSondesAlone) {
  Bytes word(kWordBytes);
  Bytes frame =
      from_hex("24460500007b4938158c00000000410a5e901cc25da0f91d9c2000124f8007085dc00208");
  frame.resize(221);
  const auto crc = lockheed::checksum(frame);
  frame.push_back(static_cast<std::uint8_t>(crc >> 8));
  frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  std::ranges::copy(frame, word.begin());
  encode_word(std::span<std::uint8_t, kWordBytes>(word));
  Bytes block(kSync.begin(), kSync.end());
  block.insert(block.end(), word.begin(), word.end());
  Llrs llr = block_llr(block);
  Frame out;
  EXPECT_FALSE(find_sonde_type("LMS6-403")->make()->correct(llr, Effort::kErasures, out));
  llr = block_llr(block);
  const auto decoder = find_sonde_type("LMSX-403")->make();
  ASSERT_TRUE(decoder->correct(llr, Effort::kHard, out));
  const auto t = decoder->parse(out, {.received = kStart});
  ASSERT_TRUE(t);
  EXPECT_EQ(t->type, "LMS6-403");
  EXPECT_EQ(t->subtype, "LMSX-403");
  EXPECT_EQ(t->serial, "8079672");
  EXPECT_EQ(t->frame_number, 5516U);
  EXPECT_EQ(to_iso8601(*t->datetime), "2026-10-20T12:00:18.000Z");
  EXPECT_NEAR(t->position->latitude_deg, 48.25, 1e-9);
  EXPECT_NEAR(t->position->longitude_deg, -11.55, 1e-9);
  EXPECT_NEAR(t->position->altitude_m, 12'000, 1e-6);
  EXPECT_NEAR(*t->velocity_h_mps, 18, 1e-4F);
  EXPECT_NEAR(*t->heading_deg, 240, 1e-4F);
  EXPECT_NEAR(*t->velocity_v_mps, 5.2, 1e-4F);
  llr = block_llr(from_hex(kWorkedExample));
  EXPECT_FALSE(decoder->correct(llr, Effort::kErasures, out));
}

}  // namespace
}  // namespace omnisonde
