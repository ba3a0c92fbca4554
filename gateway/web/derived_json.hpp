// Derived values as JSON, for the page and for `omnisonde decode`.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "decoders/physics/derived.hpp"

namespace omnisonde::web {

/// Adds to a record what is there of `dew_point_c`, `pressure_derived_hpa` with
/// `pressure_derived_from`, and `instruments`. No name is one of the hub's.
void add_derived(const physics::Derived& derived, nlohmann::ordered_json& record);

}  // namespace omnisonde::web
