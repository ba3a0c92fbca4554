#include "gateway/type_list.hpp"

namespace omnisonde {

std::string all_type_names() {
  std::string names;
  for (const SondeType& type : sonde_types()) {
    if (!names.empty()) names += ", ";
    names += type.spec->type;
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
    types.push_back(type);
  }
  return types;
}

}  // namespace omnisonde
