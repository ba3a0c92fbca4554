#include "decoders/fec/sha256.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <vector>

namespace omnisonde::fec {
namespace {

using Words8 = std::array<std::uint32_t, 8>;

// The first 32 bits of the fraction of a root (of a prime), found without rounding: the largest
// integer whose power does not exceed prime * 2^(32 * power).
std::uint32_t root_fraction(std::uint64_t prime, int power) {
  __extension__ using Wide = unsigned __int128;
  std::uint64_t low = 0, high = std::uint64_t{1} << 37;
  while (high - low > 1) {
    const std::uint64_t middle = (low + high) / 2;
    // With the cube, compare middle^3 / 2^64 so that nothing overflows: 37 * 3 = 111 bits fit.
    Wide value = static_cast<Wide>(middle) * middle;
    if (power == 3) value *= middle;
    const bool fits = value <= static_cast<Wide>(prime) << (32 * power);
    (fits ? low : high) = middle;
  }
  return static_cast<std::uint32_t>(low);
}

struct Constants {
  std::array<std::uint32_t, 64> round{};
  Words8 start{};
};

Constants make_constants() {
  Constants c;
  std::size_t found = 0;
  for (std::uint64_t n = 2; found < c.round.size(); ++n) {
    bool prime = true;
    for (std::uint64_t d = 2; d * d <= n; ++d) prime = prime && n % d != 0;
    if (!prime) continue;
    if (found < c.start.size()) c.start[found] = root_fraction(n, 2);
    c.round[found++] = root_fraction(n, 3);
  }
  return c;
}

void mix_block(const std::uint8_t* block, const Constants& constants, Words8& state) {
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t byte = 0; byte < 4; ++byte) w[i] = w[i] << 8 | block[4 * i + byte];
  }
  for (std::size_t i = 16; i < w.size(); ++i) {
    const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
    const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t choice = (e & f) ^ (~e & g);
    const std::uint32_t t1 = h + s1 + choice + constants.round[i] + w[i];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + s0 + majority;
  }
  const Words8 add = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += add[i];
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view text) {
  static const Constants kConstants = make_constants();
  std::vector<std::uint8_t> data(text.begin(), text.end());
  const std::uint64_t bits = std::uint64_t{8} * data.size();
  data.push_back(0x80);
  while (data.size() % 64 != 56) data.push_back(0);
  for (int shift = 56; shift >= 0; shift -= 8)
    data.push_back(static_cast<std::uint8_t>(bits >> shift));
  Words8 state = kConstants.start;
  for (std::size_t at = 0; at < data.size(); at += 64) mix_block(&data[at], kConstants, state);
  std::array<std::uint8_t, 32> digest{};
  for (std::size_t i = 0; i < digest.size(); ++i)
    digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

}  // namespace omnisonde::fec
