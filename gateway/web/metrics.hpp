// The counters as Prometheus text (exposition format 0.0.4).
#pragma once

#include <string>

#include "gateway/status.hpp"

namespace omnisonde::web {

[[nodiscard]] std::string metrics_text(const GatewayStatus& status);

}  // namespace omnisonde::web
