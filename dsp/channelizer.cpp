#include "dsp/channelizer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

// <complex> comes first, so that liquid_float_complex is std::complex<float>.
#include <liquid/liquid.h>

#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kStopbandDb = 70.0;

// exp(-2 pi i m t0 / N) of block s, with t0 = s L - N/5 and L = 4N/5: a fifth of a turn at most.
Sample block_phase(std::uint64_t block, int centre_bin) {
  const auto s = static_cast<std::int64_t>(block % 5);
  const std::int64_t fifths = ((4 * s - 1) * (centre_bin % 5) % 5 + 5) % 5;
  const double angle = -2.0 * std::numbers::pi * static_cast<double>(fifths) / 5.0;
  return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

}  // namespace

bool channelizer_supports(double sample_rate_hz) noexcept {
  if (!(sample_rate_hz >= 12'000 && sample_rate_hz <= 100e6)) return false;
  if (std::fmod(sample_rate_hz, 1000.0) != 0.0) return false;
  auto rest = static_cast<std::uint64_t>(sample_rate_hz / kBinHz);
  for (const std::uint64_t prime : {2U, 3U, 5U, 7U}) {
    while (rest % prime == 0) rest /= prime;
  }
  return rest == 1;
}

std::vector<float> slice_weights(std::size_t n, double bandwidth_hz, std::size_t wide_bins) {
  const std::size_t taps = n / 5 + 1;
  const double rate_hz = static_cast<double>(n) * kBinHz;
  const double cutoff = std::min(0.49, bandwidth_hz / 2.0 / rate_hz);
  std::vector<float> h(taps);
  liquid_firdes_kaiser(static_cast<unsigned>(taps), static_cast<float>(cutoff),
                       static_cast<float>(kStopbandDb), 0.0F, h.data());
  double sum = 0;
  for (const float tap : h) sum += static_cast<double>(tap);

  // The taps are symmetric about (taps-1)/2, so the zero-phase response is a cosine sum.
  std::vector<float> weights(n);
  for (std::size_t k = 0; k < n; ++k) {
    double response = 0;
    for (std::size_t i = 0; i < taps; ++i) {
      const double t = static_cast<double>(i) - static_cast<double>(taps - 1) / 2.0;
      response +=
          static_cast<double>(h[i]) *
          std::cos(2.0 * std::numbers::pi * static_cast<double>(k) * t / static_cast<double>(n));
    }
    weights[k] = static_cast<float>(response / sum / static_cast<double>(wide_bins));
  }
  return weights;
}

BandFft::BandFft(double sample_rate_hz, DcOffset dc)
    : sample_rate_hz_(sample_rate_hz),
      bins_(static_cast<std::size_t>(sample_rate_hz / kBinHz)),
      block_(bins_ * 4 / 5),
      fft_(bins_, FftDirection::kForward),
      dc_(dc) {
  OMNI_ASSERT(channelizer_supports(sample_rate_hz));
}

void BandFft::process(const IqBlock& block) noexcept {
  OMNI_ASSERT(block.samples.size() == block_);
  const std::span<Sample> in = fft_.input();
  std::copy(in.begin() + static_cast<std::ptrdiff_t>(block_), in.end(), in.begin());
  std::ranges::copy(block.samples, in.end() - static_cast<std::ptrdiff_t>(block_));
  fft_.run();
  ++blocks_;
  if (dc_ == DcOffset::kKeep) return;
  Sample& zero = fft_.output()[0];
  // From nothing: the first blocks' mean would be the sonde's own preamble.
  dc_mean_ += (std::complex<double>(zero) - dc_mean_) / static_cast<double>(kBlocksPerSecond);
  zero -= Sample(static_cast<float>(dc_mean_.real()), static_cast<float>(dc_mean_.imag()));
}

Slicer::Slicer(double rate_hz)
    : rate_hz_(rate_hz),
      bins_(static_cast<std::size_t>(rate_hz / kBinHz)),
      fft_(bins_, FftDirection::kInverse),
      out_(bins_ * 4 / 5) {
  OMNI_ASSERT(bins_ % 10 == 0);
}

std::span<const Sample> Slicer::slice(const BandFft& band, int centre_bin,
                                      std::span<const float> weights) noexcept {
  OMNI_ASSERT(weights.size() == bins_);
  const auto wide = band.spectrum();
  const auto wide_bins = static_cast<int>(wide.size());
  const auto n = static_cast<int>(bins_);
  const std::span<Sample> in = fft_.input();
  for (int k = -n / 2; k < n / 2; ++k) {
    const int from = centre_bin + k;
    const auto to = static_cast<std::size_t>(k < 0 ? k + n : k);
    const bool inside = from >= -wide_bins / 2 && from < (wide_bins + 1) / 2;
    in[to] = inside
                 ? wide[static_cast<std::size_t>(from < 0 ? from + wide_bins : from)] * weights[to]
                 : Sample{};
  }
  fft_.run();
  const Sample phase = block_phase(band.blocks() - 1, centre_bin);
  const auto all = fft_.output();
  const std::size_t skip = bins_ / 10;
  for (std::size_t i = 0; i < out_.size(); ++i) {
    const Sample x = all[skip + i];
    out_[i] = {x.real() * phase.real() - x.imag() * phase.imag(),
               x.real() * phase.imag() + x.imag() * phase.real()};
  }
  return out_;
}

}  // namespace omnisonde::dsp
