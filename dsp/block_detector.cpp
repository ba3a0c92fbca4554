#include "dsp/block_detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {

// Sums over m units, the first at unit k, are indexed by the bits that they depend on, the earliest
// in the highest place: m bits, and one more either side where the context is 3.
//   sum_m(k, p) = r_k[context] + unwind[context] * sum_(m-1)(k + 1, p without its first bit)
void BlockDetector::grow(const UnitBank& bank, const Sample* correlations, int level) {
  Sums& out = level_[static_cast<std::size_t>(level - 1)];
  const Sums& in = level_[static_cast<std::size_t>(level - 2)];
  const int run = 1 << (level - 1);
  const int tail_mask = (1 << (bank.context_bits() - 1)) - 1;
  for (int context = 0; context < bank.contexts(); ++context) {
    const Sample r = correlations[context];
    const Sample turn = bank.unwind(context);
    const float rr = r.real(), ri = r.imag(), tr = turn.real(), ti = turn.imag();
    const float* sr = in.re.data() + (context & tail_mask) * run;
    const float* si = in.im.data() + (context & tail_mask) * run;
    float* re = out.re.data() + context * run;
    float* im = out.im.data() + context * run;
    for (int i = 0; i < run; ++i) {
      re[i] = rr + tr * sr[i] - ti * si[i];
      im[i] = ri + tr * si[i] + ti * sr[i];
    }
  }
}

float BlockDetector::centre_margin(int block, int context_bits) {
  const Sums& sums = level_[static_cast<std::size_t>(block - 1)];
  const int patterns = 1 << (block + context_bits - 1);
  for (int p = 0; p < patterns; ++p) {
    const auto i = static_cast<std::size_t>(p);
    power_[i] = sums.re[i] * sums.re[i] + sums.im[i] * sums.im[i];
  }
  // Patterns with the centre bit 0 and 1 alternate in runs; one maximum per place in the run.
  const int run = 1 << ((block - 1) / 2 + (context_bits - 1) / 2);
  std::array<float, 16> zero{}, one{};
  for (int base = 0; base < patterns; base += 2 * run) {
    const float* p0 = power_.data() + base;
    const float* p1 = p0 + run;
    for (int i = 0; i < run; ++i) {
      const auto lane = static_cast<std::size_t>(i);
      zero[lane] = p0[i] > zero[lane] ? p0[i] : zero[lane];
      one[lane] = p1[i] > one[lane] ? p1[i] : one[lane];
    }
  }
  return std::sqrt(*std::ranges::max_element(one)) - std::sqrt(*std::ranges::max_element(zero));
}

void BlockDetector::detect(const UnitBank& bank, std::span<const Sample> units, int pad, int block,
                           std::span<float> margin) {
  const int half = (block - 1) / 2;
  const int contexts = bank.contexts();
  const auto bits = static_cast<int>(margin.size());
  OMNI_ASSERT(block >= 1 && block <= kMaxBlock && block % 2 == 1 && pad >= half);
  OMNI_ASSERT(units.size() >= static_cast<std::size_t>((bits + 2 * pad) * contexts));
  level_.resize(kMaxBlock);
  for (int m = 1; m <= block; ++m) {
    const auto size = static_cast<std::size_t>(1) << (m + bank.context_bits() - 1);
    level_[static_cast<std::size_t>(m - 1)].re.assign(size, 0.0F);
    level_[static_cast<std::size_t>(m - 1)].im.assign(size, 0.0F);
  }
  power_.resize(static_cast<std::size_t>(1) << (block + bank.context_bits() - 1));

  // From the last unit backwards; longer sums first, since each needs the shorter one of unit k
  // + 1.
  for (int k = bits - 1 + half; k >= -half; --k) {
    const Sample* r = units.data() + (k + pad) * contexts;
    for (int m = block; m >= 2; --m) grow(bank, r, m);
    for (int c = 0; c < contexts; ++c) {
      level_[0].re[static_cast<std::size_t>(c)] = r[c].real();
      level_[0].im[static_cast<std::size_t>(c)] = r[c].imag();
    }
    const int centre = k + half;  // the sums are whole from the first full block on
    if (centre < bits) {
      margin[static_cast<std::size_t>(centre)] = centre_margin(block, bank.context_bits());
    }
  }
}

}  // namespace omnisonde::dsp
