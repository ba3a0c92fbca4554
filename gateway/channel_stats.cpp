#include "gateway/channel_stats.hpp"

#include <cmath>

namespace omnisonde {

void ChannelStats::add(double frequency_hz, std::string_view type, const FrameCounts& counts) {
  constexpr double kSame_hz = 2000;
  for (ChannelCount& entry : entries_) {
    if (entry.type != type || std::abs(entry.frequency_hz - frequency_hz) > kSame_hz) continue;
    entry.counts.syncs += counts.syncs;
    entry.counts.good += counts.good;
    entry.counts.bad += counts.bad;
    return;
  }
  entries_.push_back({frequency_hz, std::string(type), counts});
}

}  // namespace omnisonde
