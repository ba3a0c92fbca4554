#include "decoders/sondes/rs41_priors.hpp"

#include <algorithm>
#include <cmath>

#include "decoders/byte_reader.hpp"
#include "decoders/fec/crc.hpp"
#include "decoders/sondes/rs41_guess.hpp"

namespace omnisonde::rs41 {
namespace {

// A known bit outweighs what the noise did to it: this many times the frame's mean |llr|.
constexpr float kStrength = 4;

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
