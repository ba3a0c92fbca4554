// What the test encoders of the narrow and the wide iMet share.
#pragma once

#include <memory>
#include <string>

#include "simulator/transmitter.hpp"

namespace omnisonde::sim::imet {

/// The hub's serial of a sonde switched on at that second of GPS time.
[[nodiscard]] std::string public_id(UtcMillis power_on, double frequency_hz);

/// SondeIdentity::serial is the number of seconds since power-on at the first frame.
[[nodiscard]] std::unique_ptr<Transmitter> make(const SondeIdentity& identity,
                                                const dsp::ModemParams& modem);

}  // namespace omnisonde::sim::imet
