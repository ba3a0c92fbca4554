// Any bytes as soft bits into the RS41's correction, and any bytes into its parser. With libFuzzer
// this is the whole program; otherwise it is a test that feeds random and structured inputs.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "decoders/fec/crc.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/rs41_frame.hpp"

namespace omnisonde::sondes {
extern const SondeType rs41;
}

namespace {

using namespace omnisonde;  // NOLINT: a program of its own

/// Aborts on a broken promise, in every build.
void require(bool condition) {
  if (!condition) std::abort();
}

void check(const Telemetry& t) {
  require(t.serial.empty() || t.serial.size() == 8);
  require(t.type == "RS41");
  if (t.position) {
    require(std::fabs(t.position->latitude_deg) <= 90);
    require(std::fabs(t.position->longitude_deg) <= 180);
    require(std::isfinite(t.position->altitude_m));
  }
  for (const auto& value : {t.temperature_c, t.humidity_pct, t.pressure_hpa, t.velocity_h_mps,
                            t.velocity_v_mps, t.heading_deg, t.battery_v}) {
    require(!value || std::isfinite(*value));
  }
  const auto printable = [](const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
  };
  require(printable(t.serial) && printable(t.subtype) && printable(t.xdata));
  for (const ExtraField& field : t.extras) require(printable(field.value));
}

/// Each byte becomes one soft bit.
void correct_anything(SondeDecoder& decoder, std::span<const std::uint8_t> data, Effort effort) {
  std::vector<float> llr(data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    llr[i] = static_cast<float>(static_cast<std::int8_t>(data[i])) / 8;
  }
  const std::size_t bits = decoder.frame_bits(llr);
  require(bits >= sondes::rs41.spec->head_bits && bits <= sondes::rs41.spec->max_frame_bits);
  llr.resize(bits, 0.0F);
  if (effort >= Effort::kPriors) decoder.add_priors(llr);
  Frame frame;
  if (!decoder.correct(llr, effort, frame)) return;
  require(frame.bytes.size() * 8 == bits || bits == sondes::rs41.spec->max_frame_bits);
  if (const auto t = decoder.parse(frame, {})) check(*t);
}

void parse_anything(SondeDecoder& decoder, std::span<const std::uint8_t> bytes) {
  Frame frame;
  frame.bytes.assign(bytes.begin(), bytes.end());
  if (const auto t = decoder.parse(frame, {})) check(*t);
  std::vector<float> llr(8 * rs41::kExtendedBytes, 0.5F);
  decoder.add_priors(llr);
}

void append_block(std::vector<std::uint8_t>& frame, std::uint8_t kind,
                  std::span<const std::uint8_t> payload) {
  frame.push_back(kind);
  frame.push_back(static_cast<std::uint8_t>(payload.size()));
  frame.insert(frame.end(), payload.begin(), payload.end());
  const unsigned crc = fec::crc16_ccitt_false(payload);
  frame.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8U));
}

// Blocks (kind, length, payload) that are given good checksums: random bytes alone would never get
// past the first CRC. A block that fits no more begins the next frame.
void parse_blocks(SondeDecoder& decoder, std::span<const std::uint8_t> data) {
  std::vector<std::uint8_t> frame(rs41::kBlocksAt);
  while (data.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(data[1], data.size() - 2);
    if (frame.size() + 2 + length + 2 > rs41::kExtendedBytes) {
      frame.resize(rs41::kExtendedBytes);
      parse_anything(decoder, frame);
      frame.assign(rs41::kBlocksAt, 0);
    }
    append_block(frame, data[0], data.subspan(2, length));
    data = data.subspan(2 + length);
  }
  parse_anything(decoder, frame);
}

}  // namespace

// The first byte chooses what is done.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto decoder = sondes::rs41.make();
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  const unsigned choice = data[0] % 8;
  if (choice < 3) {
    correct_anything(*decoder, rest, static_cast<Effort>(choice));
  } else if (choice > 3) {
    parse_blocks(*decoder, rest);
  } else {
    // Frames one after the other, so that what one taught meets the next.
    for (std::size_t at = 0; at < rest.size(); at += rs41::kExtendedBytes) {
      parse_anything(*decoder, rest.subspan(at, std::min<std::size_t>(rs41::kExtendedBytes,
                                                                      rest.size() - at)));
    }
  }
  return 0;
}

#ifdef OMNISONDE_FUZZ_AS_TEST
#include <gtest/gtest.h>

#include <random>

namespace {

void feed(const std::vector<std::uint8_t>& input) {
  EXPECT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
}

TEST(Rs41Fuzz, SurvivesRandomBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::uint8_t> input(1 + random() % 4200);
    for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
    input[0] = static_cast<std::uint8_t>(round);
    feed(input);
  }
}

std::vector<std::uint8_t> random_payload(std::uint8_t kind, std::size_t length,
                                         std::mt19937& random) {
  std::vector<std::uint8_t> payload(length);
  for (auto& byte : payload) byte = static_cast<std::uint8_t>(random());
  if (kind == rs41::kStatus && length > 23 && random() % 4 != 0) {
    std::memcpy(&payload[2], "S1234567", 8);
    payload[23] = static_cast<std::uint8_t>(random() % 52);
  }
  return payload;
}

TEST(Rs41Fuzz, SurvivesEveryBlockWithAnyContent) {
  std::mt19937 random(2);
  constexpr std::uint8_t kKinds[] = {0x76, 0x79, 0x7A, 0x7B, 0x7C, 0x7D,
                                     0x7E, 0x7F, 0x80, 0x82, 0x83, 0x96};
  constexpr std::uint8_t kLengths[] = {17, 40, 42, 21, 30, 89, 60, 27, 167, 38, 41, 10};
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint8_t> input = {3};
    for (int i = 0; i < 60; ++i) {
      std::vector<std::uint8_t> frame(rs41::kBlocksAt);
      append_block(frame, rs41::kStatus, random_payload(rs41::kStatus, 40, random));
      for (int block = 0; block < 6; ++block) {
        const std::size_t pick = random() % std::size(kKinds);
        const std::size_t length = random() % 5 == 0 ? random() % 256 : kLengths[pick];
        append_block(frame, kKinds[pick], random_payload(kKinds[pick], length, random));
      }
      frame.resize(518);
      input.insert(input.end(), frame.begin(), frame.end());
    }
    feed(input);
  }
}

TEST(Rs41Fuzz, SurvivesEveryLength) {
  std::mt19937 random(3);
  for (std::size_t size = 0; size < 600; ++size) {
    std::vector<std::uint8_t> input(size);
    for (auto& byte : input) byte = static_cast<std::uint8_t>(random());
    if (!input.empty()) input[0] = 3;
    feed(input);
  }
}

}  // namespace
#endif
