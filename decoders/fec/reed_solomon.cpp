#include "decoders/fec/reed_solomon.hpp"

#include <algorithm>
#include <cmath>

#include "gateway/base/assert.hpp"

namespace omnisonde::fec {

ReedSolomon::ReedSolomon(const ReedSolomonParams& params)
    : parity_(params.parity), first_(params.first_root), step_(params.root_step % 255) {
  OMNI_ASSERT(parity_ >= 1 && parity_ <= kMaxParity);
  unsigned value = 1;
  for (unsigned power = 0; power < 255; ++power) {
    exp_[power] = exp_[power + 255] = static_cast<std::uint8_t>(value);
    log_[value] = static_cast<std::uint8_t>(power);
    value <<= 1;
    if (value > 255) value ^= params.field_polynomial;
  }
  OMNI_ASSERT(value == 1);  // else 2 is no primitive element of this field
  by_root_.resize(parity_);
  generator_[0] = 1;
  for (std::size_t i = 0; i < parity_; ++i) {
    const unsigned root_log = locator_log(first_ + i);
    for (unsigned s = 0; s < 256; ++s) {
      by_root_[i][s] = scale(static_cast<std::uint8_t>(s), root_log);
    }
    for (std::size_t j = i + 1; j > 0; --j) {
      generator_[j] = generator_[j - 1] ^ scale(generator_[j], root_log);
    }
    generator_[0] = scale(generator_[0], root_log);
  }
  for (std::size_t i = 1; i < log2_factorial_.size(); ++i) {
    log2_factorial_[i] = log2_factorial_[i - 1] + std::log2(static_cast<double>(i));
  }
}

void ReedSolomon::encode(std::span<std::uint8_t> word) const noexcept {
  OMNI_ASSERT(word.size() >= parity_ && word.size() <= kMaxLength);
  Poly rest{};  // remainder of data * x^parity, rest[i] belongs to x^i
  for (std::size_t i = word.size(); i > parity_; --i) {
    const std::uint8_t lead = word[i - 1] ^ rest[parity_ - 1];
    for (std::size_t j = parity_ - 1; j > 0; --j) {
      rest[j] = rest[j - 1] ^ mul(lead, generator_[j]);
    }
    rest[0] = mul(lead, generator_[0]);
  }
  std::copy_n(rest.begin(), parity_, word.begin());
}

bool ReedSolomon::syndromes(std::span<const std::uint8_t> word, Poly& out) const noexcept {
  std::fill_n(out.begin(), parity_, std::uint8_t{0});
  for (std::size_t i = word.size(); i > 0; --i) {  // Horner, all roots side by side
    const std::uint8_t symbol = word[i - 1];
    for (std::size_t r = 0; r < parity_; ++r) out[r] = by_root_[r][out[r]] ^ symbol;
  }
  return std::any_of(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(parity_),
                     [](std::uint8_t s) { return s != 0; });
}

bool ReedSolomon::is_codeword(std::span<const std::uint8_t> word) const noexcept {
  Poly syndrome{};
  return !syndromes(word, syndrome);
}

// Berlekamp-Massey that starts from the erasure locator, so that what it returns locates both.
std::size_t ReedSolomon::find_locator(const Poly& syndrome, std::span<const std::uint8_t> erasures,
                                      Poly& locator) const noexcept {
  locator = {};
  locator[0] = 1;
  for (std::size_t i = 0; i < erasures.size(); ++i) {
    const unsigned x_log = locator_log(erasures[i]);
    for (std::size_t j = i + 1; j > 0; --j) locator[j] ^= scale(locator[j - 1], x_log);
  }
  Poly helper = locator;
  std::size_t length = erasures.size();
  for (std::size_t r = erasures.size() + 1; r <= parity_; ++r) {
    std::uint8_t discrepancy = 0;
    for (std::size_t j = 0; j < r; ++j) discrepancy ^= mul(locator[j], syndrome[r - 1 - j]);
    std::copy_backward(helper.begin(), helper.end() - 1, helper.end());
    helper[0] = 0;
    if (discrepancy == 0) continue;
    const Poly before = locator;
    for (std::size_t j = 0; j <= parity_; ++j) locator[j] ^= mul(discrepancy, helper[j]);
    if (2 * length <= r + erasures.size() - 1) {
      length = r + erasures.size() - length;
      const unsigned inverse_log = 255U - log_[discrepancy];
      for (std::size_t j = 0; j <= parity_; ++j) helper[j] = scale(before[j], inverse_log);
    }
  }
  std::size_t degree = parity_;
  while (degree > 0 && locator[degree] == 0) --degree;
  return degree == length ? degree : parity_ + 1;
}

std::uint8_t ReedSolomon::value_at(const Poly& poly, std::size_t terms,
                                   unsigned x_log) const noexcept {
  std::uint8_t sum = 0;
  for (std::size_t j = terms; j > 0; --j) sum = scale(sum, x_log) ^ poly[j - 1];
  return sum;
}

// Chien search over the word's own positions and Forney's formula for the values.
bool ReedSolomon::correct(std::span<std::uint8_t> word, const Poly& syndrome, const Poly& locator,
                          std::size_t degree) const noexcept {
  Poly evaluator{};
  for (std::size_t i = 0; i < parity_; ++i) {
    for (std::size_t j = 0; j <= std::min(i, degree); ++j) {
      evaluator[i] ^= mul(locator[j], syndrome[i - j]);
    }
  }
  Poly slope{};  // formal derivative: odd terms only
  for (std::size_t j = 1; j <= degree; j += 2) slope[j - 1] = locator[j];

  std::array<std::uint8_t, kMaxParity> where{};
  std::array<std::uint8_t, kMaxParity> what{};
  std::size_t found = 0;
  for (std::size_t position = 0; position < word.size(); ++position) {
    const unsigned x_log = locator_log(position);
    const unsigned inverse_log = (255U - x_log) % 255U;
    if (value_at(locator, degree + 1, inverse_log) != 0) continue;
    const std::uint8_t divisor = value_at(slope, degree, inverse_log);
    if (divisor == 0 || found == degree) return false;
    // value = X^(1 - first) * evaluator(1/X) / slope(1/X)
    const std::uint8_t top = value_at(evaluator, parity_, inverse_log);
    const unsigned power = (x_log + (255U - x_log * (first_ % 255U) % 255U)) % 255U;
    where[found] = static_cast<std::uint8_t>(position);
    what[found] = scale(scale(top, power), 255U - log_[divisor]);
    ++found;
  }
  if (found != degree) return false;  // roots elsewhere: in the virtual zeros, or nowhere
  for (std::size_t i = 0; i < found; ++i) word[where[i]] ^= what[i];
  if (is_codeword(word)) return true;
  for (std::size_t i = 0; i < found; ++i) word[where[i]] ^= what[i];
  return false;
}

std::optional<ReedSolomonResult> ReedSolomon::decode(
    std::span<std::uint8_t> word, std::span<const std::uint8_t> erasures) const noexcept {
  if (word.size() <= parity_ || word.size() > kMaxLength || erasures.size() > parity_) return {};
  for (const std::uint8_t position : erasures) {
    if (position >= word.size()) return {};
  }
  Poly syndrome{};
  const int erased = static_cast<int>(erasures.size());
  if (!syndromes(word, syndrome)) return ReedSolomonResult{0, erased};
  Poly locator{};
  const std::size_t degree = find_locator(syndrome, erasures, locator);
  if (degree > parity_ || 2 * degree - erasures.size() > parity_) return {};
  if (!correct(word, syndrome, locator, degree)) return {};
  return ReedSolomonResult{static_cast<int>(degree) - erased, erased};
}

double ReedSolomon::evidence_bits(std::size_t length, const ReedSolomonResult& how) const {
  const auto errors = static_cast<std::size_t>(how.errors);
  const auto rest = length - static_cast<std::size_t>(how.erasures);
  if (errors > rest || length > kMaxLength) return 0;
  const double patterns =
      log2_factorial_[rest] - log2_factorial_[errors] - log2_factorial_[rest - errors];
  const double unused = static_cast<double>(parity_) - how.erasures - how.errors;
  return std::max(0.0, 8 * unused - patterns);
}

}  // namespace omnisonde::fec
