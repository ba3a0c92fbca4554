// What the two entries of the registry for InterMet's AFSK sondes share: their decoder.
#pragma once

#include <memory>

#include "decoders/sonde.hpp"

namespace omnisonde::imet {

/// Tells iMet-1 and iMet-4 apart by their content, whichever entry it serves.
[[nodiscard]] std::unique_ptr<SondeDecoder> make_decoder();

}  // namespace omnisonde::imet
