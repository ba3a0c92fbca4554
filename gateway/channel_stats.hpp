// Syncs and frames per channel and type, over the slots that have come and gone there.
#pragma once

#include <string>
#include <vector>

#include "gateway/type_receiver.hpp"

namespace omnisonde {

struct ChannelCount {
  double frequency_hz = 0;
  std::string type;
  FrameCounts counts;
};

class ChannelStats {
 public:
  /// Adds to the entry of that type within 2 kHz, or makes one.
  void add(double frequency_hz, std::string_view type, const FrameCounts& counts);
  [[nodiscard]] const std::vector<ChannelCount>& entries() const noexcept { return entries_; }

 private:
  std::vector<ChannelCount> entries_;
};

}  // namespace omnisonde
