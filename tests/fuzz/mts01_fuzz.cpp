// Any bytes as LLRs into `correct`, any bytes into `parse`: neither may crash, and what comes out
// must be finite.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "decoders/sonde.hpp"

namespace {

void check_mts01(const std::optional<omnisonde::Telemetry>& record) {
  if (!record || !record->position) return;
  if (!std::isfinite(record->position->latitude_deg) ||
      !std::isfinite(record->position->longitude_deg) ||
      !std::isfinite(record->position->altitude_m) ||
      !std::isfinite(record->temperature_c.value_or(0)))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoder = omnisonde::find_sonde_type("MTS01")->make();
  const std::span<const std::uint8_t> bytes(data, size);
  for (std::size_t at = 0; at < size; at += 128) {
    const auto text = bytes.subspan(at, std::min<std::size_t>(128, size - at));
    omnisonde::Frame frame;
    frame.bytes.assign(text.begin(), text.end());
    if (text.size() > 100 && (text[0] & 1U) != 0) frame.bytes.resize(128);
    check_mts01(decoder->parse(frame, {.received = {}, .frequency_hz = 403e6}));
  }
  std::vector<float> llr(size / sizeof(float));
  if (!llr.empty()) std::memcpy(llr.data(), data, llr.size() * sizeof(float));
  for (const std::size_t length : {llr.size(), std::size_t{1080}}) {
    llr.resize(length);
    if (decoder->frame_bits(llr) != 1080) std::abort();
    for (const auto effort :
         {omnisonde::Effort::kHard, omnisonde::Effort::kErasures, omnisonde::Effort::kPriors}) {
      omnisonde::Frame frame;
      std::vector<float> work = llr;
      if (effort == omnisonde::Effort::kPriors) decoder->add_priors(work);
      if (!decoder->correct(work, effort, frame)) continue;
      check_mts01(decoder->parse(frame, {.received = {}, .frequency_hz = 403e6}));
    }
  }
  return 0;
}
