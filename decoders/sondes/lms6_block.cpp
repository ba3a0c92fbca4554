#include "decoders/sondes/lms6_block.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace omnisonde::lms6 {

const fec::ReedSolomon& code() {
  static const fec::ReedSolomon kCode(
      {.field_polynomial = 0x187, .first_root = 112, .root_step = 11, .parity = kParityBytes});
  return kCode;
}

void encode_word(std::span<std::uint8_t, kWordBytes> word) {
  std::array<std::uint8_t, kWordBytes> coefficients{};
  std::ranges::reverse_copy(word, coefficients.begin());
  code().encode(coefficients);
  std::ranges::reverse_copy(coefficients, word.begin());
}

BlockCorrector::BlockCorrector() : viterbi_(fec::kCcsdsConvolutional) {}

void BlockCorrector::load(std::span<const float> llr, std::span<const float> prior) {
  const std::size_t skip = std::min(llr.size(), kSyncSymbols.size());
  const std::size_t count = (llr.size() - skip) / kSymbolsPerByte;
  symbols_ = llr.subspan(skip, count * kSymbolsPerByte);
  bits_.resize(8 * count);
  prior_.assign(prior.empty() ? 0 : bits_.size(), 0.0F);
  std::copy_n(prior.begin(), std::min(prior.size(), prior_.size()), prior_.begin());
  viterbi_.decode(symbols_, prior_, kStateAfterSync, std::nullopt, bits_);
  bytes_.assign(count, 0);
  reliability_.assign(count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    unsigned byte = 0;
    float least = INFINITY;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const float value = bits_[8 * i + bit];
      byte |= value > 0 ? 1U << bit : 0U;
      least = std::min(least, std::fabs(value));
    }
    bytes_[i] = static_cast<std::uint8_t>(byte);
    reliability_[i] = least;
  }
}

bool BlockCorrector::correct(std::size_t gap, std::size_t erasures, Word& out) {
  if (bytes_.size() < gap + kWordBytes) return false;
  const auto received = std::span(bytes_).subspan(gap, kWordBytes);
  const auto sure = std::span(reliability_).subspan(gap, kWordBytes);
  std::array<std::uint8_t, kWordBytes> order, word;
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  // Coefficient i of the word is byte 254 - i on air.
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(erasures),
                    order.end(), [&](std::uint8_t a, std::uint8_t b) {
                      return sure[kWordBytes - 1 - a] < sure[kWordBytes - 1 - b];
                    });
  std::ranges::reverse_copy(received, word.begin());
  const auto how = code().decode(word, std::span(order).first(erasures));
  if (!how) return false;
  out.evidence_bits = code().evidence_bits(kWordBytes, *how);
  std::ranges::reverse(word);
  std::copy_n(word.begin(), kMessageBytes, out.message.begin());
  count_wrong_symbols(gap, word, out);
  return true;
}

void BlockCorrector::count_wrong_symbols(std::size_t gap, std::span<const std::uint8_t> word,
                                         Word& out) const {
  const unsigned before = gap == 0 ? kStateAfterSync : bytes_[gap - 1] >> 2U;
  fec::ConvolutionalEncoder encoder(fec::kCcsdsConvolutional, before);
  std::size_t at = gap * kSymbolsPerByte;
  out.bits_corrected = 0;
  for (const std::uint8_t byte : word) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      for (const std::uint8_t symbol : encoder.push(byte >> bit & 1U)) {
        out.bits_corrected += (symbols_[at++] > 0) != (symbol != 0) ? 1 : 0;
      }
    }
  }
}

}  // namespace omnisonde::lms6
