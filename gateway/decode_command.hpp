// `omnisonde decode`: a recording in, one JSON object per frame out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gateway/source_file.hpp"

namespace omnisonde {

struct DecodeOptions {
  FileSourceOptions input;
  std::vector<std::string> channels;  ///< HZ[:TYPE]
  std::vector<std::string> types;     ///< empty: all
  std::string stats_path;             ///< empty: no statistics
  std::string ephemeris_path;         ///< GPS orbits for sondes that need them; empty: none
};

/// Runs to the input's end. Records go to stdout, faults to stderr in one line.
/// @returns the program's exit status: 0 only if the input was read to its end.
int decode_command(const DecodeOptions& options);

}  // namespace omnisonde
