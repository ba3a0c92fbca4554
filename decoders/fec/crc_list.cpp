#include "decoders/fec/crc_list.hpp"

#include <algorithm>

namespace omnisonde::fec {

std::vector<CrcChangeSet> find_crc_changes(std::span<const CrcChange> changes, std::uint16_t target,
                                           std::size_t most) {
  std::vector<CrcChangeSet> sets;
  const std::size_t n = std::min<std::size_t>(changes.size(), 0xFFFF);
  const auto index = [](std::size_t i) { return static_cast<std::uint16_t>(i); };
  if (target == 0) sets.push_back({});
  for (std::size_t i = 0; i < n; ++i) {
    const CrcChange& a = changes[i];
    if (a.syndrome == target) sets.push_back({{index(i)}, 1, a.cost});
    for (std::size_t j = i + 1; j < n; ++j) {
      const CrcChange& b = changes[j];
      if (b.place == a.place) continue;
      const auto two = static_cast<std::uint16_t>(a.syndrome ^ b.syndrome);
      if (two == target) sets.push_back({{index(i), index(j)}, 2, a.cost + b.cost});
      for (std::size_t k = j + 1; k < n; ++k) {
        const CrcChange& c = changes[k];
        if ((two ^ c.syndrome) != target || c.place == a.place || c.place == b.place) continue;
        sets.push_back({{index(i), index(j), index(k)}, 3, a.cost + b.cost + c.cost});
      }
    }
  }
  std::ranges::stable_sort(sets, {}, &CrcChangeSet::cost);
  if (sets.size() > most) sets.resize(most);
  return sets;
}

}  // namespace omnisonde::fec
