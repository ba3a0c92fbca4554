// Reed-Solomon codes over GF(256), with errors and erasures; the code is data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace omnisonde::fec {

/// Which code. The generator's roots are alpha^(root_step * (first_root + i)), i = 0..parity-1.
struct ReedSolomonParams {
  unsigned field_polynomial = 0x11D;  ///< with the x^8 term; its root alpha = 2 is primitive
  unsigned first_root = 0;
  unsigned root_step = 1;  ///< coprime to 255 (CCSDS: 11)
  unsigned parity = 24;    ///< check symbols, n - k, at most 64
};

/// How a word was corrected.
struct ReedSolomonResult {
  int errors = 0;    ///< wrong symbols found outside the erasures
  int erasures = 0;  ///< symbols that the caller had given up
};

/// Encoder and decoder for one code. Words are in coefficient order: word[i] belongs to x^i, the
/// parity stands in word[0..parity-1]. Words shorter than 255 are shortened codes: the missing
/// high coefficients are zeros, and a correction there is taken as a miscorrection.
/// Immutable after construction; no function allocates.
class ReedSolomon {
 public:
  static constexpr std::size_t kMaxLength = 255;
  static constexpr std::size_t kMaxParity = 64;

  explicit ReedSolomon(const ReedSolomonParams& params);

  [[nodiscard]] std::size_t parity() const noexcept { return parity_; }

  /// Fills word[0..parity-1] from the rest. @param word parity..255 symbols.
  void encode(std::span<std::uint8_t> word) const noexcept;

  /// @returns whether all syndromes vanish. @param word at most 255 symbols.
  [[nodiscard]] bool is_codeword(std::span<const std::uint8_t> word) const noexcept;

  /// Corrects up to (parity - erasures)/2 errors besides the erasures, in place.
  /// @param word      parity+1..255 symbols; unchanged when refused.
  /// @param erasures  distinct positions in `word`, whatever they hold; more than `parity` refuses.
  /// @returns         nothing when there is no codeword within reach.
  /// Source: errors-and-erasures Berlekamp-Massey and Forney, R. Blahut, "Theory and Practice of
  /// Error Control Codes", 1983, ch. 9.
  [[nodiscard]] std::optional<ReedSolomonResult> decode(
      std::span<std::uint8_t> word, std::span<const std::uint8_t> erasures = {}) const noexcept;

  /// Evidence, in bits, that a decoded word is no accident: -log2 of the chance that random symbols
  /// decode with that many errors and erasures or fewer. Zero when the code checked nothing.
  [[nodiscard]] double evidence_bits(std::size_t length, const ReedSolomonResult& how) const;

 private:
  using Poly = std::array<std::uint8_t, kMaxParity + 1>;

  [[nodiscard]] std::uint8_t mul(std::uint8_t a, std::uint8_t b) const noexcept {
    return (a == 0 || b == 0) ? std::uint8_t{0} : exp_[log_[a] + log_[b]];
  }
  /// a * alpha^power; power in 0..254.
  [[nodiscard]] std::uint8_t scale(std::uint8_t a, unsigned power) const noexcept {
    return a == 0 ? std::uint8_t{0} : exp_[log_[a] + power];
  }
  [[nodiscard]] unsigned locator_log(std::size_t position) const noexcept {
    return static_cast<unsigned>(position * step_ % 255);
  }
  bool syndromes(std::span<const std::uint8_t> word, Poly& out) const noexcept;
  [[nodiscard]] std::size_t find_locator(const Poly& syndrome,
                                         std::span<const std::uint8_t> erasures,
                                         Poly& locator) const noexcept;
  [[nodiscard]] std::uint8_t value_at(const Poly& poly, std::size_t terms,
                                      unsigned x_log) const noexcept;
  [[nodiscard]] bool correct(std::span<std::uint8_t> word, const Poly& syndrome,
                             const Poly& locator, std::size_t degree) const noexcept;

  std::size_t parity_;
  unsigned first_;
  unsigned step_;
  std::array<std::uint8_t, 512> exp_{};  // doubled, so that a sum of two logs needs no modulo
  std::array<std::uint8_t, 256> log_{};
  Poly generator_{};                                    // highest power (1) at index parity
  std::vector<std::array<std::uint8_t, 256>> by_root_;  // by_root_[i][s] = s * root i
  std::array<double, kMaxLength + 1> log2_factorial_{};
};

}  // namespace omnisonde::fec
