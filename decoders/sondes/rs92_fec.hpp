// RS92: from soft bits to a whole frame. Start and stop bits, the code's parity, the blocks'
// checksums and the fixed bytes all say something about where the errors are.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoders/sonde.hpp"
#include "decoders/sondes/rs92_frame.hpp"

namespace omnisonde::rs92 {

/// Holds scratch memory only: no state between frames.
class FrameCorrector {
 public:
  /// @param llr     2400 soft bits as on air, start and stop bits included.
  /// @param serial  8 bytes of the sonde that sends here, or empty while unknown.
  /// @returns       false when the checks that are left over cannot rule out an accident.
  bool run(std::span<const float> llr, Effort effort, std::span<const std::uint8_t> serial,
           Frame& out);

 private:
  void slice(std::span<const float> llr);
  void weigh(std::span<const float> llr);
  void put_fixed(std::span<const float> llr);
  void trust_checksums();
  bool try_erasures(Effort effort, Frame& out);
  bool try_decode(std::span<const std::uint8_t> erasures, Effort effort, Frame& out);
  bool salvage(std::span<const std::uint8_t> serial, Frame& out);
  void finish(std::span<const std::uint8_t> frame, bool whole, Frame& out) const;

  std::array<std::uint8_t, kFrameBytes> hard_{};  ///< as sliced
  std::array<std::uint8_t, kFrameBytes> work_{};  ///< hard_, with fixed bytes put in
  std::array<float, kFrameBytes> reliability_{};
  std::array<float, kFrameBytes> weakness_{};  ///< expected wrong bits; what is erased first
};

/// Chance that a bit with this |llr| is wrong; 0.5 for an erased or broken one.
[[nodiscard]] float error_chance(float llr);

}  // namespace omnisonde::rs92
