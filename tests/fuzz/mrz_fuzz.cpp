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

void check_mrz(const std::optional<omnisonde::Telemetry>& record) {
  if (!record || !record->position) return;
  if (!std::isfinite(record->position->latitude_deg) ||
      !std::isfinite(record->position->longitude_deg) ||
      !std::isfinite(record->position->altitude_m) || !std::isfinite(*record->velocity_h_mps))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoder = omnisonde::find_sonde_type("MRZ")->make();
  const std::span<const std::uint8_t> bytes(data, size);
  std::int64_t now_ms = 1'792'497'600'000;
  for (std::size_t at = 0; at < size;) {
    const std::size_t length = (bytes[at] & 1U) != 0 ? 45 : 42 + (bytes[at] >> 7U);
    now_ms += bytes[at] * 300;
    const std::span<const std::uint8_t> body =
        bytes.subspan(at + 1).first(std::min(length, size - at - 1));
    omnisonde::Frame frame;
    frame.bytes.assign(body.begin(), body.end());
    check_mrz(decoder->parse(frame, {.received = {now_ms}, .frequency_hz = 403e6}));
    at += 1 + length;
  }
  std::vector<float> llr(size / sizeof(float));
  if (!llr.empty()) std::memcpy(llr.data(), data, llr.size() * sizeof(float));
  for (const std::size_t length : {llr.size(), std::size_t{384}, std::size_t{408}}) {
    llr.resize(length);
    if (decoder->frame_bits(llr) > 408) std::abort();
    for (const auto effort :
         {omnisonde::Effort::kHard, omnisonde::Effort::kErasures, omnisonde::Effort::kPriors}) {
      omnisonde::Frame frame;
      std::vector<float> work = llr;
      if (effort == omnisonde::Effort::kPriors) decoder->add_priors(work);
      if (!decoder->correct(work, effort, frame)) continue;
      check_mrz(decoder->parse(frame, {.received = {now_ms}, .frequency_hz = 403e6}));
    }
  }
  return 0;
}
