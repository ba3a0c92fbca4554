#include "dsp/sample_ring.hpp"

#include <algorithm>
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

void mix_down(std::span<const Sample> in, std::span<Sample> out, double phase_turns,
              double freq_turns, double drift_turns) noexcept {
  // Exact phasors every 64 samples, a float recurrence between them: error below 1e-5.
  constexpr std::size_t kStride = 64;
  for (std::size_t base = 0; base < in.size(); base += kStride) {
    const auto n = static_cast<double>(base);
    const Sample start = unit_phasor(phase_turns + freq_turns * n + drift_turns * n * n / 2);
    const Sample step = unit_phasor(freq_turns + drift_turns * (n + kStride / 2.0));
    Sample w = start;
    const std::size_t stop = std::min(in.size(), base + kStride);
    for (std::size_t i = base; i < stop; ++i) {
      out[i] = times(in[i], w);
      w = times(w, step);
    }
  }
}

}  // namespace omnisonde::dsp
