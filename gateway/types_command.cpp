#include "gateway/types_command.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "decoders/sonde.hpp"

namespace omnisonde {
namespace {

using Row = std::array<std::string, 4>;

std::vector<Row> support_matrix() {
  std::vector<Row> rows = {{"type", "maker", "variants", "besides position and time"}};
  for (const SondeType& type : sonde_types()) {
    const SondeSpec& spec = *type.spec;
    if (find_sonde_type(spec.type)->spec != &spec) continue;  // another receiver for the same
    std::string names(spec.type);
    if (!spec.aliases.empty()) names += ", " + std::string(spec.aliases);
    rows.push_back({std::move(names), std::string(spec.manufacturer), std::string(spec.variants),
                    std::string(spec.fields)});
  }
  return rows;
}

}  // namespace

void print_types(std::ostream& out, bool markdown) {
  const std::vector<Row> rows = support_matrix();
  if (markdown) {
    for (const Row& row : rows) {
      for (const std::string& cell : row) out << "| " << cell << ' ';
      out << "|\n";
      if (&row == rows.data()) out << "|---|---|---|---|\n";
    }
    return;
  }
  std::array<std::size_t, 4> width{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out << row[i] << std::string(width[i] - row[i].size() + 2, ' ');
    }
    out << row.back() << '\n';
  }
}

}  // namespace omnisonde
