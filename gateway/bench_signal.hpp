// One second of a band with sondes in it, made of one stored frame: what `omnisonde bench` measures
// the machine with, wherever it is installed.
#pragma once

#include <cstddef>
#include <vector>

namespace omnisonde {

/// CU8 samples at 2.4 MS/s: noise, and `sondes` RS41 at Eb/N0 = 20 dB, 100 kHz apart about the
/// middle, that send the same frame. May be repeated without end: the phases fit together but for
/// the symbol at the seam.
/// @param sondes  0 to 22
[[nodiscard]] std::vector<std::byte> bench_signal(int sondes);

inline constexpr double kBenchRate_hz = 2'400'000;

}  // namespace omnisonde
