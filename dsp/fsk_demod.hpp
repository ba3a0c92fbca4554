// Demodulates one frame of two-level FSK whose place is roughly known.
//
// Multi-symbol and noncoherent: a bit is decided from the whole waveform of the 3 to 7 units around
// it, over all values of its neighbours, with one unknown carrier phase for the block. Tone against
// tone, symbol by symbol, needs about 2.5 dB more. The frame's own decisions then teach carrier,
// timing and symbol clock, and the frame is decided again.
// Source of the method: Osborne & Luntz, "Coherent and noncoherent detection of CPFSK", IEEE Trans.
// Comm. 1974 (block detection); max-log soft outputs.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dsp/frame_demod.hpp"
#include "dsp/modem_params.hpp"
#include "dsp/workspace.hpp"

namespace omnisonde::dsp {

/// Allocates: while growing to the longest frame.
class FskDemod final : public FrameDemod {
 public:
  /// @param workspace  shared with demodulators of the same thread; null: its own. What is loaded
  ///                   stays until another of them loads.
  FskDemod(const ModemParams& modem, double rate_hz,
           std::shared_ptr<Workspace> workspace = nullptr);

  [[nodiscard]] double unit_samples() const noexcept override { return unit_samples_; }
  void load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) override;
  void refine_on_known(std::string_view known_bits, bool inverted) override;
  void detect(int block, std::span<float> llr) override;
  void detect_best(std::span<float> llr) override;
  void refine_on_decisions(std::span<const float> llr) override;
  void adapt_deviation(std::span<const float> llr) override;
  [[nodiscard]] const FrameFit& fit() const noexcept override { return fit_; }
  [[nodiscard]] const FrameLevel& level() const noexcept override { return level_; }
  [[nodiscard]] double deviation_hz() const noexcept {
    return bank_ == nullptr ? modem_.deviation_hz : bank_->deviation_hz();
  }

 private:
  struct Place {
    std::size_t sample;
    int fraction;
  };
  [[nodiscard]] Place place(double unit) const noexcept;
  void mix_up_to(double unit);
  void correlate_units();
  void use_bank(double deviation_hz);
  void contexts_of(std::span<const float> llr);
  void align(std::size_t from, std::size_t to, double shift_units);
  [[nodiscard]] double unit_step(std::size_t from) const;
  void choose_wide_carrier(std::size_t units);
  void follow_carrier();
  void estimate_level(std::span<const Sample> units);
  float decide(int block, bool follow, std::span<float> margin);
  void fit_timing(std::size_t segment_units);

  std::shared_ptr<Workspace> work_;
  ModemParams modem_;
  double rate_hz_, unit_samples_;
  bool wide_;                       ///< tones so far apart that only single units are looked at
  const UnitBank* bank_ = nullptr;  ///< the workspace's
  FrameFit fit_;
  FrameLevel level_;
  std::size_t bits_ = 0;
  std::int64_t first_ = 0;     ///< index of the workspace's first sample
  std::size_t mixed_to_ = 0;   ///< its mixed ones are good up to here...
  double mixed_hz_ = 0;        ///< ...for this carrier
  unsigned short_frames_ = 0;  ///< decided so far
  std::size_t part_ = 4;       ///< units that are summed coherently while the carrier is uncertain
};

}  // namespace omnisonde::dsp
