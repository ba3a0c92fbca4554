// Invented but plausible flights for the page's demo and the web tests.
#pragma once

#include <vector>

#include "gateway/status.hpp"

namespace omnisonde::test {

/// A station near Munich `elapsed_s` after its start: several sondes in all states, two outputs.
[[nodiscard]] GatewayStatus sample_status(double elapsed_s, bool with_paths);

/// Its spectrum: noise and one carrier per sonde; `version` counts and seeds the noise.
[[nodiscard]] SpectrumStatus sample_spectrum(const GatewayStatus& status, std::uint64_t version);

}  // namespace omnisonde::test
