#include "dsp/workspace.hpp"

#include <cmath>

namespace omnisonde::dsp {

const UnitBank& Workspace::bank(const ModemParams& modem, double deviation_hz, double rate_hz) {
  const Key key{modem.symbol_rate_hz, rate_hz, modem.bt, modem.line_code,
                std::lround(deviation_hz)};
  const auto known = banks_.find(key);
  if (known != banks_.end()) return known->second;
  return banks_.emplace(key, UnitBank(modem, deviation_hz, rate_hz)).first->second;
}

}  // namespace omnisonde::dsp
