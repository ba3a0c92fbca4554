#include "gateway/band_map.hpp"

#include <algorithm>
#include <cmath>

namespace omnisonde {
namespace {

constexpr double kCell_hz = 25e3;
constexpr double kMostCells = 4000;  // for the operator who wants 1 MHz to 6 GHz

std::vector<FrequencyRange> merged(std::vector<FrequencyRange> ranges) {
  std::ranges::sort(ranges, {}, &FrequencyRange::low_hz);
  std::vector<FrequencyRange> out;
  for (const FrequencyRange& r : ranges) {
    if (!out.empty() && r.low_hz <= out.back().high_hz) {
      out.back().high_hz = std::max(out.back().high_hz, r.high_hz);
    } else {
      out.push_back(r);
    }
  }
  return out;
}

bool middle_in(double low_hz, double high_hz, const FrequencyRange& range) {
  const double middle_hz = (low_hz + high_hz) / 2;
  return middle_hz >= range.low_hz && middle_hz <= range.high_hz;
}

}  // namespace

BandMap::BandMap(const std::vector<FrequencyRange>& wanted) {
  const auto ranges = merged(wanted);
  double sum_hz = 0;
  for (const FrequencyRange& r : ranges) sum_hz += r.high_hz - r.low_hz;
  const double cell_hz = std::max(kCell_hz, sum_hz / kMostCells);
  for (const FrequencyRange& r : ranges) {
    const double count = std::max(1.0, std::round((r.high_hz - r.low_hz) / cell_hz));
    const double step_hz = (r.high_hz - r.low_hz) / count;
    for (double i = 0; i < count; ++i)
      cells_.push_back({r.low_hz + i * step_hz, r.low_hz + (i + 1) * step_hz, 0});
  }
}

void BandMap::watch(double now_s, const std::vector<FrequencyRange>& windows) {
  now_s_ = now_s;
  if (!start_s_) {
    start_s_ = now_s;
    for (Cell& cell : cells_) cell.watched_s = now_s - 1e-3;  // not yet watched
  }
  for (Cell& cell : cells_) {
    const bool seen = std::ranges::any_of(
        windows, [&](const FrequencyRange& w) { return middle_in(cell.low_hz, cell.high_hz, w); });
    if (seen) cell.watched_s = now_s;
  }
}

double BandMap::staleness(const FrequencyRange& window,
                          const std::vector<FrequencyRange>& others) const {
  double sum = 0;
  for (const Cell& cell : cells_) {
    if (!middle_in(cell.low_hz, cell.high_hz, window)) continue;
    const bool other = std::ranges::any_of(
        others, [&](const FrequencyRange& w) { return middle_in(cell.low_hz, cell.high_hz, w); });
    if (!other) sum += (now_s_ - cell.watched_s) * (cell.high_hz - cell.low_hz);
  }
  return sum;
}

std::vector<BandStretch> BandMap::stretches() const {
  std::vector<BandStretch> out;
  for (const Cell& cell : cells_) {
    const double age_s = now_s_ - cell.watched_s;
    const bool joins = !out.empty() && std::abs(out.back().high_hz - cell.low_hz) < 1 &&
                       (age_s > 0) == !out.back().watched() &&
                       std::abs(out.back().unwatched_s - age_s) < 1;
    if (joins) {
      out.back().high_hz = cell.high_hz;
    } else {
      out.push_back({cell.low_hz, cell.high_hz, age_s});
    }
  }
  return out;
}

double BandMap::wanted_hz() const noexcept {
  double sum = 0;
  for (const Cell& cell : cells_) sum += cell.high_hz - cell.low_hz;
  return sum;
}

double BandMap::watched_hz() const noexcept {
  double sum = 0;
  for (const Cell& cell : cells_) {
    if (start_s_ && cell.watched_s >= now_s_) sum += cell.high_hz - cell.low_hz;
  }
  return sum;
}

FrequencyRange BandMap::hull() const noexcept {
  if (cells_.empty()) return {};
  return {cells_.front().low_hz, cells_.back().high_hz};
}

}  // namespace omnisonde
