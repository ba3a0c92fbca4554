#include "simulator/quantise.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "gateway/base/assert.hpp"

namespace omnisonde::sim {
namespace {

/// value * scale + middle, rounded half up and clipped to T. Scales as dsp/convert.cpp undoes them.
/// Written so that GCC vectorises it: clip in float, make it positive, truncate.
template <typename T>
void pack(std::span<const dsp::Sample> samples, float scale, float middle, float low, float high,
          std::byte* out) noexcept {
  // std::complex<float> is laid out as float[2] ([complex.numbers]/4).
  const auto* values = reinterpret_cast<const float*>(samples.data());
  const float lift = middle + 0.5F - low;
  const float top = high - low + 0.5F;
  const auto base = static_cast<std::int32_t>(low);
  for (std::size_t i = 0; i < 2 * samples.size(); ++i) {
    const float place = std::min(std::max(values[i] * scale + lift, 0.0F), top);
    const auto number = static_cast<T>(static_cast<std::int32_t>(place) + base);
    std::memcpy(out + i * sizeof(T), &number, sizeof number);
  }
}

}  // namespace

void quantise(dsp::SampleFormat format, std::span<const dsp::Sample> samples,
              std::span<std::byte> out) noexcept {
  OMNI_ASSERT(out.size() >= samples.size() * dsp::bytes_per_sample(format));
  switch (format) {
    case dsp::SampleFormat::kCu8:
      return pack<std::uint8_t>(samples, 127.5F, 127.5F, 0, 255, out.data());
    case dsp::SampleFormat::kCs8:
      return pack<std::int8_t>(samples, 128, 0, -128, 127, out.data());
    case dsp::SampleFormat::kCs16:
      return pack<std::int16_t>(samples, 32768, 0, -32768, 32767, out.data());
    case dsp::SampleFormat::kCf32:
      std::memcpy(out.data(), samples.data(), samples.size_bytes());
      return;
    default:
      OMNI_ASSERT(false);
  }
}

}  // namespace omnisonde::sim
