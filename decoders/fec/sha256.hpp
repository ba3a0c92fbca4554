// SHA-256, for the public id of sondes that send no serial number. Source: FIPS 180-4.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace omnisonde::fec {

/// @returns the digest of `text`, its first byte first.
[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view text);

}  // namespace omnisonde::fec
