#include "gateway/spur_list.hpp"

#include <algorithm>
#include <cmath>

namespace omnisonde {
namespace {
constexpr double kSame_hz = 1500;
constexpr double kFirstPause_s = 10, kLongestPause_s = 600;
constexpr std::size_t kMost = 500;
}  // namespace

void SpurList::add(double frequency_hz, double now_s) {
  for (Spur& spur : spurs_) {
    if (std::abs(spur.frequency_hz - frequency_hz) > kSame_hz) continue;
    spur.pause_s = std::min(spur.pause_s * 2, kLongestPause_s);
    spur.until_s = now_s + spur.pause_s;
    return;
  }
  if (spurs_.size() >= kMost) spurs_.erase(spurs_.begin());
  spurs_.push_back({frequency_hz, now_s + kFirstPause_s, kFirstPause_s});
}

void SpurList::forget(double frequency_hz) {
  std::erase_if(spurs_,
                [&](const Spur& s) { return std::abs(s.frequency_hz - frequency_hz) < kSame_hz; });
}

bool SpurList::knows(double frequency_hz) const {
  return std::ranges::any_of(
      spurs_, [&](const Spur& s) { return std::abs(s.frequency_hz - frequency_hz) < kSame_hz; });
}

bool SpurList::blocked(double frequency_hz, double now_s) const {
  return std::ranges::any_of(spurs_, [&](const Spur& s) {
    return now_s < s.until_s && std::abs(s.frequency_hz - frequency_hz) < kSame_hz;
  });
}

}  // namespace omnisonde
