// Checks of the feeds' settings that look at more than one key.
#pragma once

#include <string>
#include <vector>

#include "gateway/base/expected.hpp"
#include "gateway/config.hpp"

namespace omnisonde {

struct FeedProblem {
  std::string section, key;  ///< key empty: the section
  Error fault;
};

[[nodiscard]] std::vector<FeedProblem> feed_problems(const Config& config);

}  // namespace omnisonde
