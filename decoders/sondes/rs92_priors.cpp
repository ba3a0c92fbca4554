#include "decoders/sondes/rs92_priors.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "decoders/byte_reader.hpp"
#include "decoders/geo/gps_time.hpp"

namespace omnisonde::rs92 {
namespace {

// A known bit outweighs what the noise did to it: this many times the frame's mean |llr|.
constexpr float kStrength = 4;
// Below this agreement with the signal a group is left out (1 = all bits agree, 0 = chance).
constexpr double kLeastAgreement = 0.35;
constexpr unsigned kLongestGap_frames = 90;
// A bit that contradicts with more than this part of the mean |llr| denies its whole group.
constexpr float kDenial = 0.9F;
// ln of the odds by which one frame number must beat all others.
constexpr double kClearLead = 10;
constexpr float kMostRowLlr = 60;

/// Bytes that are expected together.
class Group {
 public:
  void add(std::size_t at, std::uint8_t value, std::uint8_t mask = 0xFF) {
    if (count_ < items_.size()) items_[count_++] = {static_cast<std::uint16_t>(at), value, mask};
  }
  void add(std::size_t at, std::span<const std::uint8_t> values) {
    for (std::size_t i = 0; i < values.size(); ++i) add(at + i, values[i]);
  }
  void add_le(std::size_t at, std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      add(at + i, static_cast<std::uint8_t>(value >> (8 * i) & 0xFFU));
    }
  }

  /// Sum of the soft bits that agree minus those that do not.
  [[nodiscard]] double score(std::span<const float> llr) const {
    double sum = 0;
    each([&](std::size_t bit, bool one) {
      const double value = static_cast<double>(llr[bit]);
      if (std::isfinite(value)) sum += one ? value : -value;
    });
    return sum;
  }

  /// Adds kStrength times `mean` (the frame's mean |llr|) to each bit, unless the signal speaks
  /// against the group: as a whole, or clearly in a single bit. (A wrong guess is
  /// wrong in few bits only, but in those the signal is as clear as elsewhere.)
  /// @returns whether it was added.
  bool apply(std::span<float> llr, float mean) const {
    double total = 0;
    bool denied = false;
    each([&](std::size_t bit, bool one) {
      if (!std::isfinite(llr[bit])) return;
      total += static_cast<double>(std::fabs(llr[bit]));
      denied = denied || (one ? llr[bit] < -kDenial * mean : llr[bit] > kDenial * mean);
    });
    if (denied || (total > 0 && score(llr) < kLeastAgreement * total)) return false;
    each(
        [&](std::size_t bit, bool one) { llr[bit] += one ? kStrength * mean : -kStrength * mean; });
    return true;
  }

 private:
  struct Item {
    std::uint16_t at;
    std::uint8_t value, mask;
  };

  template <typename Visit>
  void each(const Visit& visit) const {
    for (std::size_t i = 0; i < count_; ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        if ((items_[i].mask >> bit & 1U) == 0) continue;
        visit(bit_index(items_[i].at, bit), (items_[i].value >> bit & 1U) != 0);
      }
    }
  }

  std::array<Item, 64> items_;
  std::size_t count_ = 0;
};

float mean_size(std::span<const float> llr) {
  double sum = 0;
  std::size_t count = 0;
  for (const float value : llr) {
    if (!std::isfinite(value) || value == 0) continue;
    sum += static_cast<double>(std::fabs(value));
    ++count;
  }
  return count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 1.0F;
}

/// Adds the high bytes of a number that is known to within +-margin, as far down as it decides
/// them.
void add_high_bytes(Group& group, std::size_t at, std::int64_t value, std::int64_t margin,
                    std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) {
    const std::int64_t below = std::int64_t{1} << (8 * i);
    const std::int64_t rest = ((value % below) + below) % below;
    if (rest < margin || rest + margin >= below) return;
    group.add(at + i, static_cast<std::uint8_t>(value >> (8 * i) & 0xFF));
  }
}

template <std::size_t N>
void keep(std::optional<std::array<std::uint8_t, N>>& payload, std::span<const std::uint8_t> frame,
          const Block& block) {
  payload.reset();
  if (!is_good(frame, block)) return;
  payload.emplace();
  std::ranges::copy(block.of(frame), payload->begin());
}

}  // namespace

