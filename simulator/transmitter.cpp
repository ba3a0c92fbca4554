#include "simulator/transmitter.hpp"

#include "decoders/sonde.hpp"

namespace omnisonde::sim {

// Every type in sondes.def has an encoder function make_<name>_tx in
// simulator/sondes/<name>_tx.cpp.
#define SONDE(name) std::unique_ptr<Transmitter> make_##name##_tx(const SondeIdentity&);
#include "decoders/sondes.def"
#undef SONDE

std::unique_ptr<Transmitter> make_transmitter(std::string_view type,
                                              const SondeIdentity& identity) {
  const SondeType* wanted = find_sonde_type(type);
  if (wanted == nullptr) return nullptr;
  std::size_t index = 0;
#define SONDE(name) \
  if (&sonde_types()[index++] == wanted) return make_##name##_tx(identity);
#include "decoders/sondes.def"
#undef SONDE
  return nullptr;
}

}  // namespace omnisonde::sim
