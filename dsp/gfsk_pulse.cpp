#include "dsp/gfsk_pulse.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {
namespace {

// Standard deviation of the Gaussian impulse response, in symbols.
double sigma_symbols(float bt) {
  return std::sqrt(std::numbers::ln2) / (2 * std::numbers::pi * static_cast<double>(bt));
}

// Integral of the normal distribution function with deviation `sigma` from -infinity to x.
double ramp(double x, double sigma) {
  const double z = x / sigma;
  const double distribution = 0.5 * std::erfc(-z / std::numbers::sqrt2);
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
  return x * distribution + sigma * density;
}

}  // namespace

double gfsk_phase_pulse(float bt, double time_symbols) noexcept {
  if (bt <= 0) return std::clamp(time_symbols + 0.5, 0.0, 1.0);
  const double sigma = sigma_symbols(bt);
  return std::clamp(ramp(time_symbols + 0.5, sigma) - ramp(time_symbols - 0.5, sigma), 0.0, 1.0);
}

int gfsk_pulse_span(float bt) noexcept {
  if (bt <= 0) return 2;
  return 2 * static_cast<int>(std::ceil(0.5 + 4.3 * sigma_symbols(bt)));
}

std::vector<float> gfsk_frequency_pulse(float bt, int samples_per_symbol, int span_symbols) {
  OMNI_ASSERT(samples_per_symbol > 0 && span_symbols > 0);
  const int count = samples_per_symbol * span_symbols;
  const auto edge = [&](int i) {
    const double t = static_cast<double>(i) / samples_per_symbol - 0.5 * span_symbols;
    return gfsk_phase_pulse(bt, t);
  };
  const double area = edge(count) - edge(0);
  std::vector<float> pulse(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    pulse[static_cast<std::size_t>(i)] = static_cast<float>((edge(i + 1) - edge(i)) / area);
  }
  return pulse;
}

}  // namespace omnisonde::dsp
