#include "simulator/transmitter.hpp"

#include <algorithm>
#include <cctype>

#include "decoders/sonde.hpp"

namespace omnisonde::sim {

// Every type in sondes.def has an encoder function make_<name>_tx in
// simulator/sondes/<name>_tx.cpp.
#define SONDE(name) std::unique_ptr<Transmitter> make_##name##_tx(const SondeIdentity&);
#include "decoders/sondes.def"
#undef SONDE

namespace {

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

}  // namespace

std::unique_ptr<Transmitter> make_transmitter(std::string_view type,
                                              const SondeIdentity& identity) {
  const SondeType* wanted = find_sonde_type(type);
  if (wanted == nullptr) return nullptr;
  SondeIdentity named = identity;
  if (!same_letters(type, wanted->spec->type)) {
    named.variant = std::string(type) + (identity.variant.empty() ? "" : "/" + identity.variant);
  }
  std::size_t index = 0;
#define SONDE(name) \
  if (&sonde_types()[index++] == wanted) return make_##name##_tx(named);
#include "decoders/sondes.def"
#undef SONDE
  return nullptr;
}

}  // namespace omnisonde::sim
