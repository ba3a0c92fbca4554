// A hundred faults of one receiver beside another that is well: `device_cycles [CYCLES]`.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "tests/e2e/device_cycles.hpp"

namespace omnisonde::testing {
namespace {

struct Sum {
  int count = 0, late = 0;
  double noticed_s = 0, back_s = 0, frame_s = 0;  ///< the longest
};

void add(const Cycle& cycle, Sum& sum) {
  ++sum.count;
  const bool late = cycle.back_s < 0 || cycle.back_s > 5;
  sum.late += late ? 1 : 0;
  sum.noticed_s = std::max(sum.noticed_s, cycle.noticed_s);
  sum.back_s = std::max(sum.back_s, cycle.back_s < 0 ? 999 : cycle.back_s);
  sum.frame_s = std::max(sum.frame_s, cycle.frame_s < 0 ? 999 : cycle.frame_s);
}

int measure(int cycles) {
  DeviceCycles rig;
  if (!rig.ready()) {
    std::fprintf(stderr, "device_cycles: no sonde is heard\n%s", rig.log().c_str());
    return 1;
  }
  constexpr std::array kKinds{"gone", "stall",    "gone", "garbage",
                              "gone", "overflow", "gone", "flat"};
  constexpr std::array kAway_s{0.5, 2.0, 1.2, 0.8, 4.0, 1.5, 6.5, 1.0};
  std::map<std::string, Sum> sums;
  Cycle settled, last;
  for (int i = 0; i < cycles; ++i) {
    const auto at = static_cast<std::size_t>(i) % kKinds.size();
    last = rig.run(kKinds[at], kAway_s[at]);
    add(last, sums[last.kind]);
    if (i == std::min(cycles, 16) - 1) settled = last;
    std::printf("%3d %-8s noticed %5.2f s, back %5.2f s, frame %5.2f s, %ld KiB, %d handles %s\n",
                i + 1, last.kind.c_str(), last.noticed_s, last.back_s, last.frame_s,
                last.memory_kib, last.handles, last.reason.c_str());
    std::fflush(stdout);
  }
  std::printf(
      "\n| fault | times | noticed, longest | back, longest | frame, longest |\n"
      "|---|---|---|---|---|\n");
  int late = 0;
  for (const auto& [kind, sum] : sums) {
    late += sum.late;
    const std::string noticed =
        sum.noticed_s > 0 ? std::to_string(sum.noticed_s).substr(0, 4) + " s" : "-";
    std::printf("| %s | %d | %s | %.2f s | %.2f s |\n", kind.c_str(), sum.count, noticed.c_str(),
                sum.back_s, sum.frame_s);
  }
  const auto other = rig.other();
  std::printf(
      "\nafter %d cycles %ld KiB and %d handles, after all %ld KiB and %d handles\n"
      "the other receiver: %llu frames decoded of %llu sent, %llu samples lost\n"
      "not back within 5 s: %d\n",
      std::min(cycles, 16), settled.memory_kib, settled.handles, last.memory_kib, last.handles,
      static_cast<unsigned long long>(other.frames), static_cast<unsigned long long>(other.sent),
      static_cast<unsigned long long>(other.lost), late);
  return late == 0 ? 0 : 2;
}

}  // namespace
}  // namespace omnisonde::testing

int main(int count, char** words) {
  return omnisonde::testing::measure(count > 1 ? std::atoi(words[1]) : 100);
}
