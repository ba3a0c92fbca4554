// Helpers of the sonde types' tests: hex to bytes, line symbols to LLRs, noise.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/modem_params.hpp"

namespace omnisonde::line_air {

/// "AA BF35" -> bytes; what is no hex digit is skipped.
inline std::vector<std::uint8_t> hex_bytes(std::string_view hex) {
  std::vector<std::uint8_t> bytes;
  unsigned value = 0, digits = 0;
  for (const char c : hex) {
    const auto digit = std::string_view("0123456789ABCDEF").find(static_cast<char>(c & ~0x20));
    const auto number = c >= '0' && c <= '9' ? static_cast<std::size_t>(c - '0') : digit;
    if (number > 15) continue;
    value = value << 4U | static_cast<unsigned>(number);
    if (++digits % 2 == 0) bytes.push_back(static_cast<std::uint8_t>(value));
  }
  return bytes;
}

/// Bits of bytes, highest first.
inline std::vector<std::uint8_t> bits_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> bits;
  for (const std::uint8_t byte : bytes) {
    for (unsigned i = 0; i < 8; ++i) bits.push_back(byte >> (7 - i) & 1U);
  }
  return bits;
}

/// Certain LLRs of bits.
inline std::vector<float> clean_llr(const std::vector<std::uint8_t>& bits, float magnitude = 20) {
  std::vector<float> llr;
  for (const std::uint8_t bit : bits) llr.push_back(bit != 0 ? magnitude : -magnitude);
  return llr;
}

/// What a receiver makes of line symbols: one bit per symbol, or the second of each Manchester
/// pair.
inline std::vector<std::uint8_t> line_bits(const std::vector<std::uint8_t>& symbols,
                                           dsp::LineCode code) {
  if (code == dsp::LineCode::kNrz) return symbols;
  std::vector<std::uint8_t> bits;
  for (std::size_t i = 1; i < symbols.size(); i += 2) bits.push_back(symbols[i]);
  return bits;
}

/// Calibrated LLRs of a Gaussian channel whose bits are wrong with probability Q(x).
inline std::vector<float> noisy_llr(const std::vector<std::uint8_t>& bits, float x,
                                    std::mt19937_64& random) {
  std::normal_distribution<float> noise;
  std::vector<float> llr;
  for (const std::uint8_t bit : bits) {
    llr.push_back(2 * x * ((bit != 0 ? x : -x) + noise(random)));
  }
  return llr;
}

/// LLRs of nothing but noise.
inline std::vector<float> noise_llr(std::size_t count, std::mt19937_64& random) {
  std::normal_distribution<float> noise;
  std::vector<float> llr(count);
  for (float& x : llr) x = 4 * noise(random);
  return llr;
}

}  // namespace omnisonde::line_air
