// RS41: what one frame tells about the next ones. Most of a frame repeats or can be predicted; put
// in front of the error correction, that is worth several bytes of correction power.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "decoders/sondes/rs41_calibration.hpp"
#include "decoders/sondes/rs41_fec.hpp"
#include "decoders/sondes/rs41_frame.hpp"

namespace omnisonde::rs41 {

/// Memory of one flight.
class FlightMemory {
 public:
  /// Takes over what the blocks with good checksums say. Another serial starts afresh.
  void learn(std::span<const std::uint8_t> frame, const BlockList& blocks);

  /// Adds soft bits for everything that the next frame should hold. Each group of bytes is added
  /// only if the signal does not speak against it, so that a foreign frame comes to no harm.
  /// @param llr  8 * 320 or 8 * 518 values.
  void add_priors(std::span<float> llr, const Calibration& calibration) const;

  [[nodiscard]] FlightHint hint(std::size_t frame_bytes) const;

 private:
  using Payload = std::optional<std::array<std::uint8_t, 96>>;  // the longest that is of use: 89
  static void keep(Payload& payload, std::span<const std::uint8_t> frame, const Block* block);
  [[nodiscard]] const Layout& layout(std::size_t frame_bytes) const {
    return layouts_[frame_bytes == kExtendedBytes ? 1 : 0];
  }

  Payload status_, measurement_, gps_info_, position_;
  std::array<Layout, 2> layouts_;  // normal, extended; count 0 while unknown
};

}  // namespace omnisonde::rs41
