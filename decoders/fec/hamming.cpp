#include "decoders/fec/hamming.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>

namespace omnisonde::fec {

Hamming84Hard hamming84_decode(std::uint8_t word) noexcept {
  for (std::size_t nibble = 0; nibble < kHamming84Words.size(); ++nibble) {
    const int distance = std::popcount(static_cast<unsigned>(word ^ kHamming84Words[nibble]));
    // Spheres of radius 1 do not touch (distance 4), so the first hit is the only one.
    if (distance <= 1) return {static_cast<std::uint8_t>(nibble), distance, true};
  }
  return {};
}

Hamming84Soft hamming84_decode_soft(std::span<const float, 8> llr) noexcept {
  std::array<float, 16> metric{};
  std::uint8_t signs = 0;
  for (std::size_t bit = 0; bit < 8; ++bit) {
    const std::uint8_t mask = static_cast<std::uint8_t>(0x80U >> bit);
    if (llr[bit] > 0) signs = static_cast<std::uint8_t>(signs | mask);
    for (std::size_t k = 0; k < 16; ++k) {
      metric[k] += (kHamming84Words[k] & mask) != 0 ? llr[bit] : -llr[bit];
    }
  }
  const auto best = static_cast<std::size_t>(std::ranges::max_element(metric) - metric.begin());
  float others = 0;  // sum of P(other)/P(best); a metric difference is twice the log of that ratio
  for (std::size_t k = 0; k < 16; ++k) {
    if (k != best) others += std::exp(0.5F * (metric[k] - metric[best]));
  }
  Hamming84Soft out;
  out.nibble = static_cast<std::uint8_t>(best);
  out.metric = metric[best];
  out.log_odds = others > std::exp(-kMaxLogOdds) ? -std::log(others) : kMaxLogOdds;
  std::uint8_t erased = 0;
  for (std::size_t bit = 0; bit < 8; ++bit) {
    if (llr[bit] == 0) erased = static_cast<std::uint8_t>(erased | (0x80U >> bit));
  }
  out.flipped = std::popcount(static_cast<unsigned>((signs ^ kHamming84Words[best]) & ~erased));
  return out;
}

}  // namespace omnisonde::fec
