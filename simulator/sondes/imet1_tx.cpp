// The wide form of the iMet's signal; see imet4_tx.cpp for the content. Without a variant it counts
// as an iMet-1 does; "iMet-4" does not.
#include "simulator/sondes/imet_tx.hpp"

namespace omnisonde::sim {

std::unique_ptr<Transmitter> make_imet1_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_imet1_tx(const SondeIdentity& identity) {
  SondeIdentity wide = identity;
  if (wide.variant.find("iMet-4") == std::string::npos) wide.variant += "/iMet-1";
  return imet::make(wide, {.symbol_rate_hz = 1200,
                           .deviation_hz = 25'300,
                           .bt = 0,
                           .channel_rate_hz = 96'000,
                           .bandwidth_hz = 64'000,
                           .line_code = dsp::LineCode::kNrz,
                           .modulation = dsp::Modulation::kAfsk,
                           .mark_hz = 1200,
                           .space_hz = 2200});
}

}  // namespace omnisonde::sim
