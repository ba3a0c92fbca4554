#include "dsp/resampler.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

// <complex> comes first, so that liquid_float_complex is std::complex<float>.
#include <liquid/liquid.h>

#include "dsp/channelizer.hpp"

namespace omnisonde::dsp {

struct Resampler::State {
  msresamp_crcf handle;
  double ratio;
  std::vector<Sample> in, out;

  explicit State(double r) : handle(msresamp_crcf_create(static_cast<float>(r), 60.0F)), ratio(r) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { msresamp_crcf_destroy(handle); }
};

Resampler::Resampler(double from_hz, double to_hz)
    : state_(std::make_unique<State>(to_hz / from_hz)) {}
Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;

std::span<const Sample> Resampler::run(std::span<const Sample> in) {
  state_->in.assign(in.begin(), in.end());  // liquid wants it mutable
  state_->out.resize(
      static_cast<std::size_t>(std::ceil(static_cast<double>(in.size()) * state_->ratio)) + 64);
  unsigned written = 0;
  msresamp_crcf_execute(state_->handle, state_->in.data(), static_cast<unsigned>(in.size()),
                        state_->out.data(), &written);
  return {state_->out.data(), written};
}

double next_supported_rate(double sample_rate_hz) {
  double rate = std::max(12'000.0, std::ceil(sample_rate_hz / 1000) * 1000);
  while (!channelizer_supports(rate)) rate += 1000;
  return rate;
}

}  // namespace omnisonde::dsp
