// The .sigmf-meta file beside a SigMF recording.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dsp/convert.hpp"
#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde {

struct SigmfMeta {
  dsp::SampleFormat format = dsp::SampleFormat::kCu8;
  std::optional<double> sample_rate_hz;
  std::optional<double> centre_hz;  ///< core:frequency of the first capture
  std::optional<UtcMillis> start;   ///< core:datetime of the first capture
};

/// @param json  contents of a .sigmf-meta file; any text is accepted.
/// @returns an Error that names the field at fault.
/// Source: SigMF specification 1.0, "Global Object" and "Captures Array".
Expected<SigmfMeta> parse_sigmf_meta(std::string_view json);

}  // namespace omnisonde
