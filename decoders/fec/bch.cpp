#include "decoders/fec/bch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "gateway/base/assert.hpp"

namespace omnisonde::fec {
namespace {

constexpr std::uint16_t kGenerator = 0x1539;  // with the x^12 term
constexpr float kMaxLogOdds = 60;
constexpr double kDear = 4;        // standard deviations above what the errors should cost
constexpr float kDearLogOdds = 4;  // no more than this is then to be believed

}  // namespace

Bch63::Bch63(std::size_t length) noexcept : length_(std::clamp<std::size_t>(length, 13, 63)) {
  unsigned power = 1;
  for (std::size_t i = 0; i < length_; ++i) {
    place_syndrome_[i] = static_cast<std::uint16_t>(power);
    power <<= 1U;
    if ((power & 0x1000U) != 0) power ^= kGenerator;
  }
  correctable_[0] = true;
  for (std::size_t i = 0; i < length_; ++i) {
    for (std::size_t k = i; k < length_; ++k) {
      const std::uint64_t second = k == i ? 0 : std::uint64_t{1} << k;
      const auto s = static_cast<std::uint16_t>(place_syndrome_[i] ^
                                                (k == i ? 0U : unsigned{place_syndrome_[k]}));
      error_[s] = std::uint64_t{1} << i | second;
      correctable_[s] = true;
    }
  }
}

std::uint16_t Bch63::syndrome(std::uint64_t word) const noexcept {
  std::uint16_t s = 0;
  for (std::size_t i = 0; i < length_; ++i) {
    if ((word >> i & 1U) != 0) s ^= place_syndrome_[i];
  }
  return s;
}

std::uint64_t Bch63::encode(std::uint64_t message) const noexcept {
  const std::uint64_t shifted = message << kCheckBits;
  return shifted | syndrome(shifted);
}

int Bch63::correct(std::uint64_t& word) const noexcept {
  const std::uint16_t s = syndrome(word);
  if (!correctable_[s]) return -1;
  word ^= error_[s];
  return std::popcount(error_[s]);
}

Bch63::Decoded Bch63::decode_soft(std::span<const float> llr,
                                  std::span<const std::uint64_t> odd) const noexcept {
  OMNI_ASSERT(llr.size() == length_);
  std::array<float, 64> certainty{};
  std::array<std::size_t, 64> order{};
  std::uint64_t signs = 0;
  for (std::size_t i = 0; i < length_; ++i) {
    const float x = llr[length_ - 1 - i];
    certainty[i] = std::fabs(x);
    if (x > 0) signs |= std::uint64_t{1} << i;
  }
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(length_);
  std::iota(order.begin(), end, std::size_t{0});
  std::partial_sort(order.begin(), order.begin() + kTestBits, end,
                    [&](std::size_t a, std::size_t b) { return certainty[a] < certainty[b]; });

  struct Candidate {
    std::uint64_t turned;
    float cost;
  };
  std::array<Candidate, 1U << kTestBits> found{};
  std::array<std::uint16_t, 1U << kTestBits> syndromes{};
  std::array<std::uint64_t, 1U << kTestBits> tests{};
  syndromes[0] = syndrome(signs);
  std::size_t count = 0;
  for (unsigned test = 0; test < (1U << kTestBits); ++test) {
    if (test != 0) {
      const std::size_t place = order[static_cast<std::size_t>(std::countr_zero(test))];
      const unsigned before = test & (test - 1);
      tests[test] = tests[before] | std::uint64_t{1} << place;
      syndromes[test] = syndromes[before] ^ place_syndrome_[place];
    }
    if (!correctable_[syndromes[test]]) continue;
    const std::uint64_t turned = tests[test] ^ error_[syndromes[test]];
    if (std::ranges::any_of(
            odd, [&](auto mask) { return std::popcount((signs ^ turned) & mask) % 2 == 0; }))
      continue;
    const auto known = std::span(found).first(count);
    if (std::ranges::find(known, turned, &Candidate::turned) != known.end()) continue;
    float cost = 0;
    for (std::uint64_t left = turned; left != 0; left &= left - 1) {
      cost += certainty[static_cast<std::size_t>(std::countr_zero(left))];
    }
    found[count++] = {turned, cost};
  }
  if (count == 0) return {};
  const auto known = std::span(found).first(count);
  const Candidate best = *std::ranges::min_element(known, {}, &Candidate::cost);
  float others = 0;
  for (const Candidate& c : known) {
    if (c.turned != best.turned) others += std::exp(best.cost - c.cost);
  }
  // What a true word costs, by the odds of each bit. One that costs far more is likely to be the
  // nearest of those found only because the true one was not.
  double mean = 0, variance = 0;
  for (std::size_t i = 0; i < length_; ++i) {
    const auto x = static_cast<double>(certainty[i]);
    const double wrong = 1 / (1 + std::exp(x));
    mean += x * wrong;
    variance += x * x * wrong * (1 - wrong);
  }
  const bool dear = static_cast<double>(best.cost) > mean + kDear * std::sqrt(variance);
  Decoded out;
  out.word = signs ^ best.turned;
  out.log_odds = others > std::exp(-kMaxLogOdds) ? -std::log(others) : kMaxLogOdds;
  out.flipped = std::popcount(best.turned);
  // Within two bits of the signs there is but one word, whatever the soft bits are worth.
  if (dear && out.flipped > 2) out.log_odds = std::min(out.log_odds, kDearLogOdds);
  out.ok = true;
  return out;
}

}  // namespace omnisonde::fec
