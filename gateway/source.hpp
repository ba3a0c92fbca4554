// Where samples come from: a recording or a SoapySDR device, in the source's own number format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "dsp/convert.hpp"
#include "gateway/base/expected.hpp"
#include "gateway/base/utc.hpp"

namespace omnisonde {

struct StreamInfo {
  std::string name;  ///< for people: file name, or device label and serial
  dsp::SampleFormat format = dsp::SampleFormat::kCu8;
  double sample_rate_hz = 0;
  double centre_hz = 0;            ///< RF frequency of 0 Hz; 0 when unknown
  std::optional<UtcMillis> start;  ///< wall clock of the first sample, where the source knows it
  bool live = false;               ///< true: samples that are not fetched in time are lost
};

struct ReadResult {
  std::size_t samples = 0;           ///< how many were written; 0 with !end means "none in time"
  std::uint64_t lost_before = 0;     ///< samples missing just before the first one
  std::uint64_t retuned_before = 0;  ///< the same, thrown away since they were of two centres
  bool end = false;                  ///< nothing more will come (files)
};

class Source {
 public:
  virtual ~Source() = default;

  [[nodiscard]] virtual const StreamInfo& info() const = 0;

  /// Fills `out` (whole samples of info().format) as far as one call gets; blocks at most 200 ms on
  /// a live source. @returns an Error when the source is broken; a live one may be reopened.
  virtual Expected<ReadResult> read(std::span<std::byte> out) = 0;
};

}  // namespace omnisonde
