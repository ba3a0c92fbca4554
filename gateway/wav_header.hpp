// The head of a RIFF/RF64 WAV file: what the numbers are and where they start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde {

enum class WavNumber : std::uint8_t { kU8, kS16, kS24, kS32, kF32 };

/// Bytes of one number on disk.
[[nodiscard]] std::size_t bytes_per_number(WavNumber number) noexcept;

struct WavHeader {
  WavNumber number = WavNumber::kS16;
  unsigned channels = 1;
  std::uint32_t sample_rate_hz = 0;
  std::size_t data_at = 0;                  ///< offset of the first sample
  std::optional<std::uint64_t> data_bytes;  ///< as promised; nothing where the writer left it open
  std::optional<double> centre_hz;          ///< from the 'auxi' chunk of SDR programs
  std::optional<UtcMillis> start;           ///< likewise
};

/// Whether `head` (4 bytes suffice) starts as a WAV file does.
[[nodiscard]] bool looks_like_wav(std::span<const std::byte> head) noexcept;

/// Reads a header from the first bytes of a file.
/// @returns nothing when more bytes are needed; an Error for what is no WAV file or holds numbers
///          that are not supported (compressed, 64-bit, ...), naming them. Accepts any input.
/// Source: Microsoft "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, fmt,
/// data) and its update for WAVE_FORMAT_EXTENSIBLE; EBU Tech 3306 (RF64, ds64).
Expected<std::optional<WavHeader>> parse_wav_header(std::span<const std::byte> head);

}  // namespace omnisonde
