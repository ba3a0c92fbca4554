// What became of records at an output, as values that the status shows. Std only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "gateway/base/utc.hpp"

namespace omnisonde::uploader {

/// A record that an output's other end has refused for good, with its words.
struct RefusedRecord {
  UtcMillis at, datetime;
  std::string serial, words;
  std::uint32_t frame = 0;
};

/// A line of the gateway's log, for outputs that pass such lines on.
struct LogEvent {
  UtcMillis at;
  std::string level;      ///< "info", "warning", "error"
  std::string component;  ///< who says it: "sondehub", "track", ...
  std::string text;
};

/// How long records took from reception to delivery. The bounds are those of the histogram in
/// /metrics; backlog of an outage counts too, in the last bins.
struct LatencyCounts {
  static constexpr std::array<double, 12> kBounds_s = {0.05, 0.1, 0.2, 0.3, 0.5, 1,
                                                       2,    5,   10,  30,  60,  600};
  std::array<std::uint64_t, kBounds_s.size() + 1> bins{};  ///< bin i: at most kBounds_s[i]
  double sum_s = 0;
  void add(double seconds) {
    const auto* const bin = std::lower_bound(kBounds_s.begin(), kBounds_s.end(), seconds);
    ++bins[static_cast<std::size_t>(bin - kBounds_s.begin())];
    sum_s += seconds;
  }
};

}  // namespace omnisonde::uploader
