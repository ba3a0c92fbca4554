// Any bytes as the head of a WAV file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "gateway/wav_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = omnisonde::parse_wav_header(std::as_bytes(std::span(data, size)));
  if (!header || !*header) return 0;
  const auto& h = **header;
  // What the source relies on.
  if (h.data_at > size || h.channels < 1 || h.channels > 2 || h.sample_rate_hz == 0) std::abort();
  return 0;
}
