// The operator's settings turned into what the rooms take.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/expected.hpp"
#include "gateway/config.hpp"
#include "gateway/live_receiver.hpp"
#include "uploader/config.hpp"

namespace omnisonde {

/// One plan per [sdr:NAME]. @returns an Error for sonde types that do not exist.
Expected<std::vector<LivePlan>> live_plans(const Config& config);

/// What the receivers together should watch, and how.
[[nodiscard]] PlannerRules planner_rules(const Config& config);

/// @returns a secret: the first line of a file; empty for an empty path.
/// @param key  named in the Error: "[mqtt] token_file".
Expected<std::string> first_line(const std::string& path, const char* key);

/// @returns an Error for a secret's file that cannot be read.
Expected<uploader::Config> uploader_config(const Config& config);

}  // namespace omnisonde