std::span<const std::uint8_t> FlightMemory::serial() const {
  if (!configuration_) return {};
  return std::span(*configuration_).subspan(kSerialAt, 8);
}

void FlightMemory::learn(std::span<const std::uint8_t> frame) {
  if (!is_good(frame, kConfiguration)) return;
  const auto name = kConfiguration.of(frame).subspan(kSerialAt, 8);
  if (configuration_ && !std::ranges::equal(name, serial())) *this = {};
  keep(configuration_, frame, kConfiguration);
  keep(measurement_, frame, kMeasurement);
  keep(gps_, frame, kGps);
  keep(auxiliary_, frame, kAuxiliary);
  last_counter_.reset();
}

FlightMemory::Guess FlightMemory::guess(std::span<const float> llr) const {
  ByteReader configuration(*configuration_);
  const unsigned counter = configuration.u16_le(kCounterAt);
  constexpr double kNever = std::numeric_limits<double>::lowest();
  double best = kNever, second = kNever, other_row = kNever;
  std::array<double, kRows> by_row{};
  by_row.fill(kNever);
  Guess out;
  for (unsigned k = 1; k <= kLongestGap_frames; ++k) {
    Group group;
    group.add_le(kConfiguration.at + kCounterAt, counter + k, 2);
    group.add(kConfiguration.at + kRowIndexAt, static_cast<std::uint8_t>((counter + k) % kRows));
    if (gps_) {
      const std::int64_t tow_ms =
          (std::int64_t{ByteReader(*gps_).u32_le(kTowAt)} + 1000 * k) % geo::kWeek_ms;
      group.add_le(kGps.at + kTowAt, static_cast<std::uint32_t>(tow_ms), 4);
    }
    const double score = group.score(llr) / 2;  // ln of a likelihood, but for a constant
    double& row = by_row[(counter + k) % kRows];
    row = std::max(row, score);
    second = std::max(second, std::min(best, score));
    if (score > best) {
      best = score;
      out.step = k;
    }
  }
  for (std::size_t row = 0; row < kRows; ++row) {
    if (row != (counter + out.step) % kRows) other_row = std::max(other_row, by_row[row]);
  }
  out.sure = best - second >= kClearLead;
  out.sure_of_row = best - other_row >= kClearLead;
  return out;
}

void FlightMemory::predict_configuration(std::span<float> llr, unsigned step,
                                         const Calibration& calibration, float mean) const {
  const auto& last = *configuration_;
  const std::size_t at = kConfiguration.at;
  Group identity;
  identity.add(at + 2, std::span(last).subspan(2, 10));
  identity.apply(llr, mean);
  Group state;
  state.add(at + kStateAt, std::span(last).subspan(kStateAt, 3));
  state.apply(llr, mean);
  if (step == 0) return;

  std::array<std::uint8_t, kConfiguration.length> next = last;
  const unsigned counter = ByteReader(last).u16_le(kCounterAt) + step;
  next[0] = static_cast<std::uint8_t>(counter & 0xFFU);
  next[1] = static_cast<std::uint8_t>(counter >> 8U & 0xFFU);
  const std::size_t row = counter % kRows;
  next[kRowIndexAt] = static_cast<std::uint8_t>(row);
  Group count;
  count.add(at, std::span(next).first(2));
  count.add(at + kRowIndexAt, next[kRowIndexAt]);
  count.apply(llr, mean);
  if (!calibration.has_row(row)) {
    for (std::size_t i = 0; i < rows_[row].size(); ++i) {
      llr[bit_index(at + kRowAt + i / 8, static_cast<unsigned>(i % 8))] += rows_[row][i];
    }
    return;
  }
  std::ranges::copy(calibration.row(row), next.begin() + kRowAt);
  Group rest;
  rest.add(at + kRowAt, std::span(next).subspan(kRowAt));
  rest.add(at + next.size(), checksum(next));
  rest.apply(llr, mean);
}

