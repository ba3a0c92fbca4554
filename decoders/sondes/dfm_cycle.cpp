#include "decoders/sondes/dfm_cycle.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "decoders/byte_reader.hpp"
#include "decoders/sondes/dfm_frame.hpp"

namespace omnisonde::dfm {
namespace {

// Frame starts are known to a fraction of a symbol (0.4 ms) and are given in whole ms.
constexpr std::int64_t kSameCycleMs = 4;
constexpr std::size_t kMaxOpen = 4;
// A block whose number is more doubtful than this is not sorted in at all.
constexpr double kMaxNumberDoubt = 0.02;
// Satellite counts and XDATA are nice to have: given only when this good.
constexpr double kMaxSideDoubt = 1e-3;
constexpr std::int64_t kUnixOfGpsEpoch = 315'964'800;
constexpr std::size_t kNumberNibble = 12;

std::optional<DatBlock> read_block(const Frame& frame, std::size_t first, std::uint8_t& number) {
  DatBlock block;
  block.present = true;
  for (std::size_t i = 0; i < kDatNibbles; ++i)
    block.doubt[i] = doubt_of(frame.reliability[first + i]);
  if (block.doubt[kNumberNibble] > kMaxNumberDoubt) return std::nullopt;
  number = frame.bytes[first + kNumberNibble] & 0xFU;
  if (number >= kCycleBlocks) return std::nullopt;  // 15: padding
  for (std::size_t i = 0; i < block.bytes.size(); ++i) {
    block.bytes[i] = static_cast<std::uint8_t>((frame.bytes[first + 2 * i] & 0xFU) << 4U |
                                               (frame.bytes[first + 2 * i + 1] & 0xFU));
  }
  return block;
}

ConfWord read_conf(const Frame& frame, std::int64_t received_ms) {
  ConfWord word;
  word.channel = frame.bytes[0] & 0xFU;
  word.doubt = doubt_of(frame.reliability[0]);
  word.received_ms = received_ms;
  for (std::size_t i = 1; i < kConfNibbles; ++i) {
    word.value = word.value << 4U | (frame.bytes[i] & 0xFU);
    word.doubt += doubt_of(frame.reliability[i]);
  }
  return word;
}

double doubt(const DatBlock& block, std::size_t first_byte, std::size_t bytes) {
  double sum = block.doubt[kNumberNibble];
  for (std::size_t i = 2 * first_byte; i < 2 * (first_byte + bytes); ++i) sum += block.doubt[i];
  return sum;
}

// Classic, repeated position, XDATA. Other values count as classic, as in other receivers.
enum class Layout { kClassic, kRepeated, kXdata };

Layout layout_of(const DatBlock& block0) {
  if (block0.bytes[2] == 3) return Layout::kRepeated;
  if (block0.bytes[2] == 4) return Layout::kXdata;
  return Layout::kClassic;
}

bool have(const Cycle& cycle, std::initializer_list<std::size_t> numbers) {
  return std::ranges::all_of(numbers, [&](std::size_t n) { return cycle.blocks[n].present; });
}

// The minute that block 8 names, without seconds.
std::optional<UtcMillis> minute_of(const DatBlock& block8) {
  ByteReader reader(block8.bytes);
  const std::uint32_t bits = reader.u32_be(0);
  CivilTime time;
  time.year = static_cast<int>(bits >> 20U);
  time.month = static_cast<int>(bits >> 16U & 0xFU);
  time.day = static_cast<int>(bits >> 11U & 0x1FU);
  time.hour = static_cast<int>(bits >> 6U & 0x1FU);
  time.minute = static_cast<int>(bits & 0x3FU);
  if (time.month < 1 || time.month > 12 || time.day < 1 || time.hour > 23 || time.minute > 59) {
    return std::nullopt;
  }
  const UtcMillis utc = from_civil(time);
  if (to_civil(utc).day != time.day) return std::nullopt;  // 31 April
  return utc;
}

// The time nearest to what the hint foretells that has these milliseconds of the minute.
UtcMillis infer_time(const TimeHint& hint, std::int64_t start_ms, std::int64_t ms_of_minute) {
  constexpr std::int64_t kMinute = 60'000;
  const std::int64_t expected = hint.utc.ms + (start_ms - hint.start_ms);
  const std::int64_t past = (expected - ms_of_minute) % kMinute;
  const std::int64_t floor_ms = expected - (past < 0 ? past + kMinute : past);
  return {expected - floor_ms > kMinute / 2 ? floor_ms + kMinute : floor_ms};
}

struct Place {
  std::size_t block, byte;
};

// Reads fields at (block, byte) and adds up how doubtful they are.
class CycleReader {
 public:
  explicit CycleReader(const Cycle& cycle) : cycle_(cycle) {}

