// What tests do to frames between encoder and decoder: soft bits, noise, flipped bytes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace omnisonde::test {

using Llrs = std::vector<float>;

/// Symbols (0 or 1) to soft bits without noise.
inline Llrs to_llr(std::span<const std::uint8_t> symbols, float strength = 8) {
  Llrs llr;
  llr.reserve(symbols.size());
  for (const std::uint8_t symbol : symbols) llr.push_back(symbol != 0 ? strength : -strength);
  return llr;
}

/// Bytes, least significant bit first, to soft bits without noise.
inline Llrs bytes_to_llr(std::span<const std::uint8_t> bytes, float strength = 8) {
  Llrs llr;
  llr.reserve(8 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      llr.push_back((byte >> bit & 1U) != 0 ? strength : -strength);
    }
  }
  return llr;
}

/// Adds white noise and scales to true log-likelihood ratios of antipodal signalling.
/// @param es_n0_db  energy per symbol over noise density. (Coherent: FSK needs about 3 dB more.)
inline Llrs with_noise(std::span<const std::uint8_t> symbols, double es_n0_db,
                       std::mt19937& random) {
  const double sigma2 = 0.5 * std::pow(10.0, -es_n0_db / 10);
  std::normal_distribution<double> noise(0, std::sqrt(sigma2));
  Llrs llr;
  llr.reserve(symbols.size());
  for (const std::uint8_t symbol : symbols) {
    const double received = (symbol != 0 ? 1.0 : -1.0) + noise(random);
    llr.push_back(static_cast<float>(2 * received / sigma2));
  }
  return llr;
}

/// Soft bits of nothing but noise.
inline Llrs noise_only(std::size_t bits, std::mt19937& random, float scale = 4) {
  std::normal_distribution<float> noise(0, scale);
  Llrs llr(bits);
  for (float& value : llr) value = noise(random);
  return llr;
}

/// Turns one to eight bits of the byte over. @param strength  of the bits that are wrong now.
inline void hit_byte(Llrs& llr, std::size_t byte, std::mt19937& random, float strength = 8) {
  const unsigned pattern = 1 + static_cast<unsigned>(random() % 255);
  for (unsigned bit = 0; bit < 8; ++bit) {
    float& value = llr[8 * byte + bit];
    if ((pattern >> bit & 1U) != 0) value = value > 0 ? -strength : strength;
  }
}

/// Makes the byte unknown.
inline void erase_byte(Llrs& llr, std::size_t byte) {
  for (std::size_t bit = 0; bit < 8; ++bit) llr[8 * byte + bit] = 0;
}

}  // namespace omnisonde::test