// The highest byte of each count, where the sensor cannot have left it. (Not for the NGP, whose
// counts come scrambled anew in each frame.)
void FlightMemory::predict_measurement(std::span<float> llr, unsigned step, float mean) const {
  if (!measurement_ || step == 0) return;
  ByteReader r(*measurement_);
  for (std::size_t i = 0; i < 8; ++i) {
    constexpr std::int64_t kDrift_counts = 400, kNoise_counts = 2000;
    const std::int64_t count = r.u24_le(3 * i);
    const std::int64_t rest = count % 65'536, margin = kNoise_counts + kDrift_counts * step;
    if (rest < margin || rest + margin > 65'535) continue;
    Group high;
    high.add(kMeasurement.at + 3 * i + 2, static_cast<std::uint8_t>(count >> 16));
    high.apply(llr, mean);
  }
}

void FlightMemory::predict_gps(std::span<float> llr, unsigned step, float mean) const {
  if (!gps_) return;
  const auto& last = *gps_;
  ByteReader r(last);
  Group satellites;
  satellites.add(kGps.at + kPrnsAt, std::span(last).subspan(kPrnsAt, 8));
  for (std::size_t i = 0; i < kSlots; ++i) {
    satellites.add(kGps.at + kStatusAt + i, last[kStatusAt + i], 0x0F);
  }
  const bool same = satellites.apply(llr, mean);
  if (step == 0) return;
  Group time;
  time.add_le(
      kGps.at + kTowAt,
      static_cast<std::uint32_t>((std::int64_t{r.u32_le(kTowAt)} + 1000 * step) % geo::kWeek_ms),
      4);
  time.apply(llr, mean);
  for (std::size_t i = 0; same && i < kSlots; ++i) {
    const std::size_t slot = kSlotsAt + kSlotBytes * i, at = kGps.at + slot;
    Group group;
    if (std::ranges::equal(std::span(last).subspan(slot, kSlotBytes), kEmptySlot)) {
      group.add(at, kEmptySlot);
    } else {
      // The rate tells where the counter will be, to within the satellite's and the sonde's
      // acceleration (10 m/s^2 is 17 counts in the first second).
      const std::int64_t rate = r.u24_le(slot + 4), k = step;
      add_high_bytes(group, at, r.i32_le(slot) + rate * k / 385, 20 + 20 * k * k, 4);
      add_high_bytes(group, at + 4, rate, 14'000 * k, 3);
      group.add(at + 7, last[slot + 7]);
    }
    group.apply(llr, mean);
  }
}

void FlightMemory::add_priors(std::span<float> llr, const Calibration& calibration) const {
  if (!configuration_ || llr.size() != kFrameBits) return;
  const float mean = mean_size(llr);
  const Guess found = guess(llr);
  const unsigned step = found.sure ? found.step : 0;
  Group fixed;
  for (const FixedByte& byte : kFixed) fixed.add(byte.at, byte.value);
  fixed.apply(llr, mean);
  predict_configuration(llr, step, calibration, mean);
  if (calibration.kind() == Kind::kSgp) predict_measurement(llr, step, mean);
  predict_gps(llr, step, mean);
  constexpr std::array<std::uint8_t, kAuxiliary.length> kNoInstrument = {3, 3};
  if (auxiliary_ && *auxiliary_ == kNoInstrument) {
    Group none;
    none.add(kAuxiliary.at, kNoInstrument);
    none.add(kAuxiliary.at + kAuxiliary.length, checksum(kNoInstrument));
    none.apply(llr, mean);
  }
}

void FlightMemory::collect_row(std::span<const float> llr) {
  if (!configuration_ || llr.size() != kFrameBits) return;
  const Guess found = guess(llr);
  Group identity;
  identity.add(kConfiguration.at + 2, std::span(*configuration_).subspan(2, 10));
  const double sum = identity.score(llr);
  if (!found.sure_of_row || sum < kLeastAgreement * 80 * static_cast<double>(mean_size(llr)))
    return;
  const auto counter =
      static_cast<std::uint16_t>(ByteReader(*configuration_).u16_le(kCounterAt) + found.step);
  Soft& row = rows_[counter % kRows];
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float value =
        llr[bit_index(kConfiguration.at + kRowAt + i / 8, static_cast<unsigned>(i % 8))];
    // The same frame, demodulated again, takes the place of the first attempt.
    const float before = last_counter_ == counter ? row[i] - last_row_[i] : row[i];
    const float now = std::isfinite(value) ? std::clamp(value, -kMostRowLlr, kMostRowLlr) : 0.0F;
    last_row_[i] = now;
    row[i] = std::clamp(before + now, -kMostRowLlr, kMostRowLlr);
  }
  last_counter_ = counter;
}

}  // namespace omnisonde::rs92
