#include "gateway/crystal_error.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

namespace omnisonde {
namespace {

constexpr std::size_t kMostSondes = 15;  // a day's at a busy station: crystals age slowly
constexpr std::size_t kMostFrames = 31, kLeastFrames = 8;
constexpr double kLargest_ppm = 150;  // the worst dongles are 100 ppm off
constexpr double kStep_ppm = 0.2;     // per second: 80 Hz at 403 MHz, which every slot follows
constexpr double kRaster_hz = 10e3;   // an RS41 can be set to nothing between

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

std::optional<double> CrystalError::Sonde::ppm() const {
  if (frames_ppm.size() >= kLeastFrames) return median({frames_ppm.begin(), frames_ppm.end()});
  return known ? std::optional(before_ppm) : std::nullopt;
}

void CrystalError::heard(const std::string& serial, double measured_hz, double announced_hz,
                         double used_ppm) {
  if (serial.empty() || !(announced_hz > 0)) return;
  if (std::abs(std::remainder(announced_hz, kRaster_hz)) > 1) return;
  const double ppm = used_ppm + (announced_hz - measured_hz) / announced_hz * 1e6;
  if (!(std::abs(ppm) <= kLargest_ppm)) return;
  auto sonde = std::ranges::find(sondes_, serial, &Sonde::serial);
  if (sonde == sondes_.end()) {
    if (sondes_.size() >= kMostSondes) sondes_.pop_front();
    sondes_.push_back({serial, {}, 0, false});
    sonde = std::prev(sondes_.end());
  }
  sonde->frames_ppm.push_back(ppm);
  if (sonde->frames_ppm.size() > kMostFrames) sonde->frames_ppm.pop_front();
}

std::optional<double> CrystalError::ppm() const {
  std::vector<double> all;
  for (const Sonde& sonde : sondes_) {
    if (const auto ppm = sonde.ppm()) all.push_back(*ppm);
  }
  if (all.empty()) return std::nullopt;
  return median(std::move(all));
}

std::size_t CrystalError::sondes() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(sondes_, [](const Sonde& s) { return s.ppm().has_value(); }));
}

double CrystalError::approach(double used_ppm) const {
  const auto target = ppm();
  if (!target || std::abs(*target - used_ppm) < 0.05) return used_ppm;
  return used_ppm + std::clamp(*target - used_ppm, -kStep_ppm, kStep_ppm);
}

std::string CrystalError::text() const {
  std::string out;
  for (const Sonde& sonde : sondes_) {
    const auto ppm = sonde.ppm();
    char number[24];
    std::snprintf(number, sizeof number, " %.3f\n", ppm.value_or(0));
    if (ppm) out += sonde.serial + number;
  }
  return out;
}

void CrystalError::load(const std::string& text) {
  std::istringstream in(text);
  std::string serial;
  double ppm = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    if (!(words >> serial >> ppm) || !(std::abs(ppm) <= kLargest_ppm)) continue;
    if (sondes_.size() < kMostSondes) sondes_.push_back({serial, {}, ppm, true});
  }
}

}  // namespace omnisonde
