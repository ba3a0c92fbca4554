#include "decoders/sondes/rs41_priors.hpp"

#include <algorithm>
#include <cmath>

#include "decoders/byte_reader.hpp"
#include "decoders/fec/crc.hpp"

namespace omnisonde::rs41 {
namespace {

// A known bit outweighs what the noise did to it: this many times the frame's mean |llr|.
constexpr float kStrength = 4;
// Below this agreement with the signal a group is left out (1 = all bits agree, 0 = chance).
constexpr double kLeastAgreement = 0.35;
// Guesses of the frame number that are less likely than the best by this much (natural logarithm)
// are out; the best must itself beat "none of them" by that.
constexpr double kLead = 8;
constexpr unsigned kLongestGap_frames = 120;

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

float mean_size(std::span<const float> llr) {
  double sum = 0;
  std::size_t count = 0;
  for (const float value : llr) {
    if (!std::isfinite(value) || value == 0) continue;
    sum += std::fabs(static_cast<double>(value));
    ++count;
  }
  return count > 0 ? static_cast<float>(sum / static_cast<double>(count)) : 1.0F;
}

void put_u16(Group& group, std::size_t at, unsigned value) {
  group.add(at, static_cast<std::uint8_t>(value & 0xFFU));
  group.add(at + 1, static_cast<std::uint8_t>(value >> 8 & 0xFFU));
}

/// Where each payload starts; 0 for a block that the layout has not.
struct Places {
  std::size_t status = 0, measurement = 0, gps_info = 0, gps_raw = 0, position = 0;
};

Places places_of(const Layout& layout, std::size_t frame_bytes) {
  Places places;
  std::size_t at = kBlocksAt + 2;
  for (std::size_t i = 0; i < layout.count; ++i) {
    const auto [kind, length] = layout.entries[i];
    if (at + length + 2U > frame_bytes) break;
    if (kind == kStatus && length >= 40) places.status = at;
    if (kind == kMeasurement && length >= 42) places.measurement = at;
    if (kind == kGpsInfo && length >= 30) places.gps_info = at;
    if (kind == kGpsRaw && length >= 89) places.gps_raw = at;
    if (kind == kPosition && length >= 21) places.position = at;
    at += length + 4U;
  }
  return places;
}

/// Kinds and lengths, and the padding with its checksum.
void apply_layout(const Layout& layout, std::span<float> llr, float strength) {
  Group headers;
  headers.add(kTypeAt, llr.size() == 8 * kExtendedBytes ? kExtendedType : kNormalType);
  std::size_t at = kBlocksAt;
  for (std::size_t i = 0; i < layout.count; ++i) {
    const auto [kind, length] = layout.entries[i];
    headers.add(at, kind);
    headers.add(at + 1, length);
    if (kind == kPadding) {
      static constexpr std::array<std::uint8_t, 256> kZeros{};
      const auto zeros = std::span(kZeros).first(length);
      Group padding;
      padding.add(at + 2, zeros);
      put_u16(padding, at + 2 + length, fec::crc16_ccitt_false(zeros));
      padding.apply(llr, strength);
    }
    at += 4U + length;
  }
  headers.apply(llr, strength);
}

/// Satellites stay for minutes; empty slots are zero in both GPS blocks.
void apply_satellites(std::span<const std::uint8_t> gps_info, const Places& places,
                      std::span<float> llr, float strength) {
  Group week;
  week.add(places.gps_info, gps_info.first(2));
  week.apply(llr, strength);
  Group numbers;
  Group empty;
  for (std::size_t slot = 0; slot < 12; ++slot) {
    const std::uint8_t number = gps_info[6 + 2 * slot];
    const std::uint8_t quality = gps_info[7 + 2 * slot];
    numbers.add(places.gps_info + 6 + 2 * slot, number);
    if ((number != 0 && number != 0xFF) || quality != 0) continue;
    empty.add(places.gps_info + 7 + 2 * slot, 0);
    if (places.gps_raw == 0) continue;
    for (std::size_t i = 0; i < 7; ++i) empty.add(places.gps_raw + 5 + 7 * slot + i, 0);
  }
  numbers.apply(llr, strength);
  empty.apply(llr, strength);
}

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

// Number 2, row index 1, row 16, time of week 4.
constexpr std::size_t kRowAt = 3, kTowAt = 19, kGuessBytes = 23;

struct Guess {
  std::array<std::uint8_t, kGuessBytes> value{};
  std::array<std::uint8_t, kGuessBytes> mask{};
  void put(std::size_t at, std::span<const std::uint8_t> bytes) {
    std::ranges::copy(bytes, value.begin() + static_cast<std::ptrdiff_t>(at));
    std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), std::uint8_t{0xFF});
  }
};

