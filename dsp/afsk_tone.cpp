#include "dsp/afsk_tone.hpp"

#include <cmath>
#include <numbers>

namespace omnisonde::dsp {

// So many entries that the phase is right to 0.02 rad.
AfskTone::AfskTone(double deviation_hz, double tone_hz)
    : deviation_hz_(deviation_hz),
      table_bits_(deviation_hz < 6 * tone_hz ? 10 : 12),
      table_(std::size_t{1} << table_bits_) {
  const double beta = deviation_hz / tone_hz;
  for (std::size_t i = 0; i < table_.size() / 2; ++i) {
    const double cycles = (static_cast<double>(i) + 0.5) / static_cast<double>(table_.size());
    table_[i] = Sample(std::polar(1.0, -beta * std::cos(2 * std::numbers::pi * cycles)));
    table_[table_.size() - 1 - i] = table_[i];
  }
}

std::uint32_t AfskTone::fixed_point(double cycles) noexcept {
  return static_cast<std::uint32_t>(
      static_cast<std::int64_t>((cycles - std::floor(cycles)) * 4294967296.0));
}

AfskTone::Pair AfskTone::correlate(std::span<const Sample> x, double cycles,
                                   double cycles_per_sample) const noexcept {
  std::uint32_t phase = fixed_point(cycles);
  const std::uint32_t step = fixed_point(cycles_per_sample);
  float rr = 0, ii = 0, ir = 0, ri = 0;
  const Sample* table = table_.data();
  const unsigned shift = 32 - table_bits_;
  for (const Sample s : x) {
    const Sample v = table[phase >> shift];
    phase += step;
    rr += s.real() * v.real();
    ii += s.imag() * v.imag();
    ir += s.imag() * v.real();
    ri += s.real() * v.imag();
  }
  return {{rr + ii, ir - ri}, {rr - ii, ir + ri}};
}

}  // namespace omnisonde::dsp
