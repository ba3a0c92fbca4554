// Demodulates one frame of AFSK from IQ: carrier, deviation and audio phase from the known bits at
// its head, bits by the trellis (afsk_trellis.hpp), then once more with what the decisions teach.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "dsp/afsk_acquire.hpp"
#include "dsp/afsk_trellis.hpp"
#include "dsp/frame_demod.hpp"
#include "dsp/modem_params.hpp"

namespace omnisonde::dsp {

/// Bits are 1 for the mark tone. Allocates: while growing to the longest frame.
class AfskDemod final : public FrameDemod {
 public:
  AfskDemod(const ModemParams& modem, double rate_hz);

  [[nodiscard]] double unit_samples() const noexcept override { return unit_samples_; }
  void load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) override;
  /// Needs a steady mark of some bits among the known ones.
  void refine_on_known(std::string_view known_bits, bool inverted) override;
  void detect(int block, std::span<float> llr) override;
  void detect_best(std::span<float> llr) override;
  void refine_on_decisions(std::span<const float> llr) override;
  void adapt_deviation(std::span<const float> llr) override;
  [[nodiscard]] const FrameFit& fit() const noexcept override { return fit_; }
  [[nodiscard]] const FrameLevel& level() const noexcept override { return level_; }
  [[nodiscard]] double mark_deviation_hz() const { return trellis_.mark_deviation_hz(); }
  [[nodiscard]] double space_deviation_hz() const { return trellis_.space_deviation_hz(); }

 private:
  void mix();
  [[nodiscard]] AfskPlace place() const noexcept;
  [[nodiscard]] std::span<const Sample> bits_between(double from, double to) const;
  void find_word(std::span<const int> bits, double power);
  void find_timing(std::span<const int> bits, double reach_units);
  void estimate_level();
  double path_power(double shift_units, double audio_shift);

  ModemParams modem_;
  double rate_hz_, unit_samples_;
  AfskAcquire acquire_;
  AfskTrellis trellis_;
  FrameFit fit_;
  FrameLevel level_;
  std::size_t bits_ = 0;
  std::int64_t first_ = 0;           ///< index of raw_[0]
  std::vector<Sample> raw_, mixed_;  ///< as in the ring; with the carrier removed
  double audio_cycles_ = 0;          ///< at the first bit
  bool decided_ = false;             ///< the trellis' path is this frame's
  std::vector<Sample> aligned_;
};

}  // namespace omnisonde::dsp
