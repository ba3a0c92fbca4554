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
                      (!record->velocity_h_mps || std::isfinite(*record->velocity_h_mps));
  if (!finite) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto& type = *omnisonde::find_sonde_type("SRS-C34");
  const auto decoder = type.make();
  omnisonde::Frame frame;
  // Packet after packet, each of five bytes.
  for (std::size_t at = 0; at + 5 <= size; at += 5) {
    frame.bytes.assign(data + at, data + at + 5);
    check(decoder->parse(frame, {.received = {1'792'497'600'000}, .frequency_hz = 403e6}));
  }
  frame.bytes.assign(data, data + size);
  check(decoder->parse(frame, {.received = {1'792'497'600'000}, .frequency_hz = 403e6}));

  // Floats as they are, then each byte as a strong or weak bit.
  std::vector<float> llr(size / sizeof(float));
  if (!llr.empty()) std::memcpy(llr.data(), data, llr.size() * sizeof(float));
  for (const bool as_bytes : {false, true}) {
    if (as_bytes) {
      llr.clear();
      for (std::size_t i = 0; i < size; ++i) llr.push_back(static_cast<float>(data[i]) - 127.5F);
    }
    for (const std::size_t length : {llr.size(), type.spec->max_frame_bits}) {
      llr.resize(length);
      std::vector<float> work = llr;
      if (!decoder->correct(work, omnisonde::Effort::kErasures, frame)) continue;
      check(decoder->parse(frame, {.received = {1'792'497'600'000}, .frequency_hz = 403e6}));
    }
  }
  return 0;
}
