#include "decoders/fec/viterbi.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "gateway/base/assert.hpp"

namespace omnisonde::fec {
namespace {

constexpr float kImpossible = -1e5F;
// No demodulator is that sure; it keeps the sums well inside what a float resolves.
constexpr float kMaxLlr = 64.0F;

float sane(float llr) { return std::isfinite(llr) ? std::clamp(llr, -kMaxLlr, kMaxLlr) : 0.0F; }

unsigned symbol(const ConvolutionalCode& code, std::size_t which, unsigned window) {
  const auto parity = static_cast<unsigned>(std::popcount(window & code.taps[which])) & 1U;
  return parity ^ (code.inverted[which] ? 1U : 0U);
}

}  // namespace

std::array<std::uint8_t, 2> ConvolutionalEncoder::push(unsigned bit) noexcept {
  const unsigned window = (bit & 1U) << 6 | state_;
  state_ = window >> 1;
  return {static_cast<std::uint8_t>(symbol(code_, 0, window)),
          static_cast<std::uint8_t>(symbol(code_, 1, window))};
}

SoftViterbi::SoftViterbi(const ConvolutionalCode& code) {
  for (unsigned bit = 0; bit < 2; ++bit) {
    for (unsigned state = 0; state < kStates; ++state) {
      const unsigned window = bit << 6 | state;
      sign_first_[bit][state] = symbol(code, 0, window) != 0 ? 0.5F : -0.5F;
      sign_second_[bit][state] = symbol(code, 1, window) != 0 ? 0.5F : -0.5F;
    }
  }
}

void SoftViterbi::branches(std::span<const float> llr, std::span<const float> prior,
                           std::size_t step) {
  const float first = sane(llr[2 * step]);
  const float second = sane(llr[2 * step + 1]);
  const float known = prior.empty() ? 0.0F : sane(prior[step]);
  for (std::size_t bit = 0; bit < 2; ++bit) {
    const float bias = bit != 0 ? 0.5F * known : -0.5F * known;
    for (std::size_t s = 0; s < kStates; ++s) {
      branch_[bit][s] = first * sign_first_[bit][s] + second * sign_second_[bit][s] + bias;
    }
  }
}

// State s and data bit u lead to state 32 u + s / 2, so each pair of states 2j, 2j+1 leads to the
// pair j, j+32.
void SoftViterbi::decode(std::span<const float> llr, std::span<const float> prior,
                         std::optional<unsigned> start, std::optional<unsigned> end,
                         std::span<float> out) {
  constexpr std::size_t kHalf = kStates / 2;
  const std::size_t steps = out.size();
  OMNI_ASSERT(llr.size() == 2 * steps && (prior.empty() || prior.size() == steps));
  if (steps == 0) return;
  forward_.resize(steps);
  forward_[0].fill(start ? kImpossible : 0.0F);
  if (start) forward_[0][*start % kStates] = 0;
  for (std::size_t t = 0; t + 1 < steps; ++t) {
    branches(llr, prior, t);
    const Metrics& from = forward_[t];
    Metrics& to = forward_[t + 1];
    for (std::size_t bit = 0; bit < 2; ++bit) {
      const Metrics& branch = branch_[bit];
      for (std::size_t j = 0; j < kHalf; ++j) {
        to[kHalf * bit + j] =
            std::max(from[2 * j] + branch[2 * j], from[2 * j + 1] + branch[2 * j + 1]);
      }
    }
    const float level = *std::ranges::max_element(to);
    for (float& metric : to) metric = std::max(metric - level, kImpossible);
  }

  Metrics ahead, next;  // best metric from each state to the end
  ahead.fill(end ? kImpossible : 0.0F);
  if (end) ahead[*end % kStates] = 0;
  for (std::size_t t = steps; t-- > 0;) {
    branches(llr, prior, t);
    const Metrics& from = forward_[t];
    float zero = 4 * kImpossible, one = 4 * kImpossible;
    for (std::size_t s = 0; s < kStates; ++s) {
      const float by_zero = branch_[0][s] + ahead[s / 2];
      const float by_one = branch_[1][s] + ahead[kHalf + s / 2];
      zero = std::max(zero, from[s] + by_zero);
      one = std::max(one, from[s] + by_one);
      next[s] = std::max(by_zero, by_one);
    }
    out[t] = one - zero;
    const float level = *std::ranges::max_element(next);
    for (std::size_t s = 0; s < kStates; ++s) ahead[s] = std::max(next[s] - level, kImpossible);
  }
}

}  // namespace omnisonde::fec
