// Samples as the bytes a receiver delivers; the inverse of dsp/convert.hpp.
#pragma once

#include <cstddef>
#include <span>

#include "dsp/convert.hpp"

namespace omnisonde::sim {

/// Writes samples.size() samples into `out` (at least that many times bytes_per_sample(format)).
/// Values beyond full scale clip, except for kCf32. IQ formats only.
void quantise(dsp::SampleFormat format, std::span<const dsp::Sample> samples,
              std::span<std::byte> out) noexcept;

}  // namespace omnisonde::sim
