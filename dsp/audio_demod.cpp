#include "dsp/audio_demod.hpp"

#include <algorithm>
#include <cmath>

#include "gateway/base/assert.hpp"

namespace omnisonde::dsp {
namespace {
constexpr double kPadUnits = 4;
// Gaussian edges reach into the neighbours: the middle of a symbol carries what is certain.
constexpr double kEdge = 0.12;
}  // namespace

AudioDemod::AudioDemod(const ModemParams& modem, double rate_hz)
    : modem_(modem), unit_samples_(rate_hz / modem.bit_rate_hz()) {}

void AudioDemod::load(const SampleRing& ring, const FrameFit& fit, std::size_t bits) {
  fit_ = fit;
  bits_ = bits;
  const double unit = unit_samples_ * fit.unit_scale;
  first_ = static_cast<std::int64_t>(std::floor(fit.start - kPadUnits * unit));
  raw_.resize(static_cast<std::size_t>((static_cast<double>(bits) + 2 * kPadUnits + 2) * unit));
  ring.copy(first_, raw_);
  sum_.resize(raw_.size() + 1);
  sum_[0] = 0;
  for (std::size_t i = 0; i < raw_.size(); ++i)
    sum_[i + 1] = sum_[i] + static_cast<double>(raw_[i].real());
}

// Mean audio over [from, to) samples, fractions interpolated.
double AudioDemod::mean_between(double from, double to) const noexcept {
  const auto integral = [this](double at) {
    const double x = std::clamp(at, 0.0, static_cast<double>(sum_.size()) - 1.001);
    const auto i = static_cast<std::size_t>(x);
    return sum_[i] + (x - static_cast<double>(i)) * (sum_[i + 1] - sum_[i]);
  };
  return (integral(to) - integral(from)) / (to - from);
}

double AudioDemod::soft(double unit) const noexcept {
  const double length = unit_samples_ * fit_.unit_scale;
  const double from = fit_.start - static_cast<double>(first_) + unit * length;
  if (modem_.line_code == LineCode::kManchester) {
    const double half = length / 2, edge = kEdge * half;
    return (mean_between(from + half + edge, from + length - edge) -
            mean_between(from + edge, from + half - edge)) /
           2;
  }
  return mean_between(from + kEdge * length, from + (1 - kEdge) * length);
}

void AudioDemod::refine_on_known(std::string_view known_bits, bool inverted) {
  const std::size_t n = std::min(known_bits.size(), bits_);
  double best = -1e30, best_shift = 0;
  for (int step = -8; step <= 8; ++step) {
    double dot = 0, ones = 0, total = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double sign = (known_bits[i] == '1') != inverted ? 1 : -1;
      const double s = soft(static_cast<double>(i) + step / 16.0);
      dot += sign * s, ones += sign, total += s;
    }
    dot -= ones * total / static_cast<double>(n);
    if (dot > best) {
      best = dot;
      best_shift = step / 16.0;
    }
  }
  fit_.start += best_shift * unit_samples_;
}

void AudioDemod::detect(int block, std::span<float> llr) {
  (void)block;  // phase is gone: neighbours have nothing to add
  OMNI_ASSERT(llr.size() == bits_);
  double total = 0;
  for (std::size_t k = 0; k < bits_; ++k) {
    llr[k] = static_cast<float>(soft(static_cast<double>(k)));
    total += static_cast<double>(llr[k]);
  }
  // The offset is the middle between the two clusters, not the mean: bits need not be balanced.
  double middle =
      modem_.line_code == LineCode::kManchester ? 0 : total / static_cast<double>(bits_);
  double high = 0, low = 0;
  for (int pass = 0; pass < 4; ++pass) {
    double sum_high = 0, sum_low = 0, n_high = 1e-9, n_low = 1e-9;
    for (const float s : llr) {
      const double v = static_cast<double>(s);
      (v > middle ? sum_high : sum_low) += v;
      (v > middle ? n_high : n_low) += 1;
    }
    high = sum_high / n_high;
    low = sum_low / n_low;
    if (modem_.line_code != LineCode::kManchester) middle = (high + low) / 2;
  }
  const double amplitude = std::max((high - low) / 2, 1e-12);
  double noise = 0;
  for (const float s : llr) {
    const double error = std::abs(static_cast<double>(s) - middle) - amplitude;
    noise += error * error;
  }
  noise = std::max(noise / static_cast<double>(bits_), 1e-3 * amplitude * amplitude);
  for (float& s : llr) {
    s = static_cast<float>(2 * amplitude * (static_cast<double>(s) - middle) / noise);
  }
  level_.amplitude = static_cast<float>(amplitude);
  level_.noise = static_cast<float>(noise);
  level_.ebn0_db = static_cast<float>(10 * std::log10(amplitude * amplitude / noise / 2));
}

void AudioDemod::detect_best(std::span<float> llr) {
  detect(1, llr);
  refine_on_decisions(llr);
  detect(1, llr);
}

void AudioDemod::refine_on_decisions(std::span<const float> llr) {
  constexpr double kReach = 1.0 / 8;
  double n = 0, su = 0, suu = 0, se = 0, sue = 0;
  const std::size_t segment = std::max<std::size_t>(bits_ / 16, 32);
  for (std::size_t from = 0; from + segment <= bits_; from += segment) {
    double early = 0, middle = 0, late = 0;
    for (std::size_t k = from; k < from + segment; ++k) {
      const double sign = llr[k] > 0 ? 1 : -1;
      const auto u = static_cast<double>(k);
      early += sign * soft(u - kReach), middle += sign * soft(u), late += sign * soft(u + kReach);
    }
    const double curve = early - 2 * middle + late;
    if (curve >= 0) continue;
    const double error = std::clamp(0.5 * (early - late) / curve, -1.0, 1.0) * kReach;
    const double u = static_cast<double>(from) + static_cast<double>(segment) / 2;
    n += 1, su += u, suu += u * u, se += error, sue += u * error;
  }
  if (n < 2) return;
  const double det = n * suu - su * su;
  const double slope = n > 4 ? std::clamp((n * sue - su * se) / det, -5e-4, 5e-4) : 0;
  fit_.start += (se - slope * su) / n * unit_samples_ * fit_.unit_scale;
  fit_.unit_scale *= 1 + slope;
}

}  // namespace omnisonde::dsp
