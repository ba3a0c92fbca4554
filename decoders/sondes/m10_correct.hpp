// From chips to a frame whose checksum holds: line levels from both sides of every bit edge, known
// content, and the few weakest levels turned round.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "decoders/fec/weak_flips.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/m10_frame.hpp"

namespace omnisonde::m10 {

/// Bytes that the flight has taught: what stayed the same over several frames and by its meaning
/// may (serial, calibration, unused, satellites). Never position, time, counters, readings,
/// checksum.
class FlightMemory {
 public:
  struct Known {
    std::array<std::uint8_t, kMostBytes> value{};
    std::array<bool, kMostBytes> is{};
    bool any = false;
  };

  /// @param frame  with a good checksum.
  void learn(std::span<const std::uint8_t> frame);
  /// For a frame of this many bytes.
  [[nodiscard]] const Known& known(std::size_t bytes) const;

 private:
  void forget(std::span<const std::uint8_t> frame);

  std::size_t bytes_ = 0;
  std::array<std::uint8_t, kMostBytes> seen_{};  ///< frames in a row without change
  Known known_;
};

/// One sonde's corrector. Not thread-safe.
class Corrector {
 public:
  /// @param llr   as SondeDecoder::correct gets them: frame_chips(bytes) or more.
  /// @param bytes length of the frame.
  /// @returns     whether a checksum holds; `out.bytes` is the frame then.
  bool run(std::span<const float> llr, std::size_t bytes, Effort effort, const FlightMemory& memory,
           Frame& out);

 private:
  /// Levels tied together by known bits between them: one decision.
  struct Run {
    float odds = 0;                ///< for the first of its levels
    std::size_t from = 0, to = 0;  ///< levels [from, to]
  };
  void load(std::span<const float> llr, std::size_t bytes);
  void accept_known(const FlightMemory::Known& known);
  void decide();
  bool check(std::size_t most_flips);
  void find_spots();
  void finish(std::span<const float> llr, Frame& out) const;
  [[nodiscard]] std::uint16_t syndrome(std::span<const std::uint8_t> word) const;

  std::size_t bytes_ = 0;
  std::vector<float> level_;      ///< log odds that the line is high after edge i; 8 bytes + 1
  std::vector<std::int8_t> tie_;  ///< per bit: 1 or 0 where known, else -1
  std::vector<Run> runs_;
  std::vector<std::uint8_t> word_, unit_;
  std::vector<fec::WeakSpot> spots_;
  fec::TrialLedger ledger_;
};

}  // namespace omnisonde::m10