std::size_t guess_position(std::size_t i, const Places& places) {
  if (i < 2) return places.status + i;
  return i < kTowAt ? places.status + 21 + i : places.gps_info + 2 + (i - kTowAt);
}

Guess make_guess(unsigned frames, const GuessInputs& in) {
  const auto number = static_cast<std::uint16_t>(ByteReader(in.status).u16_le(0) + frames);
  const bool encrypted = in.status[15] >= 3;  // then only the run-time row is ever sent
  const unsigned row = encrypted ? unsigned{kRuntimeRow} : subframe_of(number);
  Guess guess;
  guess.put(0, std::array{static_cast<std::uint8_t>(number & 0xFFU),
                          static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(row)});
  if (row != kRuntimeRow && in.calibration.has_row(row)) guess.put(kRowAt, in.calibration.row(row));
  if (in.places.gps_info != 0 && in.gps_info) {
    const std::uint32_t tow_ms = ByteReader(*in.gps_info).u32_le(2) + 1000U * frames;
    for (std::size_t i = 0; i < 4; ++i) {
      guess.put(kTowAt + i, std::array{static_cast<std::uint8_t>(tow_ms >> (8 * i) & 0xFFU)});
    }
  }
  return guess;
}

// Each guess says what number, row index, row and time the frame holds. ln P(signal | guess) minus
// ln P(signal | nothing known) adds up over the bits, so guesses that know more or less compare
// fairly.
FrameGuess guess_frame(std::span<const float> llr, const GuessInputs& in) {
  std::array<std::array<double, 2>, 8 * kGuessBytes> gain{};
  const double scale = 3 / in.mean_llr;  // the demodulator's own scale is not trusted
  for (std::size_t i = 0; i < kGuessBytes; ++i) {
    const std::size_t at = guess_position(i, in.places);
    for (unsigned bit = 0; bit < 8; ++bit) {
      double value = static_cast<double>(llr[8 * at + bit]) * scale;
      if (!std::isfinite(value)) value = 0;
      if ((kMask[at % kMask.size()] >> bit & 1U) != 0) value = -value;
      gain[8 * i + bit] = {std::log(2 / (1 + std::exp(value))),
                           std::log(2 / (1 + std::exp(-value)))};
    }
  }
  const auto sum = [&gain](const Guess& guess, std::size_t first, std::size_t last) {
    double total = 0;
    for (std::size_t bit = 8 * first; bit < 8 * last; ++bit) {
      if ((guess.mask[bit / 8] >> (bit % 8) & 1U) == 0) continue;
      total += gain[bit][guess.value[bit / 8] >> (bit % 8) & 1U];
    }
    return total;
  };
  // Rows are alike (zeros, text): a row that is not known yet may be as fitting as any that is.
  double best_row = 0;
  for (std::size_t row = 0; row < kRuntimeRow; ++row) {
    if (!in.calibration.has_row(row)) continue;
    Guess guess;
    guess.put(kRowAt, in.calibration.row(row));
    best_row = std::max(best_row, sum(guess, kRowAt, kTowAt));
  }
  std::array<double, kLongestGap_frames + 1> score{};
  for (unsigned frames = 1; frames <= kLongestGap_frames; ++frames) {
    const Guess guess = make_guess(frames, in);
    score[frames] = sum(guess, 0, kRowAt) + sum(guess, kTowAt, kGuessBytes) +
                    (guess.mask[kRowAt] != 0 ? sum(guess, kRowAt, kTowAt) : best_row);
  }
  const auto best = std::max_element(score.begin() + 1, score.end());
  FrameGuess out;
  if (*best < kLead + std::log(static_cast<double>(kLongestGap_frames))) return out;
  out.frames = static_cast<unsigned>(best - score.begin());
  Guess agreed = make_guess(out.frames, in);
  for (unsigned frames = 1; frames <= kLongestGap_frames; ++frames) {
    if (score[frames] < *best - kLead) continue;
    const Guess other = make_guess(frames, in);
    for (std::size_t i = 0; i < kGuessBytes; ++i) {
      agreed.mask[i] &=
          static_cast<std::uint8_t>(other.mask[i] & ~(agreed.value[i] ^ other.value[i]));
    }
    const unsigned apart = frames > out.frames ? frames - out.frames : out.frames - frames;
    out.spread = std::max(out.spread, apart);
  }
  for (std::size_t i = 0; i < kGuessBytes; ++i) {
    if (agreed.mask[i] == 0) continue;
    out.known.add(guess_position(i, in.places), agreed.value[i], agreed.mask[i]);
  }
  return out;
}

