#include "dsp/detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

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
  for (std::size_t i = 0; i < k.size(); ++i) {
    const float off = static_cast<float>(i) - kHalfWidth;
    const float c = std::cos(std::numbers::pi_v<float> * off / (2 * (kHalfWidth + 1)));
    k[i] = c * c;
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

// What may be left of a strong carrier's hump at that distance from its centre, once kBlank either
// side of it is blanked out. Measured: unshaped Manchester FSK, the widest of the narrow types,
// leaves -25 dB at 8 kHz, -31 dB at 12 kHz and -37 dB at 16 kHz; a real DFM-06 (dfmIQ.wav) -21 dB
// at 7.4 kHz.
constexpr std::size_t kBlank = 30;   // bins: 6 kHz
constexpr std::size_t kShadow = 85;  // bins: 17 kHz; beyond, the first look sees all there is
float left_of_blanked(double distance) {
  if (distance < 42) return 1.0F;  // < 8.4 kHz: no two sondes are that close
  if (distance < 60) return 7e-3F;
  return 1.2e-3F;
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

// A candidate of the second look must stand out of what the strong ones have left.
bool Detector::shadowed(const Found& weak, std::size_t strong) const {
  return std::any_of(
      found_.begin(), found_.begin() + static_cast<std::ptrdiff_t>(strong), [&](const Found& f) {
        const double distance = std::abs(f.centre_bin - weak.centre_bin);
        return distance < kShadow && weak.hump - 1 < (f.hump - 1) * left_of_blanked(distance);
      });
}

double Detector::centre_of(std::size_t bin) const {
  double at = static_cast<double>(bin);
  for (int pass = 0; pass < 3; ++pass) {
    const double low = std::max(0.0, at - static_cast<double>(kCentroidReach));
    const double high =
        std::min(static_cast<double>(ratio_.size()) - 1, at + static_cast<double>(kCentroidReach));
    double sum = 0, moment = 0;
    for (auto i = static_cast<std::size_t>(std::ceil(low)); i <= static_cast<std::size_t>(high);
         ++i) {
      const double excess = std::max(0.0, static_cast<double>(ratio_[i]) - 1.5);
      sum += excess;
      moment += excess * static_cast<double>(i);
    }
    if (sum <= 0) break;
    // A strong neighbour at the edge must not pull the centre to itself.
    at = std::clamp(moment / sum, static_cast<double>(bin) - 8, static_cast<double>(bin) + 8);
  }
  return at;
}

float Detector::line_share(std::size_t bin) const {
  const std::size_t from = bin - kHalfWidth, to = std::min(all_.size(), bin + kHalfWidth + 1);
  float total = 0, best = 0;
  for (std::size_t i = from; i < to; ++i) {
    total += std::max(0.0F, all_[i] - 1);
    const float left = i > from ? all_[i - 1] - 1 : 0;
    const float right = i + 1 < to ? all_[i + 1] - 1 : 0;
    best = std::max(best, left + all_[i] - 1 + right);
  }
  return total > 0 ? best / total : 0;
}

// The lowest kilohertz between 3 and 9 kHz away, on the side where it is lower: even between two
// neighbours 10 kHz away there is one, inside of a wide signal there is none.
float Detector::valley(std::size_t bin) const {
  constexpr std::size_t kNear = 15, kFar = 45, kSpan = 5;
  const auto lowest = [&](std::ptrdiff_t step) {
    float low = hump_[bin];
    for (std::size_t away = kNear; away <= kFar; ++away) {
      float sum = 0;
      for (std::size_t j = 0; j < kSpan; ++j) {
        const std::ptrdiff_t at =
            static_cast<std::ptrdiff_t>(bin) + step * static_cast<std::ptrdiff_t>(away + j);
        if (at < 0 || at >= static_cast<std::ptrdiff_t>(all_.size())) return 0.0F;
        sum += all_[static_cast<std::size_t>(at)] - 1;
      }
      low = std::min(low, sum / kSpan);
    }
    return low;
  };
  return std::min(lowest(-1), lowest(1)) / std::max(hump_[bin] - 1, 1e-6F);
}

// Tap by tap over short stretches, which vectorises where bin by bin would not.
void Detector::smooth(std::size_t from, std::size_t to) {
  static const auto kKernel = hump_kernel();
  constexpr std::size_t kStretch = 128;
  for (std::size_t base = from; base < to; base += kStretch) {
    std::array<float, kStretch> sum{};
    const std::size_t count = std::min(kStretch, to - base);
    const float* middle = ratio_.data() + base;
    for (std::size_t i = 0; i < count; ++i) sum[i] = kKernel[kHalfWidth] * middle[i];
    for (std::size_t j = 1; j <= kHalfWidth; ++j) {
      const float tap = kKernel[kHalfWidth + j];
      const float *below = middle - j, *above = middle + j;
      for (std::size_t i = 0; i < count; ++i) sum[i] += tap * (below[i] + above[i]);
    }
    std::copy_n(sum.begin(), count, hump_.begin() + static_cast<std::ptrdiff_t>(base));
  }
}

void Detector::look(float least) {
  const std::size_t n = ratio_.size();
  if (n <= 2 * kHalfWidth) return;
  smooth(kHalfWidth, n - kHalfWidth);
  for (std::size_t i = kHalfWidth; i + kHalfWidth < n; ++i) {
    if (!(hump_[i] > least) || !is_peak(i) || under_skirt(i)) continue;
    found_.push_back({i, hump_[i], centre_of(i), line_share(i), valley(i)});
  }
}

void Detector::look_in_shadows(float least) {
  const std::size_t n = ratio_.size(), strong = found_.size();
  const auto around = [n](std::size_t bin, std::size_t reach) {
    return std::pair(std::max<std::size_t>(bin, reach + kHalfWidth) - reach,
                     std::min(n - kHalfWidth, bin + reach + 1));
  };
  for (std::size_t k = 0; k < strong; ++k) {
    const auto centre = static_cast<std::size_t>(std::lround(found_[k].centre_bin));
    const std::size_t from = centre > kBlank ? centre - kBlank : 0;
    const std::size_t to = std::min(n, centre + kBlank + 1);
    for (std::size_t i = from; i < to; ++i) ratio_[i] = 1.0F;
  }
  for (std::size_t k = 0; k < strong; ++k) {
    const auto [from, to] = around(found_[k].bin, kShadow + kPeakReach);
    smooth(from, to);
  }
  for (std::size_t k = 0; k < strong; ++k) {
    const auto [from, to] = around(found_[k].bin, kShadow);
    for (std::size_t i = from; i < to; ++i) {
      if (!(hump_[i] > least) || !is_peak(i)) continue;
      const Found weak{i, hump_[i], centre_of(i), line_share(i), valley(i)};
      const bool known = std::ranges::any_of(found_, [i](const Found& f) { return f.bin == i; });
      if (!known && !shadowed(weak, strong)) found_.push_back(weak);
    }
  }
}

void Detector::find(std::span<const float> power, std::span<const float> floor, float min_excess_db,
                    std::vector<Candidate>& out) {
  const std::size_t n = power.size();
  out.clear();
  found_.clear();
  ratio_.resize(n);
  hump_.assign(n, 1.0F);
  for (std::size_t i = 0; i < n; ++i) ratio_[i] = power[i] / floor[i];
  all_ = ratio_;
  const float least = std::pow(10.0F, min_excess_db / 10);
  look(least);
  look_in_shadows(least);
  const std::size_t zero_hz_bin = n / 2;
  for (const Found& f : found_) {
    const double offset_bins = f.centre_bin - static_cast<double>(zero_hz_bin);
    out.push_back({offset_bins * kBinHz, 10 * std::log10(f.hump), f.line_share, f.valley});
  }
  std::ranges::sort(
      out, [](const Candidate& a, const Candidate& b) { return a.excess_db > b.excess_db; });
}

}  // namespace omnisonde::dsp
