// A record as one line of JSON and back, every field as it is: for what must outlive the program.
// (What the hub and the brokers get is uploader/record.hpp's, rounded and without our own notes.)
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "decoders/telemetry.hpp"

namespace omnisonde {

[[nodiscard]] std::string telemetry_to_line(const Telemetry& record);

/// @returns nothing for a line that telemetry_to_line() has not made (cut off, damaged).
[[nodiscard]] std::optional<Telemetry> telemetry_from_line(std::string_view line);

}  // namespace omnisonde
