// What is known about failing receivers: how long to wait, what is likely broken, when samples are
// none.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

namespace omnisonde {

/// Pauses between attempts to open a device: short at first, since most faults are over at once,
/// and never long, since a device that was plugged in again should be back within 5 s.
class BackOff {
 public:
  /// @returns the next pause in s: 0.25, 0.5, 1, 2, 3, 3, ...
  double next_s() noexcept {
    const double pause_s = next_;
    next_ = std::min(next_ * 2, kLongest_s);
    return pause_s;
  }
  /// The device has worked for `run_s`: after 1 s all is forgotten.
  void worked(double run_s) noexcept {
    if (run_s > 1) next_ = kFirst_s;
  }

 private:
  static constexpr double kFirst_s = 0.25, kLongest_s = 3;
  double next_ = kFirst_s;
};

/// @param complaint  what the driver or the last attempt to open has said
/// @param faults     of this device within the last ten minutes, this one included
/// @returns the likely cause in plain words; may be empty.
[[nodiscard]] std::string likely_cause(const std::string& complaint, int faults);

/// A device that streams one value for ever is as dead as one that streams nothing.
class FlatLine {
 public:
  /// @param bytes  of whole samples     @param seconds  of stream that they stand for
  /// @returns true when all samples have been equal for 2 s.
  bool flat(std::span<const std::byte> bytes, std::size_t width, double seconds) noexcept;

 private:
  double flat_s_ = 0;
};

}  // namespace omnisonde
