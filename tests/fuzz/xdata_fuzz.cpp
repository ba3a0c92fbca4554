// Any text as XDATA, in both readings; what comes out must be finite and bounded.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "decoders/xdata.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool padded : {false, true}) {
    const auto readings = omnisonde::read_xdata(text, size % 2 == 0 ? 10.0 : 1e-9, padded);
    if (readings.size() > 16) std::abort();
    for (const auto& reading : readings) {
      for (const auto& value : reading.values) {
        if (!std::isfinite(value.value)) std::abort();
      }
    }
  }
  return 0;
}
