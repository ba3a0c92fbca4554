#include "decoders/fec/standing_bits.hpp"

#include <algorithm>
#include <cmath>

namespace omnisonde::fec {
namespace {

// A bit of the last few frames only says nothing of the next one: all of them together would make
// the last frame out of nothing, checksum included.
constexpr std::uint16_t kShortestRun = 4;
constexpr std::uint16_t kLongestRun = 600;  // frames: ln 601 = 6.4 is certain enough

}  // namespace

void StandingBits::reset() { state_.clear(); }

void StandingBits::learn(std::span<const std::uint8_t> bit, std::span<const std::uint8_t> good) {
  if (bit.size() != bits_) return;
  state_.resize(bits_);
  for (std::size_t i = 0; i < bits_; ++i) {
    Bit& s = state_[i];
    if (!good.empty() && good[i] == 0) {
      s.run = 0;
    } else if (s.run > 0 && s.value == bit[i]) {
      s.run = std::min<std::uint16_t>(static_cast<std::uint16_t>(s.run + 1), kLongestRun);
    } else {
      s = {1, bit[i]};
    }
  }
}

void StandingBits::add(std::span<float> llr) const {
  if (llr.size() != state_.size()) return;
  for (std::size_t i = 0; i < llr.size(); ++i) {
    const Bit& s = state_[i];
    if (s.run < kShortestRun) continue;
    const float strength = std::log(1.0F + static_cast<float>(s.run));
    llr[i] += s.value != 0 ? strength : -strength;
  }
}

}  // namespace omnisonde::fec
