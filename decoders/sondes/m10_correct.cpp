#include "decoders/sondes/m10_correct.hpp"

#include <algorithm>
#include <cmath>

#include "decoders/fec/biphase.hpp"

namespace omnisonde::m10 {
namespace {

constexpr float kCertain = 60;       // log odds of the sync's last chip
constexpr std::uint8_t kSteady = 3;  // frames after which an unchanged byte counts as known
constexpr float kAgreement = 0.7F;   // of the signal with what is thought known, 1 = all of it

struct Range {
  std::uint8_t from, to;  // bytes, both included
};

// What may be known. Left out: velocity, position, time, week, satellite count, sensor readings,
// battery, counters, checksum.
constexpr std::array kTrimbleSteady = {Range{0x00, 0x03},    Range{0x1A, 0x1D}, Range{0x1F, 0x1F},
                                       Range{0x22, 0x34},    Range{0x38, 0x3E}, Range{0x41, 0x44},
                                       Range{0x47, 0x47},    Range{0x4A, 0x58}, Range{0x5B, 0x61},
                                       Range{0x63, kLongest}};
constexpr std::array kGtopSteady = {Range{0x00, 0x03}, Range{0x1B, 0x34},    Range{0x38, 0x3E},
                                    Range{0x41, 0x44}, Range{0x47, 0x47},    Range{0x4A, 0x58},
                                    Range{0x5B, 0x61}, Range{0x63, kLongest}};
constexpr std::array kM20Steady = {Range{0x00, 0x01}, Range{0x12, 0x14}, Range{0x2B, 0x37},
                                   Range{0x3D, 0x3D}, Range{0x40, 0x43}};

std::span<const Range> steady_ranges(std::uint8_t length, std::uint8_t type) {
  const auto kind = kind_of(length, type);
  if (kind == Kind::kTrimble) return kTrimbleSteady;
  if (kind == Kind::kGtop) return kGtopSteady;
  if (kind == Kind::kM20) return kM20Steady;
  return {};
}

bool may_be_known(std::span<const Range> ranges, std::size_t byte, std::size_t bytes) {
  if (byte + 2 >= bytes) return false;  // checksum
  return std::ranges::any_of(ranges, [byte](Range r) { return byte >= r.from && byte <= r.to; });
}

float finite(float llr) { return std::isfinite(llr) ? std::clamp(llr, -kCertain, kCertain) : 0; }

bool bit_of(std::span<const std::uint8_t> bytes, std::size_t bit) {
  return (bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0;
}

}  // namespace

void FlightMemory::forget(std::span<const std::uint8_t> frame) {
  *this = {};
  bytes_ = frame.size();
  std::ranges::copy(frame, known_.value.begin());
}

void FlightMemory::learn(std::span<const std::uint8_t> frame) {
  if (frame.size() > kMostBytes || frame.size() < 2) return;
  if (frame.size() != bytes_ || frame[1] != known_.value[1]) return forget(frame);
  const auto ranges = steady_ranges(frame[0], frame[1]);
  for (std::size_t i = 0; i < frame.size(); ++i) {
    const bool same = frame[i] == known_.value[i];
    seen_[i] = same ? static_cast<std::uint8_t>(std::min(seen_[i] + 1, 255)) : std::uint8_t{0};
    known_.value[i] = frame[i];
    known_.is[i] = seen_[i] >= kSteady && may_be_known(ranges, i, bytes_);
  }
  known_.any = std::ranges::find(known_.is, true) != known_.is.end();
}

const FlightMemory::Known& FlightMemory::known(std::size_t bytes) const {
  static const Known kNothing;
  return bytes == bytes_ ? known_ : kNothing;
}

// Each level is seen twice: as the first chip of its bit, and complemented as the last chip of the
// bit before. Between unknown bits nothing else ties the levels together, so that their signs are
// the most probable decision, and a wrong one changes the two bits beside it.
void Corrector::load(std::span<const float> llr, std::size_t bytes) {
  bytes_ = bytes;
  const std::size_t bits = 8 * bytes;
  level_.resize(bits + 1);
  level_[0] = kCertain;  // the sync ends with 0
  for (std::size_t i = 1; i <= bits; ++i) {
    const std::size_t chip = kDataAt + 2 * i;
    level_[i] = (chip < llr.size() && i < bits ? finite(llr[chip]) : 0) - finite(llr[chip - 1]);
  }
  tie_.assign(bits, -1);
}

// The signal may not speak against a byte that is taken as known, nor against all of them.
void Corrector::accept_known(const FlightMemory::Known& known) {
  float with = 0, all = 0;
  for (std::size_t byte = 0; byte < bytes_; ++byte) {
    if (!known.is[byte]) continue;
    float score = 0, most = 0;
    for (std::size_t i = 8 * byte; i < 8 * byte + 8; ++i) {
      const float size = std::min(std::fabs(level_[i]), std::fabs(level_[i + 1]));
      const bool one = (level_[i] > 0) == (level_[i + 1] > 0);
      score += one == bit_of(known.value, i) ? size : -size;
      most += size;
    }
    with += score;
    all += most;
    if (score < 0) continue;
    for (std::size_t i = 8 * byte; i < 8 * byte + 8; ++i) {
      tie_[i] = bit_of(known.value, i) ? std::int8_t{1} : std::int8_t{0};
    }
  }
  if (with < kAgreement * all) std::ranges::fill(tie_, std::int8_t{-1});
}

void Corrector::decide() {
  runs_.clear();
  word_.assign(bytes_, 0);
  const auto put = [this](std::size_t bit) {
    word_[bit / 8] = static_cast<std::uint8_t>(word_[bit / 8] | 0x80U >> (bit % 8));
  };
  bool same_as_first = true, last = false;
  for (std::size_t i = 0; i < level_.size(); ++i) {
    if (i > 0 && tie_[i - 1] >= 0) {
      if (tie_[i - 1] == 0) same_as_first = !same_as_first;
      runs_.back().odds += same_as_first ? level_[i] : -level_[i];
      runs_.back().to = i;
      if (tie_[i - 1] == 1) put(i - 1);
    } else {
      same_as_first = true;
      runs_.push_back({level_[i], i, i});
    }
  }
  for (const Run& run : runs_) {
    const bool high = run.odds > 0;
    if (run.from > 0 && high == last) put(run.from - 1);
    last = high;
    for (std::size_t i = run.from; i < run.to; ++i) last = tie_[i] == 1 ? last : !last;
  }
}

std::uint16_t Corrector::syndrome(std::span<const std::uint8_t> word) const {
  const unsigned received = static_cast<unsigned>(word[bytes_ - 2]) << 8 | word[bytes_ - 1];
  return static_cast<std::uint16_t>(checksum(word.first(bytes_ - 2)) ^ received);
}

void Corrector::find_spots() {
  constexpr std::size_t kKept = 6;
  spots_.clear();
  for (const Run& run : runs_) {
    if (run.from == 0) continue;  // held by the sync
    fec::WeakSpot spot;
    spot.cost = std::fabs(run.odds);
    const auto flip = [](std::size_t bit) {
      return fec::WeakSpot::Flip{bit / 8, static_cast<std::uint8_t>(0x80U >> (bit % 8))};
    };
    spot.flips[0] = flip(run.from - 1);
    if (run.to < 8 * bytes_) spot.flips[1] = flip(run.to);
    spots_.push_back(spot);
  }
  const std::size_t kept = std::min(kKept, spots_.size());
  std::partial_sort(spots_.begin(), spots_.begin() + static_cast<std::ptrdiff_t>(kept),
                    spots_.end(), [](const auto& a, const auto& b) { return a.cost < b.cost; });
  spots_.resize(kept);
  for (fec::WeakSpot& spot : spots_) {
    unit_.assign(bytes_, 0);
    for (const auto& flip : spot.flips) unit_[flip.byte] ^= flip.mask;
    spot.syndrome = syndrome(unit_);
  }
}

bool Corrector::check(std::size_t most_flips) {
  ledger_.begin(word_);
  const std::uint16_t wrong = syndrome(word_);
  if (wrong == 0) return true;
  if (most_flips == 0) return false;
  find_spots();
  return fec::flip_weakest(word_, spots_, wrong, most_flips, ledger_);
}

void Corrector::finish(std::span<const float> llr, Frame& out) const {
  out.bytes = word_;
  out.byte_ok.clear();
  out.reliability.assign(bytes_, kCertain);
  std::vector<std::uint8_t> bits(8 * bytes_);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = bit_of(word_, i) ? 1 : 0;
  const auto chips = fec::biphase_encode(bits, fec::Biphase::kMark, 0);
  out.bits_corrected = 0;
  for (std::size_t i = 0; i < chips.size(); ++i) {
    if ((llr[kDataAt + i] > 0) != (chips[i] != 0)) ++out.bits_corrected;
  }
  for (const Run& run : runs_) {
    const float size = std::fabs(run.odds);
    const auto weaken = [&](std::size_t bit) {
      out.reliability[bit / 8] = std::min(out.reliability[bit / 8], size);
    };
    if (run.from > 0) weaken(run.from - 1);
    if (run.to < 8 * bytes_) weaken(run.to);
  }
}

bool Corrector::run(std::span<const float> llr, std::size_t bytes, Effort effort,
                    const FlightMemory& memory, Frame& out) {
  constexpr std::size_t kFlips = 3, kFlipsBeforePriors = 1;
  if (bytes < 4 || bytes > kMostBytes || llr.size() < frame_chips(bytes)) return false;
  const FlightMemory::Known& known = memory.known(bytes);
  load(llr, bytes);
  decide();
  // Flips spend the budget that known content makes better use of.
  const std::size_t flips = effort == Effort::kHard ? 0 : known.any ? kFlipsBeforePriors : kFlips;
  bool good = check(flips);
  if (!good && effort >= Effort::kPriors && known.any) {
    accept_known(known);
    decide();
    good = check(kFlips);
  }
  if (!good) return false;
  ledger_.clear();
  out.effort = effort;
  finish(llr, out);
  return true;
}

}  // namespace omnisonde::m10
