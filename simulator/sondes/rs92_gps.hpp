// RS92 test encoder: what the sonde's GPS receiver measures at a known place and time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "decoders/geo/orbit_book.hpp"
#include "decoders/sondes/rs92_frame.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim::rs92 {

/// One satellite as it goes into the frame.
struct Channel {
  int prn = 0;
  bool usable = false;
  std::int32_t code = 0;
  std::uint32_t rate = 0;
};

/// The satellites in view, at most twelve, spread well; the first `state.satellites` are usable.
[[nodiscard]] std::vector<Channel> measure(const geo::OrbitBook& orbits, const FlightState& state);

/// The GPS block's payload. @param tow_ms  time of week.
[[nodiscard]] std::array<std::uint8_t, omnisonde::rs92::kGps.length> gps_payload(
    const std::vector<Channel>& channels, std::int64_t tow_ms);

}  // namespace omnisonde::sim::rs92
