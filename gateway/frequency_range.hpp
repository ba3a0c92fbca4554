// A stretch of the radio spectrum.
#pragma once

namespace omnisonde {

struct FrequencyRange {
  double low_hz = 0, high_hz = 0;
};

}  // namespace omnisonde
