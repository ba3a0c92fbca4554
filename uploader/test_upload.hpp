// One record to the hub with its `dev` flag: everything is checked there, nothing is stored.
#pragma once

#include <string>
#include <vector>

#include "uploader/config.hpp"

namespace omnisonde::uploader {

struct TestUpload {
  bool ok = false;
  std::vector<std::string> lines;  ///< what was tried and what came of it, for people
};

/// Sends an invented RS41 over the station (or over 52 N, 13 E) and explains the answer.
/// @param clock_good  what the gateway thinks of its clock.
[[nodiscard]] TestUpload test_upload(const Config& config, UtcMillis now, bool clock_good);

}  // namespace omnisonde::uploader
