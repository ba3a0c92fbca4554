#include "decoders/fec/weak_flips.hpp"

#include <algorithm>
#include <bit>

namespace omnisonde::fec {
namespace {

constexpr std::size_t kSpots = 6;

std::uint64_t hash_of(std::span<const std::uint8_t> word) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const std::uint8_t byte : word) hash = (hash ^ byte) * 1099511628211ULL;
  return hash;
}

bool same_frame(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  constexpr std::size_t kShare = 16;  // one bit in so many
  if (a.size() != b.size()) return false;
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    different += static_cast<std::size_t>(std::popcount(static_cast<unsigned>(a[i] ^ b[i])));
  }
  return different * kShare <= 8 * a.size();
}

void toggle(std::span<std::uint8_t> word, const WeakSpot& spot) {
  for (const WeakSpot::Flip& flip : spot.flips) {
    if (flip.byte < word.size()) word[flip.byte] ^= flip.mask;
  }
}

struct Choice {
  float cost;
  std::size_t a, b;  // a == b: one alone
};

}  // namespace

void TrialLedger::note(std::uint64_t hash) {
  if (std::ranges::find(tried_, hash) == tried_.end()) tried_.push_back(hash);
}

void TrialLedger::begin(std::span<const std::uint8_t> word) {
  if (first_.empty() || !same_frame(first_, word)) {
    first_.assign(word.begin(), word.end());
    tried_.clear();
  }
  if (tried_.size() < most_) note(hash_of(word));
}

bool TrialLedger::admit(std::span<const std::uint8_t> word) {
  const std::uint64_t hash = hash_of(word);
  if (std::ranges::find(tried_, hash) != tried_.end()) return true;
  if (tried_.size() >= most_) return false;
  note(hash);
  return true;
}

void TrialLedger::clear() {
  first_.clear();
  tried_.clear();
}

bool flip_weakest(std::span<std::uint8_t> word, std::span<WeakSpot> spots, std::uint16_t syndrome,
                  std::size_t most_trials, TrialLedger& ledger) {
  const std::size_t count = std::min(spots.size(), kSpots);
  std::partial_sort(spots.begin(), spots.begin() + static_cast<std::ptrdiff_t>(count), spots.end(),
                    [](const WeakSpot& x, const WeakSpot& y) { return x.cost < y.cost; });
  std::array<Choice, kSpots*(kSpots + 1) / 2> choices{};
  std::size_t n = 0;
  for (std::size_t a = 0; a < count; ++a) {
    choices[n++] = {spots[a].cost, a, a};
    for (std::size_t b = a + 1; b < count; ++b) {
      choices[n++] = {spots[a].cost + spots[b].cost, a, b};
    }
  }
  std::sort(choices.begin(), choices.begin() + static_cast<std::ptrdiff_t>(n),
            [](const Choice& x, const Choice& y) { return x.cost < y.cost; });
  for (std::size_t i = 0; i < std::min(n, most_trials); ++i) {
    const Choice& c = choices[i];
    const auto turn = [&] {
      toggle(word, spots[c.a]);
      if (c.b != c.a) toggle(word, spots[c.b]);
    };
    turn();
    const unsigned change = spots[c.a].syndrome ^ (c.b != c.a ? spots[c.b].syndrome : 0U);
    if (ledger.admit(word) && change == syndrome) return true;
    turn();
  }
  return false;
}

}  // namespace omnisonde::fec
