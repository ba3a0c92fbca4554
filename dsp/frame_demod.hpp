// The seam between the receiver and the two ways to demodulate a frame: from IQ (fsk_demod.hpp) and
// from recorded FM-discriminator audio (audio_demod.hpp).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "dsp/sample_ring.hpp"
#include "dsp/soft_bits.hpp"

namespace omnisonde::dsp {

/// Demodulates one frame whose place is roughly known. One object per slot and type; one thread.
class FrameDemod {
 public:
  virtual ~FrameDemod() = default;

  /// Samples per data bit at nominal clock.
  [[nodiscard]] virtual double unit_samples() const noexcept = 0;

  /// Takes the samples of `bits` units from fit.start on (and a few either side) out of the ring.
  virtual void load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) = 0;

  /// Puts start and carrier of the loaded frame right by its first bits, which are known.
  /// @param known_bits  '0'/'1'; complemented if `inverted`
  virtual void refine_on_known(std::string_view known_bits, bool inverted) = 0;

  /// Decides all loaded bits.
  /// @param block  units looked at together: 3, 5 or 7 (more is better and dearer)
  /// @param llr    one per bit: ln P(1)/P(0) where 1 is the higher tone (Manchester: low then high)
  virtual void detect(int block, std::span<float> llr) = 0;

  /// Decides all loaded bits in whichever way suits this transmitter best, with its own refinement:
  /// a wandering oscillator wants short blocks, a steady one long ones. Costs several detect().
  virtual void detect_best(std::span<float> llr) = 0;

  /// Puts carrier, start and clock right by the decisions in `llr`. Call detect() again after.
  virtual void refine_on_decisions(std::span<const float> llr) = 0;

  /// Deviation actually sent, by the decisions in `llr`; taken over for what follows.
  virtual void adapt_deviation(std::span<const float> llr) = 0;

  [[nodiscard]] virtual const FrameFit& fit() const noexcept = 0;
  /// Valid after detect().
  [[nodiscard]] virtual const FrameLevel& level() const noexcept = 0;
};

}  // namespace omnisonde::dsp
