// What looking for sondes may cost over the whole stream, so that a band full of interference does
// not cost many times what an empty one does.
#pragma once

#include <cstdint>

namespace omnisonde {

/// Counts work by the stretches searched and the frames tried, in core-seconds of the machine that
/// the figures were taken on: not by a clock, since the same file must give the same records. A
/// full bucket lets a band full of sondes be found at once. One thread.
class SearchBudget {
 public:
  /// So much of the stream has passed.
  void earn(double stream_s) noexcept;
  void spend(double core_s) noexcept { left_s_ -= core_s; }
  /// What was spent has found a sonde: only searching in vain is to be bounded.
  void refund(double core_s) noexcept;

  /// Places where nothing was found before may be looked at again.
  [[nodiscard]] bool plenty() const noexcept { return left_s_ > kReserve_s; }
  /// Only one place at a time may be looked at.
  [[nodiscard]] bool empty() const noexcept { return left_s_ <= 0; }
  /// Not even that one at all carriers.
  [[nodiscard]] bool in_debt() const noexcept { return left_s_ < -kMostDebt_s; }

  static constexpr double kEarned = 0.005;  ///< core-seconds per second of stream: a third of what
                                            ///< an empty band at 2.4 MS/s takes
  static constexpr double kMost_s = 4, kReserve_s = 2, kMostDebt_s = 0.2;

 private:
  double left_s_ = kMost_s;
};

/// Costs, as tests/bench/dsp_bench measures them: core-seconds on an AMD EPYC at 3.x GHz.
namespace search_cost {
inline constexpr double kSlice_s = 20e-9;         ///< per sample of a slice, discriminator included
inline constexpr double kQuickSample_s = 5e-9;    ///< per sample and type, behind a discriminator
inline constexpr double kCarrierSample_s = 9e-9;  ///< per sample, type and carrier
inline constexpr double kAfskSample_s = 25e-9;    ///< per sample and AFSK type, for all carriers
inline constexpr double kTryBit_s = 1e-6;         ///< per bit of a frame that is tried
inline constexpr double kAfskTryBit_s = 10e-6;    ///< the same for an AFSK type
}  // namespace search_cost

}  // namespace omnisonde
