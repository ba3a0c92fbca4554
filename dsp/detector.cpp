#include "dsp/detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "dsp/channelizer.hpp"

namespace omnisonde::dsp {
namespace {

// A raised cosine of this half width is still concave at +-2.4 kHz, so that two tones 4.8 kHz apart
// make one peak, and is zero at a neighbour 10 kHz away.
constexpr int kHalfWidth = 27;          // bins: 5.4 kHz
constexpr std::size_t kPeakReach = 15;  // bins: no two peaks within 3 kHz
constexpr std::size_t kCentroidReach = 25;

std::array<float, 2 * kHalfWidth + 1> hump_kernel() {
  std::array<float, 2 * kHalfWidth + 1> k{};
  float sum = 0;
  for (int i = -kHalfWidth; i <= kHalfWidth; ++i) {
    const float c =
        std::cos(std::numbers::pi_v<float> * static_cast<float>(i) / (2 * (kHalfWidth + 1)));
    k[static_cast<std::size_t>(i + kHalfWidth)] = c * c;
    sum += c * c;
  }
  for (float& x : k) x /= sum;
  return k;
}

// How far below a strong carrier its own skirt may reach, by distance in bins: FSK spectra fall
// with the fourth power of distance, the analysis window faster.
float skirt_share(std::size_t distance) {
  if (distance < 25) return 0.1F;   // < 5 kHz
  if (distance < 40) return 1e-2F;  // < 8 kHz
  if (distance < 80) return 3e-4F;  // < 16 kHz
  return 3e-5F;
}

}  // namespace

bool Detector::is_peak(std::size_t bin) const {
  const std::size_t from = bin > kPeakReach ? bin - kPeakReach : 0;
  const std::size_t to = std::min(hump_.size() - 1, bin + kPeakReach);
  for (std::size_t i = from; i <= to; ++i) {
    if (hump_[i] > hump_[bin] || (hump_[i] == hump_[bin] && i < bin)) return false;
  }
  return true;
}

bool Detector::under_skirt(std::size_t bin) const {
  constexpr std::size_t kReach = 150;
  const std::size_t from = bin > kReach ? bin - kReach : 0;
  const std::size_t to = std::min(hump_.size() - 1, bin + kReach);
  for (std::size_t i = from; i <= to; ++i) {
    const std::size_t distance = i > bin ? i - bin : bin - i;
    if (hump_[bin] - 1 < (hump_[i] - 1) * skirt_share(distance)) return true;
  }
  return false;
}

double Detector::centre_of(std::span<const float> power, std::span<const float> floor,
                           std::size_t bin) const {
  double at = static_cast<double>(bin);
  for (int pass = 0; pass < 3; ++pass) {
    const double low = std::max(0.0, at - static_cast<double>(kCentroidReach));
    const double high =
        std::min(static_cast<double>(power.size()) - 1, at + static_cast<double>(kCentroidReach));
    double sum = 0, moment = 0;
    for (auto i = static_cast<std::size_t>(std::ceil(low)); i <= static_cast<std::size_t>(high);
         ++i) {
      const double excess = std::max(0.0F, power[i] - 1.5F * floor[i]);
      sum += excess;
      moment += excess * static_cast<double>(i);
    }
    if (sum <= 0) break;
    // A strong neighbour at the edge must not pull the centre to itself.
    at = std::clamp(moment / sum, static_cast<double>(bin) - 8, static_cast<double>(bin) + 8);
  }
  return (at - static_cast<double>(power.size() / 2)) * kBinHz;
}

void Detector::find(std::span<const float> power, std::span<const float> floor, float min_excess_db,
                    std::vector<Candidate>& out) {
  static const auto kKernel = hump_kernel();
  out.clear();
  const std::size_t n = power.size();
  ratio_.resize(n);
  hump_.assign(n, 1.0F);
  for (std::size_t i = 0; i < n; ++i) ratio_[i] = power[i] / floor[i];
  for (std::size_t i = kHalfWidth; i + kHalfWidth < n; ++i) {
    float sum = 0;
    for (std::size_t j = 0; j < kKernel.size(); ++j) sum += kKernel[j] * ratio_[i - kHalfWidth + j];
    hump_[i] = sum;
  }
  const float least = std::pow(10.0F, min_excess_db / 10);
  for (std::size_t i = kHalfWidth; i + kHalfWidth < n; ++i) {
    if (!(hump_[i] > least) || !is_peak(i) || under_skirt(i)) continue;
    out.push_back({centre_of(power, floor, i), 10 * std::log10(hump_[i])});
  }
  std::ranges::sort(
      out, [](const Candidate& a, const Candidate& b) { return a.excess_db > b.excess_db; });
}

}  // namespace omnisonde::dsp
