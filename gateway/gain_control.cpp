#include "gateway/gain_control.hpp"

#include <algorithm>

namespace omnisonde {
namespace {

constexpr double kClipped = 1e-3;   // noise at -10 dBFS clips that often, and is 20 dB too loud
constexpr double kOverload_db = 6;  // down at once
constexpr double kSettles_s = 0.5;  // driver's buffers and our ring
constexpr double kStep_db = 2;
constexpr double kStepUp_s = 4;
// An 8-bit converter's own noise is at -50 dBFS: 16 dB above it, it costs 0.1 dB. Between the two
// nothing is done.
constexpr double kLow_dbfs = -34, kHigh_dbfs = -22;
constexpr double kLongestWait_s = 900;
constexpr double kForgets_s = 1800;  // without clipping: the wait is short again

}  // namespace

GainControl::GainControl(double low_db, double high_db)
    : low_db_(low_db), high_db_(high_db), gain_db_(low_db + 0.7 * (high_db - low_db)) {}

std::optional<double> GainControl::change(double now_s, double by_db) {
  const double next_db = std::clamp(gain_db_ + by_db, low_db_, high_db_);
  if (next_db == gain_db_) return std::nullopt;
  gain_db_ = next_db;
  changed_s_ = now_s;
  return next_db;
}

std::optional<double> GainControl::update(double now_s, double clipped, double noise_dbfs) {
  if (now_s - changed_s_ < kSettles_s) return std::nullopt;
  if (clipped > kClipped) {
    ++overloads_;
    if (now_s - last_clipped_s_ > kForgets_s) wait_s_ = 30;
    last_clipped_s_ = now_s;
    wait_until_s_ = now_s + wait_s_;
    wait_s_ = std::min(wait_s_ * 2, kLongestWait_s);
    return change(now_s, -kOverload_db);
  }
  if (now_s - changed_s_ < kStepUp_s) return std::nullopt;
  if (noise_dbfs > kHigh_dbfs) return change(now_s, -kStep_db);
  if (noise_dbfs < kLow_dbfs && now_s >= wait_until_s_) return change(now_s, kStep_db);
  return std::nullopt;
}

}  // namespace omnisonde
