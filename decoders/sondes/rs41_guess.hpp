// RS41: what is put in front of the error correction: groups of expected bytes, and the guess which
// frame of the flight this is.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

#include "decoders/sondes/rs41_calibration.hpp"
#include "decoders/sondes/rs41_frame.hpp"

namespace omnisonde::rs41 {

// Below this agreement with the signal a group is left out (1 = all bits agree, 0 = chance).
constexpr double kLeastAgreement = 0.35;
/// Bytes that are expected together, at frame positions.
class Group {
 public:
  /// @param mask  which bits of the value count.
  void add(std::size_t at, std::uint8_t value, std::uint8_t mask = 0xFF) {
    if (count_ < items_.size()) items_[count_++] = {static_cast<std::uint16_t>(at), value, mask};
  }
  void add(std::size_t at, std::span<const std::uint8_t> values) {
    for (std::size_t i = 0; i < values.size(); ++i) add(at + i, values[i]);
  }

  /// Sum of the soft bits that agree minus those that do not, over their total; 0 without signal.
  [[nodiscard]] double agreement(std::span<const float> llr) const {
    double sum = 0;
    double total = 0;
    each_bit(
        [&](std::size_t bit, bool one) {
          const double value = static_cast<double>(llr[bit]);
          if (!std::isfinite(value)) return;
          sum += one ? value : -value;
          total += std::fabs(value);
        },
        llr.size());
    return total > 0 ? sum / total : 0;
  }

  void apply(std::span<float> llr, float strength) const {
    const double spoken = agreement(llr);
    if (spoken != 0 && spoken < kLeastAgreement) return;
    each_bit([&](std::size_t bit, bool one) { llr[bit] += one ? strength : -strength; },
             llr.size());
  }

 private:
  struct Item {
    std::uint16_t at;
    std::uint8_t value;
    std::uint8_t mask;
  };

  template <typename Visit>
  void each_bit(const Visit& visit, std::size_t limit) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t at = items_[i].at;
      if (8 * at + 8 > limit) continue;
      const unsigned on_air = items_[i].value ^ kMask[at % kMask.size()];
      for (unsigned bit = 0; bit < 8; ++bit) {
        if ((items_[i].mask >> bit & 1U) != 0) visit(8 * at + bit, (on_air >> bit & 1U) != 0);
      }
    }
  }

  std::array<Item, kExtendedBytes> items_;
  std::size_t count_ = 0;
};

/// Mean |llr| of what is neither zero nor broken; 1 when there is nothing.
[[nodiscard]] float mean_size(std::span<const float> llr);

/// Little endian.
inline void put_u16(Group& group, std::size_t at, unsigned value) {
  group.add(at, static_cast<std::uint8_t>(value & 0xFFU));
  group.add(at + 1, static_cast<std::uint8_t>(value >> 8 & 0xFFU));
}

/// Where each payload starts; 0 for a block that the layout has not.
struct Places {
  std::size_t status = 0, measurement = 0, gps_info = 0, gps_raw = 0, position = 0;
};

/// What else the guesses of the frame number hang on.
struct GuessInputs {
  std::span<const std::uint8_t> status;
  const std::optional<std::array<std::uint8_t, 96>>& gps_info;
  const Places& places;
  const Calibration& calibration;
  double mean_llr;
};

/// The frame number and all that follows from it.
struct FrameGuess {
  Group known;          ///< bits on which all likely guesses agree
  unsigned frames = 0;  ///< since the last good frame; 0 when no guess stands out
  unsigned spread = 0;  ///< the likely guesses differ from that by no more than this
};

/// Guesses from how well each possible number, with the calibration row and the time that go with
/// it, fits the soft bits. @param llr  without any priors for these bytes.
[[nodiscard]] FrameGuess guess_frame(std::span<const float> llr, const GuessInputs& in);

}  // namespace omnisonde::rs41
