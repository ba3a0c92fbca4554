#include "dsp/wide_detector.hpp"

#include <algorithm>
#include <cmath>

#include "dsp/channelizer.hpp"

namespace omnisonde::dsp {
namespace {

// The spread (rms) of a signal that fills its width evenly is 0.29 of it; of two tones at the
// edges 0.35 and more; an RS41 in a window of 24 kHz has 0.1.
constexpr double kLeastSpread = 0.17;
constexpr double kOffCentre = 1.0 / 12, kUneven = 0.25;  // of the width
constexpr double kOuterShare = 0.1;  // of the power, beyond which lies nothing but skirts
// Counted of a bin: a strong line or a narrow neighbour must not outweigh all that is spread.
constexpr float kMost = 30;
constexpr double kPlateau = 0.5;  // of the window's mean, on both sides of it: something wider

}  // namespace

WideDetector::WideDetector(double width_hz)
    : width_(static_cast<std::size_t>(std::lround(width_hz / kBinHz))) {}

WideDetector::Window WideDetector::window(std::size_t from) const {
  const std::size_t to = from + width_;
  const double sum = sum_[to] - sum_[from];
  Window w;
  w.mean = sum / static_cast<double>(width_);
  if (sum <= 0) return w;
  w.mean_bin = (moment_[to] - moment_[from]) / sum;
  const double square = (square_[to] - square_[from]) / sum;
  w.spread = std::sqrt(std::max(0.0, square - w.mean_bin * w.mean_bin));
  return w;
}

// Halfway between where the power begins and where it ends: frames of zeros put most of it into one
// tone of two, and its mean nearer to that.
double WideDetector::middle_of_power(std::size_t from) const {
  const std::size_t to = from + width_;
  const auto place = [&](double share) {
    const double part = sum_[from] + share * (sum_[to] - sum_[from]);
    std::size_t at = from;
    while (at < to && sum_[at + 1] < part) ++at;
    return static_cast<double>(at);
  };
  return (place(kOuterShare) + place(1 - kOuterShare)) / 2;
}

bool WideDetector::inside_wider(std::size_t from, double mean) const {
  const std::size_t half = width_ / 2, n = sum_.size() - 1;
  if (from < half || from + width_ + half > n) return false;
  const double below = (sum_[from] - sum_[from - half]) / static_cast<double>(half);
  const double above =
      (sum_[from + width_ + half] - sum_[from + width_]) / static_cast<double>(half);
  return std::min(below, above) > kPlateau * mean;
}

void WideDetector::find(std::span<const float> power, std::span<const float> floor,
                        float min_excess_db, std::vector<Candidate>& out) {
  const std::size_t n = power.size();
  out.clear();
  if (n <= width_) return;
  sum_.assign(n + 1, 0);
  moment_.assign(n + 1, 0);
  square_.assign(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const auto excess = static_cast<double>(std::min(power[i] / floor[i] - 1, kMost));
    const auto at = static_cast<double>(i);
    sum_[i + 1] = sum_[i] + excess;
    moment_[i + 1] = moment_[i] + excess * at;
    square_[i + 1] = square_[i] + excess * at * at;
  }
  const double least = std::pow(10.0, static_cast<double>(min_excess_db) / 10) - 1;
  const auto width = static_cast<double>(width_);
  for (std::size_t from = 0; from + width_ <= n; from += std::max<std::size_t>(1, width_ / 40)) {
    const Window w = window(from);
    if (w.mean < least || w.spread < kLeastSpread * width) continue;
    const double middle = static_cast<double>(from) + (width - 1) / 2;
    if (std::abs(w.mean_bin - middle) > kUneven * width || inside_wider(from, w.mean)) continue;
    const double centre = middle_of_power(from);
    if (std::abs(centre - middle) > kOffCentre * width) continue;
    out.push_back({(centre - static_cast<double>(n / 2)) * kBinHz,
                   static_cast<float>(10 * std::log10(1 + w.mean))});
  }
  std::ranges::sort(
      out, [](const Candidate& a, const Candidate& b) { return a.excess_db > b.excess_db; });
  // One per place: the strongest within half a width.
  std::vector<Candidate> kept;
  for (const Candidate& c : out) {
    const bool seen = std::ranges::any_of(kept, [&](const Candidate& k) {
      return std::abs(k.offset_hz - c.offset_hz) < width * kBinHz / 2;
    });
    if (!seen) kept.push_back(c);
  }
  out = std::move(kept);
}

}  // namespace omnisonde::dsp
