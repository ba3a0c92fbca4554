// Finds carriers whose power is spread over a known, wide width: signals that are two humps, or
// many, to the detector of narrow sondes.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "dsp/detector.hpp"

namespace omnisonde::dsp {

/// Slides a window of the signal's width over the spectrum and takes the places where the power
/// over the floor lies about the window's middle and is spread over it. A narrow sonde is not
/// spread; two of them, half a width apart, are taken for a wide one: whoever decodes will tell.
/// One thread. Allocates: only while growing to the spectrum's size.
class WideDetector {
 public:
  /// @param width_hz  two-sided width of the signal
  explicit WideDetector(double width_hz);

  /// @param power         power per 200 Hz bin, lowest frequency first
  /// @param floor         noise floor per bin, same size
  /// @param min_excess_db least mean power in the window over the floor
  /// @param out           strongest first; cleared before
  void find(std::span<const float> power, std::span<const float> floor, float min_excess_db,
            std::vector<Candidate>& out);

 private:
  struct Window {
    double mean = 0, mean_bin = 0, spread = 0;  ///< excess per bin; bins; bins
  };
  [[nodiscard]] Window window(std::size_t from) const;
  [[nodiscard]] double middle_of_power(std::size_t from) const;
  [[nodiscard]] bool inside_wider(std::size_t from, double mean) const;

  std::size_t width_;                          ///< bins
  std::vector<double> sum_, moment_, square_;  ///< running sums of the excess, x bin, x bin^2
};

}  // namespace omnisonde::dsp
