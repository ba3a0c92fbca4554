// Names of sonde types, as an operator writes them, to types.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "decoders/sonde.hpp"
#include "gateway/base/expected.hpp"

namespace omnisonde {

/// @param names  letter case ignored; empty means all types; each type comes once
/// @returns      an Error that names what is unknown and lists what there is.
Expected<std::vector<const SondeType*>> select_types(std::span<const std::string> names);

/// "RS41, DFM, ..."
[[nodiscard]] std::string all_type_names();

}  // namespace omnisonde
