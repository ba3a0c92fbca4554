// From DFM frames to one GPS second: DAT blocks 0..8 are sorted into cycles, a cycle is read.
//
//   block  mode 2 (bytes 0..5)                 modes 3 and 4
//     0    2 mode, 3 counter                   0-1 ms, 2 mode, 3 counter, 4-5 speed
//     1    0-3 satellite bits, 4-5 ms          0-3 latitude, 4-5 heading
//     2    0-3 latitude, 4-5 speed             0-3 longitude, 4-5 climb
//     3    0-3 longitude, 4-5 heading          0-3 altitude (sea level), 4-5 XDATA
//     4    0-3 altitude (ellipsoid), climb     XDATA
//   5..7   errors, satellite levels            mode 3: 1..3 again; mode 4: XDATA
//     8    year 12, month 4, day 5, hour 5, minute 6 bits; byte 4 satellites
// All big-endian: 1e-7 deg, cm, cm/s, 0.01 deg. Block 15 is padding.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "decoders/sonde.hpp"

namespace omnisonde::dfm {

inline constexpr std::int64_t kBlockMs = 112;  ///< two blocks in a frame of 224 ms
inline constexpr std::size_t kCycleBlocks = 9;

/// One DAT block; `doubt` is each nibble's probability of being wrong.
struct DatBlock {
  bool present = false;
  std::array<std::uint8_t, 6> bytes{};
  std::array<double, 13> doubt{};  ///< 12 data nibbles, then the block number's
};

/// One CONF block.
struct ConfWord {
  std::uint8_t channel = 0;
  std::uint32_t value = 0;  ///< 24 bits: six nibbles, first one highest
  double doubt = 1;         ///< probability that any of its seven nibbles is wrong
  std::int64_t received_ms = 0;
  std::uint16_t blocks = 0;  ///< bit n: its frame brought block n of the same cycle
};

/// What was received of one second. CONF words go with the blocks of their frames, since nothing
/// else tells from which of two sondes on a frequency they came.
struct Cycle {
  std::int64_t start_ms = 0;  ///< when block 0 began (or would have)
  bool inverted = false;
  std::array<DatBlock, kCycleBlocks> blocks;
  std::array<ConfWord, 6> conf;
  std::size_t conf_count = 0;
};

/// Sorts blocks by when their cycle began: two sondes that share a frequency, or two seconds of
/// one sonde, cannot mix unless their cycles begin within 4 ms of each other.
class CycleAssembler {
 public:
  /// @param frame        as made by FrameDecoder; anything else is ignored.
  /// @param received_ms  start of the frame.
  void add(const Frame& frame, std::int64_t received_ms);

  /// @returns the oldest cycle that can get no more blocks after the frame at `received_ms`.
  [[nodiscard]] std::optional<Cycle> take_finished(std::int64_t received_ms);

 private:
  Cycle& cycle_at(std::int64_t start_ms, bool inverted);

  std::vector<Cycle> open_;
};

/// Time and counter of a cycle.
struct Clock {
  std::optional<UtcMillis> utc;  ///< nothing when the sonde sends an impossible date or second
  std::uint8_t counter = 0;
  bool minute_inferred = false;  ///< block 8 was lost or left out
  double doubt = 1;

  /// Seconds since 1980-01-06 without leap seconds, rounded: the hub's frame number for DFM.
  [[nodiscard]] std::uint32_t frame_number() const;
};

/// A known pair of time and reception, to complete a cycle that has no block 8.
struct TimeHint {
  UtcMillis utc;
  std::int64_t start_ms = 0;
};

/// @returns nothing if a block that is needed was lost.
[[nodiscard]] std::optional<Clock> read_clock(const Cycle& cycle,
                                              const std::optional<TimeHint>& hint);

/// Position, motion and the rest of a cycle.
struct Fix {
  GeoPosition position;
  float speed_mps = 0, heading_deg = 0, climb_mps = 0;
  HeightReference height_reference = HeightReference::kEllipsoid;
  std::optional<int> satellites;
  std::string xdata;  ///< upper-case hex; empty when there is none or it was lost
  double doubt = 1;   ///< of position and motion
};

/// Whether the frame of a word also brought counter or position, which show whose it is.
[[nodiscard]] bool vouched(const Cycle& cycle, const ConfWord& word);

/// @returns nothing if a block that is needed was lost.
[[nodiscard]] std::optional<Fix> read_fix(const Cycle& cycle);

}  // namespace omnisonde::dfm
