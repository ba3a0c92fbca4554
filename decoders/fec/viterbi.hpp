// Soft decoding of rate 1/2 convolutional codes of constraint length 7, with a reliability for
// every data bit: what an outer code needs to know which of its symbols to give up.
//
// Max-log-MAP: the decisions are those of the Viterbi algorithm, the reliability is the metric by
// which the best path is ahead of the best one that has this bit the other way.
// Source: Bahl, Cocke, Jelinek, Raviv, IEEE Trans. Inform. Theory 20, 1974; in the logarithmic
// domain Robertson, Villebrun, Hoeher, ICC 1995.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace omnisonde::fec {

/// Taps as usual in octal: the highest of the seven bits is the newest data bit.
struct ConvolutionalCode {
  std::array<unsigned, 2> taps;
  std::array<bool, 2> inverted;  ///< symbols that are sent complemented
};

/// CCSDS 131.0-B, section 3: the second symbol is inverted.
inline constexpr ConvolutionalCode kCcsdsConvolutional{{0171, 0133}, {false, true}};

/// The shift register of an encoder: the last six data bits, the newest in bit 5.
class ConvolutionalEncoder {
 public:
  explicit ConvolutionalEncoder(const ConvolutionalCode& code, unsigned state = 0) noexcept
      : code_(code), state_(state & 63U) {}

  /// @param bit  0 or 1. @returns the two symbols, the first one first on air.
  std::array<std::uint8_t, 2> push(unsigned bit) noexcept;

  [[nodiscard]] unsigned state() const noexcept { return state_; }

 private:
  ConvolutionalCode code_;
  unsigned state_;
};

/// One thread. Allocates while growing to the longest stretch.
class SoftViterbi {
 public:
  static constexpr std::size_t kStates = 64;

  explicit SoftViterbi(const ConvolutionalCode& code);

  /// @param llr    ln P(1)/P(0) of the symbols, two per data bit; what is not finite is an erasure
  /// @param prior  ln P(1)/P(0) of the data bits from elsewhere, as long as `out`; or empty
  /// @param start  the encoder's state before the first bit, where it is known
  /// @param end    its state after the last one, where it is known
  /// @param out    ln P(1)/P(0) of the data bits (max-log); llr.size() / 2 of them
  void decode(std::span<const float> llr, std::span<const float> prior,
              std::optional<unsigned> start, std::optional<unsigned> end, std::span<float> out);

 private:
  using Metrics = std::array<float, kStates>;

  void branches(std::span<const float> llr, std::span<const float> prior, std::size_t step);

  std::array<Metrics, 2> sign_first_{}, sign_second_{};  ///< [data bit][state]: +-1/2
  std::array<Metrics, 2> branch_{};                      ///< metrics of the present step
  std::vector<Metrics> forward_;                         ///< before each step
};

}  // namespace omnisonde::fec
