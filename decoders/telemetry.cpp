#include "decoders/telemetry.hpp"

namespace omnisonde {

const char* effort_name(Effort effort) {
  switch (effort) {
    case Effort::kHard:
      return "hard";
    case Effort::kErasures:
      return "erasures";
    case Effort::kPriors:
      return "priors";
    case Effort::kDeep:
      return "deep";
  }
  return "unknown";
}

}  // namespace omnisonde
