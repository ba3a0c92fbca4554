// Which addresses and names a feed may use. Pure: looks at the text only.
#pragma once

#include <optional>
#include <string>

#include "gateway/base/expected.hpp"

namespace omnisonde::uploader {

/// @returns what is wrong with the target of a UDP feed: it must be "broadcast", "localhost" or a
///          numeric address. Names are not looked up: a feed that fires and forgets must not hang
///          on a name server.
[[nodiscard]] std::optional<Error> udp_host_fault(const std::string& host);

/// @returns why packets must not go to this APRS-IS server. The wider APRS-IS is a shared resource
///          of radio amateurs and does not want weather balloons, so only servers that keep them to
///          themselves are taken: radiosondy.info, wettersonde.net (ports 14580 and 14590), this
///          machine, and addresses of a private network.
[[nodiscard]] std::optional<Error> aprs_host_fault(const std::string& host, int port);

/// @returns whether it may stand in a packet: 3 to 9 of A-Z, 0-9 and one dash within.
[[nodiscard]] bool is_aprs_callsign(const std::string& text);

}  // namespace omnisonde::uploader
