// BCH(63,51), corrects two wrong bits, shortened to any length; soft decoding by Chase's method,
// which takes parity checks that a word has besides the code into account (Meisei).
// Generator x^12+x^10+x^8+x^5+x^4+x^3+1: roots a..a^4 in GF(64) by x^6+x+1.
// Source of the soft method: D. Chase, "A class of algorithms for decoding block codes with channel
// measurement information", IEEE Trans. Inf. Theory 18 (1972), algorithm 2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace omnisonde::fec {

/// A shortened code. Words are integers: the first bit sent is the highest of `length`, the twelve
/// check bits are the lowest. Immutable; safe to share between threads.
class Bch63 {
 public:
  static constexpr std::size_t kCheckBits = 12;

  struct Decoded {
    std::uint64_t word = 0;
    float log_odds = 0;  ///< ln P(this word) / P(another code word that was found)
    int flipped = 0;     ///< bits whose sign disagrees with the word
    bool ok = false;     ///< a code word was found
  };

  /// @param length  13..63 bits, checks included
  explicit Bch63(std::size_t length) noexcept;

  [[nodiscard]] std::size_t length() const noexcept { return length_; }

  /// @returns the code word of `message` (length - 12 bits).
  [[nodiscard]] std::uint64_t encode(std::uint64_t message) const noexcept;

  /// Puts up to two wrong bits right.
  /// @returns how many, or -1 (word unchanged): more are wrong, or one in the part cut off.
  int correct(std::uint64_t& word) const noexcept;

  /// The most likely word among those within distance two of the received signs with any of the
  /// `kTestBits` least certain ones turned.
  /// @param llr   length() values, ln P(1)/P(0), first bit sent first; finite
  /// @param odd   masks under each of which a word has an odd number of ones
  [[nodiscard]] Decoded decode_soft(std::span<const float> llr,
                                    std::span<const std::uint64_t> odd) const noexcept;

 private:
  static constexpr std::size_t kTestBits = 10;

  [[nodiscard]] std::uint16_t syndrome(std::uint64_t word) const noexcept;

  std::size_t length_;
  std::array<std::uint16_t, 64> place_syndrome_{};  ///< x^i mod g
  std::array<std::uint64_t, 4096> error_{};         ///< by syndrome; what is to be turned
  std::array<bool, 4096> correctable_{};
};

}  // namespace omnisonde::fec
