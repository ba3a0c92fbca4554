// Demodulates AFSK frames from FM-discriminator audio: there the two tones are plain FSK about
// their middle, for which the multi-symbol demodulator of FSK serves.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "dsp/fsk_demod.hpp"
#include "dsp/sync_search.hpp"

namespace omnisonde::dsp {

/// FrameFit::carrier_hz is not used: an offset of the carrier is a constant in the audio, which the
/// filter takes out. Allocates: while growing to the longest frame.
class AfskAudioDemod final : public FrameDemod {
 public:
  /// @param kind  audio in the real part, or IQ that is put through a discriminator first
  AfskAudioDemod(const ModemParams& modem, double rate_hz, SignalKind kind);

  [[nodiscard]] double unit_samples() const noexcept override { return tones_.unit_samples(); }
  void load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) override;
  void refine_on_known(std::string_view known_bits, bool inverted) override;
  void detect(int block, std::span<float> llr) override;
  void detect_best(std::span<float> llr) override;
  void refine_on_decisions(std::span<const float> llr) override;
  /// The tones are fixed: nothing to adapt.
  void adapt_deviation(std::span<const float> llr) override { (void)llr; }
  [[nodiscard]] const FrameFit& fit() const noexcept override { return fit_; }
  [[nodiscard]] const FrameLevel& level() const noexcept override { return tones_.level(); }

 private:
  void discriminate();
  void to_tones();
  void take_fit();

  double rate_hz_, middle_hz_;
  SignalKind kind_;
  FskDemod tones_;
  SampleRing tone_ring_;
  FrameFit fit_;
  std::vector<float> filter_;  ///< one side, middle first
  std::vector<Sample> raw_, mixed_, filtered_;
  std::vector<float> flipped_;
};

}  // namespace omnisonde::dsp
