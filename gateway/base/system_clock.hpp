// The clock on the wall. Not for dsp and decoders: their time comes from sample indices.
#pragma once

#include <chrono>

#include "gateway/base/utc.hpp"

namespace omnisonde {

/// @returns what the system's clock says, right or wrong. Thread: any.
[[nodiscard]] inline UtcMillis system_now() noexcept {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count()};
}

}  // namespace omnisonde
