// Any text as a .sigmf-meta file.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/sigmf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto meta = omnisonde::parse_sigmf_meta({reinterpret_cast<const char*>(data), size});
  if (meta && meta->sample_rate_hz && !std::isfinite(*meta->sample_rate_hz)) std::abort();
  return 0;
}
