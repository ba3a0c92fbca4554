#include "simulator/impairments.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "simulator/gaussian.hpp"

namespace omnisonde::sim {
namespace {

constexpr int kPaths = 16;  // enough for the level distribution to be Rayleigh within 0.5 dB

}  // namespace

double carrier_offset_hz(const Impairments& impairments, double time_s) noexcept {
  const double drifted = impairments.drift_hz_per_s * time_s;
  const double span = impairments.drift_span_hz;
  if (span <= 0) return impairments.offset_hz + drifted;
  // A triangle wave: 0, +span, 0, -span, 0.
  const double turn = std::fmod(std::abs(drifted), 4 * span);
  const double triangle = turn < span ? turn : turn < 3 * span ? 2 * span - turn : turn - 4 * span;
  return impairments.offset_hz + std::copysign(1.0, drifted) * triangle;
}

ChannelGain::ChannelGain(const Impairments& impairments, std::uint64_t seed)
    : outages_s_(impairments.outages_s) {
  if (impairments.fade_hz <= 0) return;
  Xoshiro256 random(seed);
  for (int i = 0; i < kPaths; ++i) {
    const double arrival = (i + random.uniform()) / kPaths;
    paths_.push_back(
        {impairments.fade_hz * std::cos(2 * std::numbers::pi * arrival), random.uniform()});
  }
}

dsp::Sample ChannelGain::at(double time_s) const noexcept {
  if (interrupted(time_s, time_s)) return {};
  if (paths_.empty()) return {1, 0};
  double re = 0;
  double im = 0;
  for (const Path& path : paths_) {
    const double turns = path.doppler_hz * time_s + path.phase_cycles;
    const double angle = 2 * std::numbers::pi * (turns - std::floor(turns));
    re += std::cos(angle);
    im += std::sin(angle);
  }
  const double scale = 1 / std::sqrt(static_cast<double>(kPaths));
  return {static_cast<float>(scale * re), static_cast<float>(scale * im)};
}

bool ChannelGain::interrupted(double from_s, double to_s) const noexcept {
  return std::ranges::any_of(outages_s_, [&](const auto& outage) {
    return to_s >= outage.first && from_s < outage.second;
  });
}

}  // namespace omnisonde::sim
