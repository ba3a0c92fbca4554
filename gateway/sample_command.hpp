// `omnisonde sample-telemetry`: lines of `omnisonde decode` in, the upload of each type out, for
// the hub's maintainers to look at (docs/hub-admission.md).
#pragma once

#include <istream>
#include <string>

namespace omnisonde {

struct SampleOptions {
  std::string folder;  ///< gets TYPE.json; made if missing
  std::string callsign = "SAMPLE";
  int records = 15;  ///< per type: what a station sends in one request
};

/// @returns the program's exit status: 0 when at least one body was written.
int sample_command(std::istream& lines, const SampleOptions& options);

}  // namespace omnisonde
