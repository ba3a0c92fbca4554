#include "gateway/type_list.hpp"

#include <algorithm>

namespace omnisonde {

std::string all_type_names() {
  std::string names;
  for (const std::string_view name : sonde_type_names()) {
    if (!names.empty()) names += ", ";
    names += name;
  }
  return names;
}

Expected<std::vector<const SondeType*>> select_types(std::span<const std::string> names) {
  std::vector<const SondeType*> types;
  if (names.empty()) {
    for (const SondeType& type : sonde_types()) types.push_back(&type);
  }
  for (const std::string& name : names) {
    const SondeType* type = find_sonde_type(name);
    if (type == nullptr)
      return Error{"unknown sonde type '" + name + "'", "known types: " + all_type_names()};
    // A name and its alias are one receiver; several receivers may share a name.
    for (const SondeType* each : receivers_of(*type)) {
      if (std::ranges::find(types, each) == types.end()) types.push_back(each);
    }
  }
  return types;
}

}  // namespace omnisonde
