// Decides the bits of an AFSK signal from the carrier's waveform itself, not behind a
// discriminator, which has a threshold.
//
// A bit is one of two tones that begins at one of a few audio phases (with 1200 and 2200 Hz at 1200
// baud: six, since a mark is one whole cycle and a space 1 5/6). Bits and audio phases make a
// trellis. The carrier's phase is unknown but steady once the modulation is taken out: every path
// carries its own running mean of it (per-survivor processing), so that deciding is nearly
// coherent. A pass forwards and one backwards give soft outputs from both sides of a bit.
// Sources: Raheli, Polydoros & Tzou, "Per-survivor processing", IEEE Trans. Comm. 1995; Colavolpe &
// Raheli, "Noncoherent sequence detection", IEEE Trans. Comm. 1999.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "dsp/afsk_tone.hpp"
#include "dsp/modem_params.hpp"

namespace omnisonde::dsp {

/// Where and how a run of bits lies in its samples.
struct AfskPlace {
  double at = 0;             ///< sample at which the first bit begins
  double unit_samples = 0;   ///< per bit
  double audio_cycles = 0;   ///< audio phase at that moment
  double carrier_turns = 0;  ///< carrier left in the samples, turns per bit
};

/// Allocates while growing to the longest run. One thread.
class AfskTrellis {
 public:
  explicit AfskTrellis(const ModemParams& modem);

  /// Deviations of the two tones: equal unless the transmitter emphasises one.
  void use(double mark_hz, double space_hz);
  [[nodiscard]] double mark_deviation_hz() const { return tone_[1]->deviation_hz(); }
  [[nodiscard]] double space_deviation_hz() const { return tone_[0]->deviation_hz(); }

  /// Decides margin.size() bits.
  /// @param memory  share that the running mean of the carrier keeps from bit to bit
  /// @param margin  correlation of the best path with this bit 1, less that with it 0
  void decide(std::span<const Sample> x, const AfskPlace& place, float memory,
              std::span<float> margin);

  /// One bit of the decided path, or of a known one.
  struct Step {
    double audio_cycles;  ///< at its beginning
    int bit;
    Sample aligned;  ///< correlation with the modulation's phase taken out
  };
  [[nodiscard]] std::span<const Step> path() const { return path_; }

  /// What the path would give at another place or with another deviation.
  /// @param bits  0 or 1 of each  @param out  correlations, modulation's phase taken out
  void follow(std::span<const Sample> x, const AfskPlace& place, std::span<const int> bits,
              std::span<Sample> out) const;
  /// The same for the decided path of decide(), audio phases included.
  void follow_path(std::span<const Sample> x, const AfskPlace& place, std::size_t from,
                   std::span<Sample> out) const;

  /// Audio cycles of a bit.
  [[nodiscard]] double cycles(int bit) const { return cycles_[static_cast<std::size_t>(bit)]; }

 private:
  struct State {
    float metric = 0;
    Sample mean{};  ///< of the carrier, from the bits seen so far
  };
  struct Branch {
    Sample correlation, turn;  ///< turn: of the carrier's phase over the bit
  };
  struct Window {
    std::span<const Sample> x;
    double late;  ///< samples from the bit's beginning to x[0]
  };
  [[nodiscard]] std::size_t next(std::size_t state, std::size_t bit) const {
    return (state + advance_[bit]) % classes_;
  }
  [[nodiscard]] Window window(std::span<const Sample> x, const AfskPlace& place,
                              std::size_t k) const noexcept;
  [[nodiscard]] Branch branch(const Window& w, double audio, int bit, double unit) const noexcept;
  void correlate(const Window& w, double audio, double unit, std::span<Branch> out) const noexcept;
  void forward(std::span<const Sample> x, const AfskPlace& place, std::size_t bits, float memory);
  void trace(std::size_t bits);
  void backward(float memory, std::span<float> margin);
  void track(const Window& w, std::size_t k, std::size_t state, std::size_t bit, double unit);

  std::array<double, 2> tone_hz_{}, cycles_{};
  std::size_t classes_;
  std::array<std::size_t, 2> advance_{};  ///< of the class over a bit
  std::array<std::optional<AfskTone>, 2> tone_;
  std::vector<State> alpha_;        ///< [bit][class]: before the bit
  std::vector<Branch> branch_;      ///< [bit][class][0 or 1]
  std::vector<std::uint8_t> came_;  ///< [bit + 1][class]: class before, and bit in the lowest place
  std::vector<double> audio_;       ///< [bit]: audio phase of class 0, as tracked
  std::vector<Sample> unwind_;      ///< [bit]: carrier left over a bit, as tracked
  std::vector<Step> path_;
  double audio_rate_ = 0, carrier_turns_ = 0, level_ = 0;
};

}  // namespace omnisonde::dsp
