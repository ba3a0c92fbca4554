// RS92: what one frame tells about the next ones, put in front of the error correction; and the sum
// of what broken frames said of the calibration table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "decoders/sondes/rs92_calibration.hpp"
#include "decoders/sondes/rs92_frame.hpp"

namespace omnisonde::rs92 {

/// Memory of one flight.
class FlightMemory {
 public:
  /// Takes over the blocks that hold; the configuration must. Another serial starts afresh.
  void learn(std::span<const std::uint8_t> frame);

  /// Adds soft bits for everything that the next frame should hold. Each group of bytes is added
  /// only if the signal does not speak against it, so that a foreign frame comes to no harm.
  /// @param llr  2400 values.
  void add_priors(std::span<float> llr, const Calibration& calibration) const;

  /// A frame that could not be corrected: its piece of the calibration table, if it is clear which
  /// one it is, is added to what earlier frames said of that piece. It helps to correct later
  /// frames with the same piece, and reaches nothing but them.
  /// @param llr  2400 values without priors.
  void collect_row(std::span<const float> llr);

  /// Empty while no sonde is known.
  [[nodiscard]] std::span<const std::uint8_t> serial() const;

 private:
  using Soft = std::array<float, 8 * kRowBytes>;
  template <std::size_t N>
  using Payload = std::optional<std::array<std::uint8_t, N>>;

  struct Guess {
    unsigned step = 0;         ///< frames since the last good one
    bool sure = false;         ///< no other number comes near
    bool sure_of_row = false;  ///< no other number with another row of the table comes near
  };
  /// Which frame this is, by what the signal says of counter and time.
  [[nodiscard]] Guess guess(std::span<const float> llr) const;
  void predict_configuration(std::span<float> llr, unsigned step, const Calibration& calibration,
                             float mean) const;
  void predict_measurement(std::span<float> llr, unsigned step, float mean) const;
  void predict_gps(std::span<float> llr, unsigned step, float mean) const;

  Payload<kConfiguration.length> configuration_;
  Payload<kMeasurement.length> measurement_;
  Payload<kGps.length> gps_;
  Payload<kAuxiliary.length> auxiliary_;
  std::array<Soft, kRows> rows_{};
  std::optional<std::uint16_t> last_counter_;  ///< of the frame that was collected last ...
  Soft last_row_{};                            ///< ... and what it gave
};

}  // namespace omnisonde::rs92