/// The upper halves of the coordinates (steps of 655 m), where the flight cannot have left them.
void apply_position(std::span<const std::uint8_t> position, const FrameGuess& guess, std::size_t at,
                    std::span<float> llr, float strength) {
  constexpr std::int64_t kStep_cm = 65'536;
  constexpr std::int64_t kDrift_cm = 1000;  // per second: wind shear, swing of the payload
  constexpr std::int64_t kFastest_cm = 10'000;
  ByteReader reader(position);
  const std::int64_t margin_cm = kDrift_cm * guess.frames + kFastest_cm * guess.spread;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t now_cm = std::int64_t{reader.i32_le(4 * axis)} +
                                std::int64_t{reader.i16_le(12 + 2 * axis)} * guess.frames;
    const std::int64_t low = (now_cm % kStep_cm + kStep_cm) % kStep_cm;
    if (low < margin_cm || low > kStep_cm - margin_cm) continue;
    Group half;
    put_u16(half, at + 4 * axis + 2, static_cast<unsigned>(((now_cm - low) / kStep_cm) & 0xFFFF));
    half.apply(llr, strength);
  }
}

}  // namespace

void FlightMemory::keep(Payload& payload, std::span<const std::uint8_t> frame, const Block* block) {
  if (block == nullptr) return;
  std::array<std::uint8_t, 96> bytes{};
  std::ranges::copy(frame.subspan(block->at, std::min<std::size_t>(block->length, bytes.size())),
                    bytes.begin());
  payload = bytes;
}

void FlightMemory::learn(std::span<const std::uint8_t> frame, const BlockList& blocks) {
  const Block* status = blocks.good(kStatus, 40);
  if (status == nullptr) return;
  const auto serial = frame.subspan(status->at + 2, 8);
  if (status_ && !std::ranges::equal(serial, std::span(*status_).subspan(2, 8))) *this = {};
  keep(status_, frame, status);
  // Kept only from the same frame as the status, or their age would be unknown.
  measurement_.reset();
  gps_info_.reset();
  position_.reset();
  keep(measurement_, frame, blocks.good(kMeasurement, 42));
  keep(gps_info_, frame, blocks.good(kGpsInfo, 30));
  keep(position_, frame, blocks.good(kPosition, 21));
  const bool whole =
      blocks.complete && std::ranges::all_of(blocks.all(), [](const Block& b) { return b.crc_ok; });
  if (whole) layouts_[frame.size() == kExtendedBytes ? 1 : 0] = layout_of(blocks);
}

FlightHint FlightMemory::hint(std::size_t frame_bytes) const {
  FlightHint hint;
  if (layout(frame_bytes).count > 0) hint.layout = &layout(frame_bytes);
  if (status_) hint.serial = std::span(*status_).subspan(2, 8);
  return hint;
}

void FlightMemory::add_priors(std::span<float> llr, const Calibration& calibration) const {
  const std::size_t frame_bytes = llr.size() / 8;
  if (!status_ || layout(frame_bytes).count == 0) return;
  const float mean = mean_size(llr);
  const float strength = kStrength * mean;
  const Places places = places_of(layout(frame_bytes), frame_bytes);
  apply_layout(layout(frame_bytes), llr, strength);
  if (places.status == 0) return;

  Group identity;
  identity.add(places.status + 2, std::span(*status_).subspan(2, 8));
  identity.apply(llr, strength);
  Group steady;  // flags, crypto mode, errors, power, highest subframe
  for (const std::size_t i : {11, 12, 13, 14, 15, 17, 18, 21, 22}) {
    steady.add(places.status + i, (*status_)[i]);
  }
  steady.apply(llr, strength);
  if (places.measurement != 0 && measurement_ &&
      std::all_of(measurement_->begin() + 27, measurement_->begin() + 42,
                  [](std::uint8_t b) { return b == 0; })) {
    Group no_pressure;
    for (std::size_t i = 27; i < 42; ++i) no_pressure.add(places.measurement + i, 0);
    no_pressure.apply(llr, strength);
  }
  if (places.gps_info != 0 && gps_info_) apply_satellites(*gps_info_, places, llr, strength);

  const FrameGuess guess =
      guess_frame(llr, {*status_, gps_info_, places, calibration, static_cast<double>(mean)});
  guess.known.apply(llr, strength);
  if (guess.frames > 0 && places.position != 0 && position_) {
    apply_position(*position_, guess, places.position, llr, strength);
  }
}

}  // namespace omnisonde::rs41
