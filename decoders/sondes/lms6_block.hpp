// A block of a Lockheed Martin LMS6: sync, then a Reed-Solomon word, all of it convolutionally
// coded. From soft symbols to the 223 bytes of its message.
//
//   bytes on air  00 58 F3 3F B8 | LMSX only: gap of 0, 35 or 40 | 223 message | 32 parity
// Each bit, lowest of its byte first, makes two symbols; the code runs on through all of it. The
// frame of the receiver begins with the 64 symbols of 58 F3 3F B8, which depend on nothing before
// since the zero byte empties the encoder; for the same reason the state after them is known.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "decoders/fec/reed_solomon.hpp"
#include "decoders/fec/viterbi.hpp"
#include "decoders/sonde.hpp"

namespace omnisonde::lms6 {

inline constexpr std::array<std::uint8_t, 5> kSync = {0x00, 0x58, 0xF3, 0x3F, 0xB8};
inline constexpr std::string_view kSyncSymbols =
    "0101011000001000000111001001011100011010101001110011110100111110";
inline constexpr std::size_t kMessageBytes = 223;
inline constexpr std::size_t kParityBytes = 32;
inline constexpr std::size_t kWordBytes = kMessageBytes + kParityBytes;
inline constexpr std::size_t kBlockBytes = kSync.size() + kWordBytes;
inline constexpr std::size_t kSymbolsPerByte = 16;
inline constexpr unsigned kStateAfterSync = 0xB8 >> 2;
/// Where the word may begin, in bytes after the sync, the usual place first.
inline constexpr std::array<std::size_t, 1> kGapsLms6 = {0};
inline constexpr std::array<std::size_t, 3> kGapsLmsx = {40, 35, 0};

/// CCSDS 131.0-B, section 4, in the conventional basis.
[[nodiscard]] const fec::ReedSolomon& code();

/// Fills the last 32 bytes of a word of 255 in the order on air.
void encode_word(std::span<std::uint8_t, kWordBytes> word);

/// Corrects blocks. Scratch memory only: no state from block to block.
class BlockCorrector {
 public:
  BlockCorrector();

  /// Undoes the inner code.
  /// @param llr    symbols from the sync on
  /// @param prior  LLRs of the data bits behind the sync, as far as known; or empty
  void load(std::span<const float> llr, std::span<const float> prior);

  /// Bytes behind the sync that were loaded; reliability is the least |LLR| of a byte's bits.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::span<const float> reliability() const noexcept { return reliability_; }

  struct Word {
    std::array<std::uint8_t, kMessageBytes> message;
    double evidence_bits = 0;  ///< against an accident, see ReedSolomon::evidence_bits
    int bits_corrected = 0;    ///< symbols on air that were wrong
  };
  /// Corrects the word that begins `gap` bytes behind the sync.
  /// @param erasures  how many of its least reliable bytes are given up
  /// @returns         whether there is a word within reach
  bool correct(std::size_t gap, std::size_t erasures, Word& out);

 private:
  void count_wrong_symbols(std::size_t gap, std::span<const std::uint8_t> word, Word& out) const;

  fec::SoftViterbi viterbi_;
  std::span<const float> symbols_;  ///< behind the sync; valid while load()'s argument is
  std::vector<float> bits_, prior_, reliability_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace omnisonde::lms6
