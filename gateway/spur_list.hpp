// Carriers that looked like sondes and were none: left alone for a while, longer each time.
#pragma once

#include <cstddef>
#include <vector>

namespace omnisonde {

/// Times are stream seconds. One thread.
class SpurList {
 public:
  /// A slot at `frequency_hz` has found nothing.
  void add(double frequency_hz, double now_s);
  /// A sonde was decoded there after all.
  void forget(double frequency_hz);
  [[nodiscard]] bool blocked(double frequency_hz, double now_s) const;
  /// A slot has found nothing there, be it blocked now or not.
  [[nodiscard]] bool knows(double frequency_hz) const;
  [[nodiscard]] std::size_t size() const noexcept { return spurs_.size(); }

  struct Spur {
    double frequency_hz, until_s, pause_s;
  };
  [[nodiscard]] const std::vector<Spur>& spurs() const noexcept { return spurs_; }

 private:
  std::vector<Spur> spurs_;
};

}  // namespace omnisonde
