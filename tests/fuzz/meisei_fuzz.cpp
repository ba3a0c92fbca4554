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

void check_meisei(const std::optional<omnisonde::Telemetry>& record) {
  if (!record) return;
  if (!std::isfinite(record->temperature_c.value_or(0)) ||
      !std::isfinite(record->humidity_pct.value_or(0)) ||
      !std::isfinite(record->tx_frequency_mhz.value_or(0)) ||
      (record->position && !std::isfinite(record->position->latitude_deg)))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoder = omnisonde::find_sonde_type("iMS-100")->make();
  const std::span<const std::uint8_t> bytes(data, size);
  std::int64_t now_ms = 1'792'497'600'000;
  for (std::size_t at = 0; at < size; at += 48) {
    const auto words = bytes.subspan(at, std::min<std::size_t>(48, size - at));
    omnisonde::Frame frame;
    frame.bytes.assign(words.begin(), words.end());
    if (words[0] % 4 == 0) {  // some words may not be used
      for (const std::uint8_t b : words) frame.byte_ok.push_back(b & 1U);
      for (const std::uint8_t b : words) frame.reliability.push_back(b);
    }
    now_ms += words[0] == 255 ? 100'000 : 500;
    check_meisei(decoder->parse(frame, {.received = {now_ms}, .frequency_hz = 403e6}));
  }
  std::vector<float> llr(size / sizeof(float));
  if (!llr.empty()) std::memcpy(llr.data(), data, llr.size() * sizeof(float));
  for (const std::size_t length : {llr.size(), std::size_t{1200}}) {
    llr.resize(length);
    if (decoder->frame_bits(llr) != 1200) std::abort();
    for (const auto effort : {omnisonde::Effort::kHard, omnisonde::Effort::kErasures,
                              omnisonde::Effort::kPriors, omnisonde::Effort::kDeep}) {
      omnisonde::Frame frame;
      std::vector<float> work = llr;
      if (!decoder->correct(work, effort, frame)) continue;
      check_meisei(decoder->parse(frame, {.received = {now_ms}, .frequency_hz = 403e6}));
    }
  }
  return 0;
}
