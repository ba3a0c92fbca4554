// Test encoder of the Meteolabor SRS-C34; see c50_tx.cpp.
#include "simulator/sondes/c50_tx.hpp"

namespace omnisonde::sim {

std::unique_ptr<Transmitter> make_c34_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_c34_tx(const SondeIdentity& identity) {
  return c50::make(identity, true);
}

}  // namespace omnisonde::sim
