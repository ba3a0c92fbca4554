// Recordings as a Source: WAV, SigMF and raw samples, from a file or standard input.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/source.hpp"

namespace omnisonde {

enum class FileFormat : std::uint8_t { kAuto, kWav, kCu8, kCs8, kCs16, kCf32, kFm };

/// "auto", "wav", "cu8", "cs8", "cs16", "cf32", "fm" to the format; nothing for other names.
[[nodiscard]] std::optional<FileFormat> parse_file_format(std::string_view name);

struct FileSourceOptions {
  std::string path;  ///< "-" is standard input; .sigmf-meta or .sigmf-data stand for the pair
  /// kAuto looks at the content (WAV), then at the extension. kFm is raw signed 16-bit mono
  /// FM-discriminator audio, or, on a WAV, its (left) channel taken as such.
  FileFormat format = FileFormat::kAuto;
  // What is given here goes before what the file says.
  std::optional<double> sample_rate_hz = {};  ///< required for raw formats
  std::optional<double> centre_hz = {};       ///< RF frequency of 0 Hz
  std::optional<UtcMillis> start = {};        ///< wall clock of the first sample
};

/// Opens a recording and reads its header. Two-channel WAVs are IQ (left = I), one-channel ones FM
/// audio. Numbers without a dsp::SampleFormat of their own (24- and 32-bit integers) are handed
/// out as floats.
///
/// The source's read() delivers every whole sample there is; if the file then ends before its
/// header's promise or within a sample, the next read() is an Error that names both counts. That
/// a WAV's writer could not fill in the size (0, 0xFFFFFFFF, about 2 GiB) is no fault.
/// On a pipe one call waits at most 200 ms.
/// @returns an Error for what is missing, empty, unreadable, no recording or without sample rate.
Expected<std::unique_ptr<Source>> open_file_source(const FileSourceOptions& options);

}  // namespace omnisonde
