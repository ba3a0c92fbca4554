// Number formats of samples on disk and from devices, and their conversion to Sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dsp/fft.hpp"

namespace omnisonde::dsp {

/// Interleaved I, Q, little endian; kFm* is one real channel of FM-discriminator audio.
enum class SampleFormat : std::uint8_t { kCu8, kCs8, kCs16, kCf32, kFmU8, kFmS16, kFmF32 };

/// Bytes of one sample (both of I and Q).
[[nodiscard]] std::size_t bytes_per_sample(SampleFormat format) noexcept;

[[nodiscard]] bool is_fm_audio(SampleFormat format) noexcept;

/// "cu8", "cs8", "cs16", "cf32", "fm-u8", "fm-s16", "fm-f32".
[[nodiscard]] std::string_view format_name(SampleFormat format) noexcept;

/// Converts out.size() samples; `in` holds at least that many. Full scale becomes 1.0; CU8's zero
/// is 127.5. FM audio lands in the real part. Non-finite floats become 0.
/// @returns how many samples touched full scale (clipping). Allocates: never.
std::size_t convert(SampleFormat format, std::span<const std::byte> in,
                    std::span<Sample> out) noexcept;

}  // namespace omnisonde::dsp
