#include "decoders/fec/biphase.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace omnisonde::fec {
namespace {

// Beyond this certainty the sums of the recursion say no more, and they would grow without end.
constexpr float kMost = 80;

float finite(float llr) { return std::isfinite(llr) ? std::clamp(llr, -kMost, kMost) : 0.0F; }

/// Log odds that two bits are equal, from the log odds of each: 2 atanh(tanh(a/2) tanh(b/2)),
/// written so that it does not overflow.
float equal_odds(float a, float b) {
  const float least = std::min(std::fabs(a), std::fabs(b));
  const float sign = (a < 0) == (b < 0) ? 1.0F : -1.0F;
  return sign * least + std::log1p(std::exp(-std::fabs(a + b))) -
         std::log1p(std::exp(-std::fabs(a - b)));
}

/// What the chips say of the level just after the start of bit `bit`: the chip there, and the
/// complement of the one before.
float edge_level(std::span<const float> chips, float level_before, std::size_t bit) {
  const float before = bit == 0 ? level_before : chips[2 * bit - 1];
  const float after = 2 * bit < chips.size() ? chips[2 * bit] : 0.0F;
  return finite(after) - finite(before);
}

}  // namespace

// With e(i) the level just after the start of bit i, the second chip of bit i is not e(i + 1). So a
// bit with a change in the middle has e(i) = e(i + 1), and without one e(i) != e(i + 1): the bits
// are the comparisons of a chain of levels, each seen once directly. Forward: what the chain says
// of e(i) up to there; backward: what the rest says.
void biphase_decode(std::span<const float> chips, Biphase rule, float level_before,
                    std::span<const float> priors, std::span<float> bits) noexcept {
  const std::size_t count = std::min(bits.size(), chips.size() / 2);
  std::fill(bits.begin() + static_cast<std::ptrdiff_t>(count), bits.end(), 0.0F);
  const float sign = rule == Biphase::kMark ? 1.0F : -1.0F;  // a 1 is "equal"
  const auto prior = [&](std::size_t i) {
    return i < priors.size() ? sign * finite(priors[i]) : 0.0F;
  };

  // bits[i] first holds what bits i.. say of e(i + 1), seen from the right.
  float from_right = edge_level(chips, level_before, count);
  for (std::size_t i = count; i > 0; --i) {
    bits[i - 1] = from_right;
    from_right =
        finite(edge_level(chips, level_before, i - 1) + equal_odds(from_right, prior(i - 1)));
  }
  float from_left = edge_level(chips, level_before, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const float right = bits[i];
    bits[i] = sign * (equal_odds(from_left, right) + prior(i));
    from_left = finite(edge_level(chips, level_before, i + 1) + equal_odds(from_left, prior(i)));
  }
}

std::vector<std::uint8_t> biphase_encode(std::span<const std::uint8_t> bits, Biphase rule,
                                         std::uint8_t level_before) {
  const std::uint8_t change = rule == Biphase::kMark ? 1 : 0;
  std::uint8_t level = level_before & 1U;
  std::vector<std::uint8_t> chips;
  chips.reserve(2 * bits.size());
  for (const std::uint8_t bit : bits) {
    level ^= 1U;
    chips.push_back(level);
    if ((bit & 1U) == change) level ^= 1U;
    chips.push_back(level);
  }
  return chips;
}

}  // namespace omnisonde::fec
