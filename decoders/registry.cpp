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

const SondeType* find_sonde_type(std::string_view name) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (const SondeType& type : sonde_types()) {
    if (std::ranges::equal(type.spec->type, name, same)) return &type;
  }
  return nullptr;
}

}  // namespace omnisonde
