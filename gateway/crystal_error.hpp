// Learns a receiver's crystal error from RS41s, which tell the frequency that they were set to.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace omnisonde {

/// One thread. Errors are in ppm, positive when the receiver's crystal runs fast.
///
/// A sonde's own crystal is off by about 1 ppm as well: the median over sondes is taken, of the
/// median over each one's frames.
class CrystalError {
 public:
  /// A frame of sonde `serial` was heard at `measured_hz`, with `used_ppm` taken into account; the
  /// sonde says that it sends on `announced_hz`. What cannot be is left out.
  void heard(const std::string& serial, double measured_hz, double announced_hz, double used_ppm);

  /// @returns nothing before some frames of one sonde.
  [[nodiscard]] std::optional<double> ppm() const;
  [[nodiscard]] std::size_t sondes() const;

  /// The next value to use on the way from `used_ppm` to ppm(), called once a second.
  [[nodiscard]] double approach(double used_ppm) const;

  /// One "SERIAL PPM" per line, oldest first: for a file.
  [[nodiscard]] std::string text() const;
  /// Takes up what text() gave; lines that are none are left out.
  void load(const std::string& text);

 private:
  struct Sonde {
    std::string serial;
    std::deque<double> frames_ppm;
    double before_ppm = 0;  ///< from a file, while frames are few
    bool known = false;     ///< before_ppm counts
    [[nodiscard]] std::optional<double> ppm() const;
  };
  std::deque<Sonde> sondes_;  ///< oldest first
};

}  // namespace omnisonde
