// `omnisonde test-upload`: whether uploads to the hub would work, and why not.
#pragma once

#include "gateway/run_command.hpp"

namespace omnisonde {

/// Prints what was tried and what came of it. @returns the program's exit status: 0 when the hub
/// has checked the record and found no fault, kExitConfig for a broken configuration.
int test_upload_command(const RunOptions& options);

}  // namespace omnisonde
