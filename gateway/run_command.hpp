// `omnisonde run`: the daemon.
#pragma once

#include <string>
#include <vector>

namespace omnisonde {

struct RunOptions {
  std::string config_path;             ///< empty: defaults and overrides only
  std::vector<std::string> overrides;  ///< section.key=value
};

/// Runs until SIGINT or SIGTERM. @returns the program's exit status: 78 for a wrong configuration.
int run_command(const RunOptions& options);

}  // namespace omnisonde
