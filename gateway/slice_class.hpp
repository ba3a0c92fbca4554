// Which sonde types can listen to one slice: those that want the same sample rate and about the
// same width. A candidate opens one slot for each class that fits it.
#pragma once

#include <memory>
#include <vector>

#include "decoders/sonde.hpp"
#include "dsp/channelizer.hpp"
#include "gateway/base/expected.hpp"

namespace omnisonde {

/// Types up to 12.5 kHz wide share slices as narrow as themselves, so that a sonde 10 kHz away and
/// 20 dB stronger stays outside; wider ones come next; types that want a higher slice rate have
/// slices of their own.
struct SliceClass {
  double rate_hz = 48'000;
  double width_hz = 12'000;  ///< the widest type's bandwidth
  std::vector<const SondeType*> types;
  std::unique_ptr<dsp::Slicer> slicer;

  /// Not found by the detector of narrow humps alone.
  [[nodiscard]] bool wide() const noexcept { return width_hz > kWide_hz; }
  static constexpr double kNarrow_hz = 12'500, kWide_hz = 17'500;
};

/// @returns the classes of `types`, narrowest first. Types that do not fit into the stream
/// (bandwidth above `stream_rate_hz`) are left out.
[[nodiscard]] std::vector<SliceClass> slice_classes(const std::vector<const SondeType*>& types,
                                                    double stream_rate_hz);

/// Whether a stream can hold a type (any of its receivers, where it has several).
/// @returns an Error that names the sample rate needed when it cannot.
[[nodiscard]] Expected<void> fits_stream(const SondeType& type, double stream_rate_hz);

}  // namespace omnisonde
