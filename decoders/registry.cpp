// The list of types. An X-macro over sondes.def and not self-registration: linkers drop
// unreferenced objects from libraries, and the order of static initialisers is unspecified.
#include <algorithm>
#include <array>
#include <cctype>

#include "decoders/sonde.hpp"

namespace omnisonde {

#define SONDE(name) extern const SondeType name;
namespace sondes {
#include "decoders/sondes.def"
}  // namespace sondes
#undef SONDE

std::span<const SondeType> sonde_types() {
#define SONDE(name) sondes::name,
  static const std::array kTypes = {
#include "decoders/sondes.def"
  };
#undef SONDE
  return kTypes;
}

namespace {

/// The name of a type, then its aliases.
std::vector<std::string_view> names_of(const SondeSpec& spec) {
  std::vector<std::string_view> names = {spec.type};
  for (std::string_view rest = spec.aliases; !rest.empty();) {
    const std::size_t end = std::min(rest.find(", "), rest.size());
    names.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return names;
}

}  // namespace

const SondeType* find_sonde_type(std::string_view name) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (const SondeType& type : sonde_types()) {
    for (const std::string_view known : names_of(*type.spec)) {
      if (std::ranges::equal(known, name, same)) return &type;
    }
  }
  return nullptr;
}

std::vector<const SondeType*> receivers_of(const SondeType& type) {
  std::vector<const SondeType*> all;
  for (const SondeType& each : sonde_types()) {
    const auto names = names_of(*each.spec);
    if (std::ranges::find(names, type.spec->type) != names.end()) all.push_back(&each);
  }
  return all;
}

std::vector<std::string_view> sonde_type_names() {
  std::vector<std::string_view> names;
  for (const SondeType& type : sonde_types()) {
    for (const std::string_view name : names_of(*type.spec)) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

}  // namespace omnisonde
