// What the test encoders of Meteolabor's SRS-C50 and SRS-C34 share.
#pragma once

#include <memory>

#include "simulator/transmitter.hpp"

namespace omnisonde::sim::c50 {

/// @param c34  two more mark bits behind each byte, positions with one decimal less
[[nodiscard]] std::unique_ptr<Transmitter> make(const SondeIdentity& identity, bool c34);

}  // namespace omnisonde::sim::c50
