#include "gateway/search_budget.hpp"

#include <algorithm>

namespace omnisonde {

void SearchBudget::earn(double stream_s) noexcept {
  left_s_ = std::min(kMost_s, left_s_ + kEarned * stream_s);
}

}  // namespace omnisonde
