// The waveforms of one information unit of an FSK signal, and correlation with them.
//
// A unit carries one data bit: one symbol for plain FSK, a low/high or high/low pair for
// Manchester. With Gaussian shaping the waveform depends on the neighbouring bits as well, so a
// unit is looked at in the context (previous, this, next). The complement of a context has the
// conjugate waveform, which halves the work.
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

#include "dsp/fft.hpp"
#include "dsp/modem_params.hpp"

namespace omnisonde::dsp {

class UnitBank {
 public:
  static constexpr int kFractions = 16;  ///< steps of a sample in which a unit may start

  /// @param modem         symbol rate, shaping and line code
  /// @param deviation_hz  instead of modem.deviation_hz, for transmitters that differ
  /// @param rate_hz       sample rate
  UnitBank(const ModemParams& modem, double deviation_hz, double rate_hz);

  [[nodiscard]] double unit_samples() const noexcept { return unit_samples_; }
  [[nodiscard]] double deviation_hz() const noexcept { return deviation_hz_; }
  /// 1 (this bit alone) or 3 (previous, this, next; the previous in the highest place).
  [[nodiscard]] int context_bits() const noexcept { return context_bits_; }
  [[nodiscard]] int contexts() const noexcept { return 1 << context_bits_; }
  /// Samples that correlate() reads from the whole sample before the unit's start on.
  [[nodiscard]] int length() const noexcept { return length_; }
  /// exp(-i phase) of what the carrier's phase gains over a unit with this context.
  [[nodiscard]] Sample unwind(int context) const noexcept { return unwind_[at(context)]; }

  /// Correlates the unit that starts `fraction`/16 samples after x[0] with all contexts.
  /// @param x  length() samples     @param out  contexts() values
  void correlate(const Sample* x, int fraction, Sample* out) const noexcept;

  /// The same for one context only.
  [[nodiscard]] Sample correlate_one(const Sample* x, int fraction, int context) const noexcept;

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  void add_waveform(int context, std::span<const double> phase_turns, int steps_per_sample);

  double unit_samples_, deviation_hz_;
  int context_bits_, length_;
  std::vector<int> pair_context_;  ///< the context (this bit 1) that each stored waveform is for
  std::vector<float> waves_;       ///< [fraction][sample][cosine of each pair, sine of each pair]
  std::vector<Sample> unwind_;
};

}  // namespace omnisonde::dsp
