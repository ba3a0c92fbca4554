#include "dsp/sample_ring.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "dsp/complex_product.hpp"
#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;

Sample unit_phasor(double turns) {
  const double angle = -kTwoPi * (turns - std::floor(turns));
  return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

}  // namespace

SampleRing::SampleRing(std::size_t capacity) : data_(capacity) {
  OMNI_ASSERT(capacity > 0 && (capacity & (capacity - 1)) == 0);
}

void SampleRing::reset(std::int64_t next) {
  first_ = next;
  end_ = next;
}

void SampleRing::push(std::span<const Sample> samples) noexcept {
  const std::size_t mask = data_.size() - 1;
  for (const Sample s : samples) data_[static_cast<std::size_t>(end_++) & mask] = s;
}

std::int64_t SampleRing::begin() const noexcept {
  return std::max(first_, end_ - static_cast<std::int64_t>(data_.size()));
}

void SampleRing::copy(std::int64_t from, std::span<Sample> out) const noexcept {
  const auto count = static_cast<std::int64_t>(out.size());
  const std::int64_t first = std::clamp(begin() - from, std::int64_t{0}, count);
  const std::int64_t last = std::clamp(end_ - from, first, count);
  std::fill(out.begin(), out.begin() + first, Sample{});
  std::fill(out.begin() + last, out.end(), Sample{});
  // At most two stretches of the ring.
  const auto size = static_cast<std::int64_t>(data_.size());
  for (std::int64_t i = first; i < last;) {
    const std::int64_t at = (from + i) & (size - 1);
    const std::int64_t run = std::min(last - i, size - at);
    std::copy_n(data_.begin() + at, run, out.begin() + i);
    i += run;
  }
}

void SampleRing::shift(double hz, double rate_hz, double origin) noexcept {
  const std::size_t mask = data_.size() - 1;
  const double turns = hz / rate_hz;
  for (std::int64_t at = begin(); at < end_; ++at) {
    Sample& s = data_[static_cast<std::size_t>(at) & mask];
    s = times(s, unit_phasor(std::fmod(turns * (static_cast<double>(at) - origin), 1.0)));
  }
}

namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kStride = 64;

// in x start x step^i for one stride: eight phasors side by side, so that none waits for another.
void mix_stride(const Sample* in, Sample* out, std::size_t count, Sample start, Sample step) {
  std::array<float, kLanes> re{}, im{};
  Sample w = start, step_lanes{1, 0};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    re[lane] = w.real();
    im[lane] = w.imag();
    w = times(w, step);
    step_lanes = times(step_lanes, step);
  }
  const float tr = step_lanes.real(), ti = step_lanes.imag();
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const float xr = in[i + lane].real(), xi = in[i + lane].imag();
      const float wr = re[lane], wi = im[lane];
      out[i + lane] = {xr * wr - xi * wi, xr * wi + xi * wr};
      re[lane] = wr * tr - wi * ti;
      im[lane] = wr * ti + wi * tr;
    }
  }
  for (std::size_t lane = 0; i < count; ++i, ++lane) out[i] = times(in[i], {re[lane], im[lane]});
}

}  // namespace

void mix_down(std::span<const Sample> in, std::span<Sample> out, double phase_turns,
              double freq_turns, double drift_turns) noexcept {
  // Exact phasors every 64 samples, a float recurrence between them: error below 1e-5. Without
  // drift they follow from each other as well, in double.
  const auto stride = static_cast<double>(kStride);
  const std::complex<double> hop =
      std::polar(1.0, -kTwoPi * (freq_turns * stride - std::floor(freq_turns * stride)));
  std::complex<double> exact = std::polar(1.0, -kTwoPi * (phase_turns - std::floor(phase_turns)));
  Sample step = unit_phasor(freq_turns);
  for (std::size_t base = 0; base < in.size(); base += kStride) {
    Sample start(static_cast<float>(exact.real()), static_cast<float>(exact.imag()));
    if (drift_turns != 0) {
      const auto n = static_cast<double>(base);
      start = unit_phasor(phase_turns + freq_turns * n + drift_turns * n * n / 2);
      step = unit_phasor(freq_turns + drift_turns * (n + stride / 2));
    }
    mix_stride(in.data() + base, out.data() + base, std::min(kStride, in.size() - base), start,
               step);
    exact = {exact.real() * hop.real() - exact.imag() * hop.imag(),
             exact.real() * hop.imag() + exact.imag() * hop.real()};
  }
}

}  // namespace omnisonde::dsp
