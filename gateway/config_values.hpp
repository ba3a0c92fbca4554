// Reads one value by the rule of its key.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/base/expected.hpp"
#include "gateway/config_keys.hpp"

namespace omnisonde {

/// @param sonde_types  valid names for lists of types; empty: any name.
/// @returns the value, or what is wrong with it and how to write it.
[[nodiscard]] Expected<KeyValue> parse_value(const KeySpec& key, std::string_view text,
                                             std::span<const std::string> sonde_types);

/// Shortest text for a number of at most nine digits: "402.7", "2400000".
[[nodiscard]] std::string number_text(double value);

/// @returns whether `text` is well-formed UTF-8 without control characters.
[[nodiscard]] bool is_clean_utf8(std::string_view text);

}  // namespace omnisonde
