// Demodulates frames from FM-discriminator audio: recordings of the time before IQ. Nothing here
// reaches IQ's sensitivity, since the discriminator has thrown the phase away.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "dsp/frame_demod.hpp"
#include "dsp/modem_params.hpp"

namespace omnisonde::dsp {

/// Samples are audio in the real part; FrameFit::carrier_hz is not used (the offset is the audio's
/// mean, taken out frame by frame). Allocates: while growing to the longest frame.
class AudioDemod final : public FrameDemod {
 public:
  AudioDemod(const ModemParams& modem, double rate_hz);

  [[nodiscard]] double unit_samples() const noexcept override { return unit_samples_; }
  void load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) override;
  void refine_on_known(std::string_view known_bits, bool inverted) override;
  void detect(int block, std::span<float> llr) override;
  void detect_best(std::span<float> llr) override;
  void refine_on_decisions(std::span<const float> llr) override;
  /// Audio carries no absolute deviation: nothing to adapt.
  void adapt_deviation(std::span<const float> llr) override { (void)llr; }
  [[nodiscard]] const FrameFit& fit() const noexcept override { return fit_; }
  [[nodiscard]] const FrameLevel& level() const noexcept override { return level_; }

 private:
  [[nodiscard]] double mean_between(double from, double to) const noexcept;
  [[nodiscard]] double soft(double unit) const noexcept;

  ModemParams modem_;
  double unit_samples_;
  FrameFit fit_;
  FrameLevel level_;
  std::size_t bits_ = 0;
  std::int64_t first_ = 0;
  std::vector<Sample> raw_;
  std::vector<double> sum_;  ///< running sum of the audio
};

}  // namespace omnisonde::dsp
