// Complex products as plain arithmetic: those of std::complex check every result for NaN.
#pragma once

#include "dsp/convert.hpp"

namespace omnisonde::dsp {

[[nodiscard]] inline Sample times(Sample a, Sample b) noexcept {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// a times the conjugate of b.
[[nodiscard]] inline Sample times_conj(Sample a, Sample b) noexcept {
  return times(a, std::conj(b));
}

}  // namespace omnisonde::dsp
