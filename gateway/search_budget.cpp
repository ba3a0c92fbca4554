#include "gateway/search_budget.hpp"

#include <algorithm>

namespace omnisonde {

void SearchBudget::earn(double stream_s) noexcept { refund(kEarned * stream_s); }

void SearchBudget::refund(double core_s) noexcept { left_s_ = std::min(kMost_s, left_s_ + core_s); }

}  // namespace omnisonde
