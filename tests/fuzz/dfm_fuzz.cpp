// Any bytes as LLRs into `correct`, any bytes into `parse`: neither may crash, and what comes out
// must be finite.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "decoders/sonde.hpp"

namespace {

void check(const std::optional<omnisonde::Telemetry>& record) {
  if (!record) return;
  const bool finite = record->position && std::isfinite(record->position->latitude_deg) &&
                      std::isfinite(record->position->longitude_deg) &&
                      std::isfinite(record->position->altitude_m) &&
                      (!record->temperature_c || std::isfinite(*record->temperature_c));
  if (!finite) std::abort();
}

// Byte 0: how far the clock goes, 1: polarity, then nibbles with their log odds in turn.
std::size_t parse_one(omnisonde::SondeDecoder& decoder, std::span<const std::uint8_t> bytes,
                      std::int64_t& now_ms) {
  now_ms += bytes[0] < 200 ? 224 : (bytes[0] - 220) * 1000;
  omnisonde::Frame frame;
  frame.inverted = (bytes[1] & 1U) != 0;
  const std::size_t nibbles = bytes[1] >= 250 ? bytes[1] - 220U : 33U;
  std::size_t at = 2;
  for (std::size_t i = 0; i < nibbles && at < bytes.size(); ++i, ++at) {
    frame.bytes.push_back(bytes[at]);
    frame.reliability.push_back(static_cast<float>(bytes[at] >> 2U));
  }
  check(decoder.parse(frame, {.received = {now_ms}, .frequency_hz = 403e6}));
  return at;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoder = omnisonde::find_sonde_type("DFM")->make();
  std::span<const std::uint8_t> rest(data, size);
  std::int64_t now_ms = 1'792'497'600'000;
  while (rest.size() > 2) rest = rest.subspan(parse_one(*decoder, rest, now_ms));

  std::vector<float> llr(size / sizeof(float));
  if (!llr.empty()) std::memcpy(llr.data(), data, llr.size() * sizeof(float));
  for (const std::size_t length : {llr.size(), std::size_t{280}}) {
    llr.resize(length);
    omnisonde::Frame frame;
    if (!decoder->correct(llr, omnisonde::Effort::kErasures, frame)) continue;
    if (frame.bytes.size() != 33 || frame.reliability.size() != 33) std::abort();
    check(decoder->parse(frame, {.received = {now_ms}, .frequency_hz = 403e6}));
  }
  return 0;
}
