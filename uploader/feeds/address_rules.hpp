// Which addresses a feed may send to. Pure: looks at the text only.
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

}  // namespace omnisonde::uploader
