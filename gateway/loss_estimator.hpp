// How many samples a live device lost, when all it says is "overflow".
#pragma once

#include <cstdint>

namespace omnisonde {

/// Compares the host clock with the count of samples. While all is well, (elapsed time x rate -
/// samples seen) is the fill of the driver's buffers: small, never negative for long. Its recent
/// minimum is the base line; what an overflow adds to it is the loss. The base line follows crystal
/// errors of up to 200 ppm. Accurate to about one driver buffer.
class LossEstimator {
 public:
  explicit LossEstimator(double sample_rate_hz) : rate_hz_(sample_rate_hz) {}

  /// Samples arrived in order.
  /// @param now_s  any steady clock, s
  void arrived(double now_s, std::uint64_t samples) {
    const double behind = behind_at(now_s, samples);
    const double rise = (now_s - last_s_) * rate_hz_ * 200e-6;
    base_ = started_ ? (behind < base_ + rise ? behind : base_ + rise) : behind;
    started_ = true;
    last_s_ = now_s;
  }

  /// The first samples after an overflow arrived. @returns the loss before them, at least 1.
  std::uint64_t arrived_after_overflow(double now_s, std::uint64_t samples) {
    const double excess = started_ ? behind_at(now_s, samples) - base_ : 0;
    const auto lost = excess > 1 ? static_cast<std::uint64_t>(excess) : std::uint64_t{1};
    count_ += static_cast<double>(lost);
    last_s_ = now_s;
    if (!started_) arrived(now_s, 0);
    return lost;
  }

 private:
  double behind_at(double now_s, std::uint64_t samples) {
    if (!started_) origin_s_ = now_s;
    count_ += static_cast<double>(samples);
    return (now_s - origin_s_) * rate_hz_ - count_;
  }

  double rate_hz_;
  double origin_s_ = 0, last_s_ = 0;
  double count_ = 0;  // samples delivered and lost; exact up to 2^53
  double base_ = 0;
  bool started_ = false;
};

}  // namespace omnisonde