  std::int32_t i32(Place at) {
    doubt_ += doubt(cycle_.blocks[at.block], at.byte, 4);
    return ByteReader(cycle_.blocks[at.block].bytes).i32_be(at.byte);
  }
  std::uint16_t u16(Place at) {
    doubt_ += doubt(cycle_.blocks[at.block], at.byte, 2);
    return ByteReader(cycle_.blocks[at.block].bytes).u16_be(at.byte);
  }
  std::int16_t i16(Place at) { return static_cast<std::int16_t>(u16(at)); }
  [[nodiscard]] double sum() const { return doubt_; }

 private:
  const Cycle& cycle_;
  double doubt_ = 0;
};

struct FixPlaces {
  Place latitude, longitude, altitude, speed, heading, climb;
};

std::optional<Fix> read_places(const Cycle& cycle, const FixPlaces& at) {
  for (const Place& place :
       {at.latitude, at.longitude, at.altitude, at.speed, at.heading, at.climb}) {
    if (!cycle.blocks[place.block].present) return std::nullopt;
  }
  CycleReader reader(cycle);
  Fix fix;
  fix.position.latitude_deg = reader.i32(at.latitude) * 1e-7;
  fix.position.longitude_deg = reader.i32(at.longitude) * 1e-7;
  fix.position.altitude_m = reader.i32(at.altitude) * 0.01;
  fix.speed_mps = static_cast<float>(reader.u16(at.speed)) * 0.01F;
  fix.heading_deg = static_cast<float>(reader.u16(at.heading)) * 0.01F;
  fix.climb_mps = static_cast<float>(reader.i16(at.climb)) * 0.01F;
  fix.doubt = reader.sum();
  return fix;
}

// Mode 3 sends blocks 1..3 again as 5..7, with the speed in 5. Takes the better copy of each.
FixPlaces repeated_places(const Cycle& cycle) {
  const auto better = [&](Place first, Place again, std::size_t bytes) {
    const DatBlock& a = cycle.blocks[first.block];
    const DatBlock& b = cycle.blocks[again.block];
    if (!a.present) return again;
    return b.present && doubt(b, again.byte, bytes) < doubt(a, first.byte, bytes) ? again : first;
  };
  return {better({1, 0}, {5, 0}, 4), better({2, 0}, {6, 0}, 4), better({3, 0}, {7, 0}, 4),
          better({0, 4}, {5, 4}, 2), better({1, 4}, {6, 4}, 2), better({2, 4}, {7, 4}, 2)};
}

std::string read_xdata(const Cycle& cycle) {
  if (!have(cycle, {3, 4, 5, 6, 7})) return {};
  double sum = doubt(cycle.blocks[3], 4, 2);
  for (std::size_t n = 4; n <= 7; ++n) sum += doubt(cycle.blocks[n], 0, 6);
  if (sum > kMaxSideDoubt || cycle.blocks[3].bytes[4] == 0) return {};
  std::string hex;
  for (std::size_t n = 3; n <= 7; ++n) {
    for (std::size_t i = n == 3 ? 4 : 0; i < 6; ++i) {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      hex += kDigits[cycle.blocks[n].bytes[i] >> 4U];
      hex += kDigits[cycle.blocks[n].bytes[i] & 0xFU];
    }
  }
  return hex;
}

std::optional<int> read_satellites(const Cycle& cycle, Layout layout) {
  const DatBlock& block8 = cycle.blocks[8];
  const bool count_known = block8.present && doubt(block8, 4, 1) <= kMaxSideDoubt;
  if (count_known && (block8.bytes[4] != 0 || layout != Layout::kClassic)) return block8.bytes[4];
  // A DFM-06 sends no count; and block 8 may be lost.
  const DatBlock& block1 = cycle.blocks[1];
  if (layout != Layout::kClassic || !block1.present || doubt(block1, 0, 4) > kMaxSideDoubt)
    return {};
  return std::popcount(ByteReader(block1.bytes).u32_be(0));
}

}  // namespace

void CycleAssembler::add(const Frame& frame, std::int64_t received_ms) {
  if (frame.bytes.size() != kFrameNibbles || frame.reliability.size() != kFrameNibbles) return;
  ConfWord conf = read_conf(frame, received_ms);
  std::optional<std::int64_t> owner;  // by its start: opening a cycle may move the others
  for (std::int64_t which = 0; which < 2; ++which) {
    std::uint8_t number = 0;
    const auto block =
        read_block(frame, kBlocks[static_cast<std::size_t>(which) + 1].first_nibble, number);
    if (!block) continue;
    const std::int64_t start_ms = received_ms + kBlockMs * (which - number);
    cycle_at(start_ms, frame.inverted).blocks[number] = *block;
    if (!owner || number == 0) {  // between two cycles, the one whose counter came along
      owner = start_ms;
      conf.blocks = 0;
    }
    if (*owner == start_ms) conf.blocks = static_cast<std::uint16_t>(conf.blocks | 1U << number);
  }
  if (!owner) return;
  Cycle& cycle = cycle_at(*owner, frame.inverted);
  if (cycle.conf_count < cycle.conf.size()) cycle.conf[cycle.conf_count++] = conf;
}

Cycle& CycleAssembler::cycle_at(std::int64_t start_ms, bool inverted) {
  for (Cycle& cycle : open_) {
    if (std::abs(cycle.start_ms - start_ms) <= kSameCycleMs && cycle.inverted == inverted)
      return cycle;
  }
  open_.reserve(kMaxOpen);
  if (open_.size() == kMaxOpen) open_.erase(open_.begin());
  Cycle& fresh = open_.emplace_back();
  fresh.start_ms = start_ms;
  fresh.inverted = inverted;
  return fresh;
}

std::optional<Cycle> CycleAssembler::take_finished(std::int64_t received_ms) {
  const auto last_slot = static_cast<std::int64_t>(kCycleBlocks - 1) * kBlockMs;
  const std::int64_t limit = received_ms + kBlockMs + kSameCycleMs - last_slot;
  const auto oldest = std::ranges::min_element(open_, {}, &Cycle::start_ms);
  if (oldest == open_.end() || oldest->start_ms > limit) return std::nullopt;
  const Cycle done = *oldest;
  open_.erase(oldest);
  return done;
}

std::uint32_t Clock::frame_number() const {
  const std::int64_t ms = utc ? utc->ms : 0;
  return static_cast<std::uint32_t>((ms + 500) / 1000 - kUnixOfGpsEpoch);
}

std::optional<Clock> read_clock(const Cycle& cycle, const std::optional<TimeHint>& hint) {
  if (!cycle.blocks[0].present) return std::nullopt;
  const Place ms_place = layout_of(cycle.blocks[0]) == Layout::kClassic ? Place{1, 4} : Place{0, 0};
  const DatBlock& block8 = cycle.blocks[8];
  if (!cycle.blocks[ms_place.block].present || (!block8.present && !hint)) return std::nullopt;
  CycleReader reader(cycle);
  Clock clock;
  const std::int64_t ms_of_minute = reader.u16(ms_place);
  clock.counter = cycle.blocks[0].bytes[3];
  clock.doubt = reader.sum() + doubt(cycle.blocks[0], 2, 2);
  // A doubtful block 8 is as good as none if the minute is known otherwise.
  clock.minute_inferred = !block8.present || (hint && doubt(block8, 0, 4) > kMaxSideDoubt);
  if (ms_of_minute >= 60'000) return clock;
  if (clock.minute_inferred) {
    clock.utc = infer_time(*hint, cycle.start_ms, ms_of_minute);
  } else {
    clock.doubt += doubt(block8, 0, 4);
    const std::optional<UtcMillis> minute = minute_of(block8);
    if (minute) clock.utc = UtcMillis{minute->ms + ms_of_minute};
  }
  return clock;
}

bool vouched(const Cycle& cycle, const ConfWord& word) {
  const unsigned telling = layout_of(cycle.blocks[0]) == Layout::kClassic ? 0b11101U : 0b01111U;
  return (word.blocks & telling) != 0;
}

std::optional<Fix> read_fix(const Cycle& cycle) {
  if (!cycle.blocks[0].present) return std::nullopt;
  const Layout layout = layout_of(cycle.blocks[0]);
  constexpr FixPlaces kClassicPlaces = {{2, 0}, {3, 0}, {4, 0}, {2, 4}, {3, 4}, {4, 4}};
  constexpr FixPlaces kNewPlaces = {{1, 0}, {2, 0}, {3, 0}, {0, 4}, {1, 4}, {2, 4}};
  const FixPlaces places = layout == Layout::kClassic    ? kClassicPlaces
                           : layout == Layout::kRepeated ? repeated_places(cycle)
                                                         : kNewPlaces;
  std::optional<Fix> fix = read_places(cycle, places);
  if (!fix) return std::nullopt;
  fix->doubt += doubt(cycle.blocks[0], 2, 1);
  fix->satellites = read_satellites(cycle, layout);
  if (layout != Layout::kClassic) fix->height_reference = HeightReference::kMeanSeaLevel;
  if (layout == Layout::kXdata) fix->xdata = read_xdata(cycle);
  return fix;
}

}  // namespace omnisonde::dfm
