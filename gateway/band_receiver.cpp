#include "gateway/band_receiver.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace omnisonde {
namespace {

constexpr double kSlotRate_hz = 48'000;
constexpr std::uint64_t kProcessEvery = 5;  // blocks: slots look at their samples every 20 ms
constexpr double kQuickExcess_db = 2.5;     // for the 100 ms average, which scatters more
constexpr double kProbeTime_s = 12;         // three bursts of the slowest type, and then some
constexpr double kHoldTime_s = 30;
constexpr double kFixedHoldTime_s = 120;
constexpr double kFollow_hz = 300;  // carrier error at which the slice is moved
constexpr double kFixedReach_hz = 5400;
constexpr double kNarrowStream_hz =
    60'000;  // a stream this narrow is one channel: always listened to

// Two sondes are at least 10 kHz apart; what is nearer to a tracked carrier is its own.
constexpr double kOwnTracked_hz = 4500, kOwnProbed_hz = 2500, kDuplicate_hz = 1500;

}  // namespace

BandReceiver::BandReceiver(BandPlan plan)
    : plan_(std::move(plan)),
      band_(plan_.sample_rate_hz),
      slicer_(kSlotRate_hz),
      spectrum_(band_.bins()),
      floor_(band_.bins()) {
  open_fixed();
}

void BandReceiver::open_fixed() {
  const double half = plan_.sample_rate_hz / 2;
  for (const FixedChannel& channel : plan_.fixed) {
    if (std::abs(channel.frequency_hz - plan_.centre_hz) > half) continue;
    SlotPlan slot{.centre_hz = channel.frequency_hz,
                  .reach_hz = kFixedReach_hz,
                  .fixed = true,
                  .types = plan_.types};
    if (channel.type != nullptr) slot.types = {channel.type};
    open_slot(std::move(slot));
  }
  if (plan_.search && plan_.fixed.empty() && plan_.sample_rate_hz <= kNarrowStream_hz) {
    open_slot({.centre_hz = plan_.centre_hz,
               .reach_hz = kFixedReach_hz,
               .fixed = true,
               .types = plan_.types});
  }
}

void BandReceiver::open_slot(SlotPlan plan) {
  Active active;
  active.centre_bin =
      static_cast<int>(std::lround((plan.centre_hz - plan_.centre_hz) / dsp::kBinHz));
  // The slice lies on the grid; the rest of the offset is the demodulator's to find.
  plan.centre_hz = plan_.centre_hz + active.centre_bin * dsp::kBinHz;
  plan.id = next_id_++;
  plan.rate_hz = kSlotRate_hz;
  active.slot = std::make_unique<Slot>(std::move(plan));
  slots_.push_back(std::move(active));
}

void BandReceiver::close_slot(std::size_t index) {
  const Slot& slot = *slots_[index].slot;
  for (const Slot::TypeCounts& c : slot.counts()) {
    if (c.counts.syncs + c.counts.good + c.counts.bad > 0)
      stats_.add(slot.carrier_hz(), c.spec->type, c.counts);
  }
  closed_.push_back(slot.id());
  slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::span<const float> BandReceiver::weights(double bandwidth_hz) {
  const int key = static_cast<int>(std::lround(bandwidth_hz / 100));
  auto [entry, is_new] = weights_.try_emplace(key);
  if (is_new) entry->second = dsp::slice_weights(slicer_.bins(), bandwidth_hz, band_.bins());
  return entry->second;
}

void BandReceiver::process(const dsp::IqBlock& block, std::vector<SlotRecord>& out) {
  next_index_ = block.first_index + block.samples.size();
  band_.process(block);
  if (spectrum_.add(band_) && plan_.search) look_for_candidates();
  run_slots(block, out);
  ++blocks_;
}

void BandReceiver::run_slots(const dsp::IqBlock& block, std::vector<SlotRecord>& out) {
  const auto first = static_cast<std::int64_t>(
      std::llround(static_cast<double>(block.first_index) / plan_.sample_rate_hz * kSlotRate_hz));
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Active& active = slots_[i];
    active.slot->push(slicer_.slice(band_, active.centre_bin, weights(active.slot->bandwidth_hz())),
                      first);
    if ((blocks_ + active.slot->id()) % kProcessEvery == 0) collect(active, out);
  }
  review_slots();
}

void BandReceiver::collect(Active& active, std::vector<SlotRecord>& out) {
  Slot& slot = *active.slot;
  const bool was_probing = slot.state() == SlotState::kProbing;
  const StreamClock clock{.rate_hz = kSlotRate_hz,
                          .first_s = -dsp::kSliceLag_s,
                          .start = start_.value_or(UtcMillis{}),
                          .has_wall_clock = start_.has_value()};
  frames_.clear();
  slot.process(clock, frames_);
  if (was_probing && slot.state() != SlotState::kProbing) spurs_.forget(slot.carrier_hz());
  if (!duplicate(slot)) {
    for (GoodFrame& frame : frames_) {
      if (frame.telemetry) out.push_back({slot.id(), std::move(*frame.telemetry)});
    }
  }
  follow_carrier(active);
}

void BandReceiver::follow_carrier(Active& active) const {
  if (active.slot->state() != SlotState::kTracking) return;
  const double error = active.slot->carrier_hz() - active.slot->centre_hz();
  if (std::abs(error) < kFollow_hz) return;
  const int steps = static_cast<int>(std::lround(error / dsp::kBinHz));
  active.centre_bin += steps;
  active.slot->recentre(steps * dsp::kBinHz);
}

// Another slot, opened earlier, has the same type on the same carrier.
bool BandReceiver::duplicate(const Slot& slot) const {
  if (slot.state() == SlotState::kProbing) return false;
  return std::ranges::any_of(slots_, [&](const Active& other) {
    return other.slot->id() < slot.id() && other.slot->state() == SlotState::kTracking &&
           other.slot->type() == slot.type() &&
           std::abs(other.slot->carrier_hz() - slot.carrier_hz()) < kDuplicate_hz;
  });
}

void BandReceiver::review_slots() {
  for (std::size_t i = 0; i < slots_.size();) {
    const Slot& slot = *slots_[i].slot;
    const bool probing = slot.state() == SlotState::kProbing;
    bool close = duplicate(slot);
    if (probing && !slot.fixed()) {
      const bool found_nothing = slot.silent_s() > kProbeTime_s;
      if (found_nothing) spurs_.add(slot.carrier_hz(), now_s());
      close = close || found_nothing;
    } else if (slot.state() == SlotState::kHolding) {
      close = close || slot.silent_s() > (slot.fixed() ? kFixedHoldTime_s : kHoldTime_s);
    }
    if (close) {
      const bool reopen = slot.fixed();
      SlotPlan again = slot.plan();
      close_slot(i);
      // A fixed channel starts over: the next sonde there may be of another type.
      if (reopen) open_slot(std::move(again));
    } else {
      ++i;
    }
  }
}

// The 100 ms average finds strong sondes at once, the 1 s average the weak ones: in turns, since
// neither gains by a look every 100 ms.
void BandReceiver::look_for_candidates() {
  const bool quick = !spectrum_.slow_complete() || looks_++ % 2 == 0;
  if (quick) {
    if (!spectrum_.slow_complete()) dsp::noise_floor(spectrum_.slow(), floor_);
    detector_.find(spectrum_.fast(), floor_, static_cast<float>(kQuickExcess_db), quick_);
    for (const dsp::Candidate& candidate : quick_) consider(candidate);
    return;
  }
  dsp::noise_floor(spectrum_.slow(), floor_);
  detector_.find(spectrum_.slow(), floor_, static_cast<float>(plan_.min_excess_db), candidates_);
  for (const dsp::Candidate& candidate : candidates_) consider(candidate);
  const auto stranger = [&](const dsp::Candidate& c) {
    return !tracked(plan_.centre_hz + c.offset_hz);
  };
  strangers_ = static_cast<std::size_t>(std::ranges::count_if(candidates_, stranger));
}

bool BandReceiver::welcome(double frequency_hz) const {
  const auto within = [&](const FrequencyRange& r) {
    return frequency_hz >= r.low_hz && frequency_hz <= r.high_hz;
  };
  if (std::ranges::any_of(plan_.forbidden, within)) return false;
  return plan_.allowed.empty() || std::ranges::any_of(plan_.allowed, within);
}

bool BandReceiver::tracked(double frequency_hz) const {
  return std::ranges::any_of(slots_, [&](const Active& active) {
    return active.slot->state() != SlotState::kProbing &&
           std::abs(active.slot->carrier_hz() - frequency_hz) < kOwnTracked_hz;
  });
}

bool BandReceiver::covered(double frequency_hz) const {
  return std::ranges::any_of(slots_, [&](const Active& active) {
    const bool probing = active.slot->state() == SlotState::kProbing;
    const double reach =
        probing ? (active.slot->fixed() ? kFixedReach_hz : kOwnProbed_hz) : kOwnTracked_hz;
    return std::abs(active.slot->carrier_hz() - frequency_hz) < reach;
  });
}

void BandReceiver::consider(const dsp::Candidate& candidate) {
  const double frequency_hz = plan_.centre_hz + candidate.offset_hz;
  if (!welcome(frequency_hz) || covered(frequency_hz) || spurs_.blocked(frequency_hz, now_s()))
    return;
  if (slots_.size() >= plan_.max_slots && !make_room()) return;
  open_slot({.centre_hz = frequency_hz, .types = plan_.types});
}

// The probe that has listened longest in vain gives way; nobody evicts a sonde.
bool BandReceiver::make_room() {
  std::size_t oldest = slots_.size();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = *slots_[i].slot;
    if (slot.state() != SlotState::kProbing || slot.fixed() || slot.silent_s() < kProbeTime_s / 4)
      continue;
    if (oldest == slots_.size() || slot.silent_s() > slots_[oldest].slot->silent_s()) oldest = i;
  }
  if (oldest == slots_.size()) return false;
  spurs_.add(slots_[oldest].slot->carrier_hz(), now_s());
  close_slot(oldest);
  return true;
}

void BandReceiver::retune(double centre_hz) {
  while (!slots_.empty()) close_slot(slots_.size() - 1);
  plan_.centre_hz = centre_hz;
  open_fixed();
}

std::vector<SlotView> BandReceiver::slots() const {
  std::vector<SlotView> views;
  for (const Active& active : slots_) {
    const Slot& slot = *active.slot;
    SlotView view{slot.id(), slot.state(), slot.carrier_hz(), slot.type(), {}};
    for (const Slot::TypeCounts& c : slot.counts()) {
      if (view.type != nullptr && view.type->spec != c.spec) continue;  // its false starts
      view.counts.syncs += c.counts.syncs;
      view.counts.good += c.counts.good;
      view.counts.bad += c.counts.bad;
    }
    views.push_back(view);
  }
  return views;
}

std::vector<std::uint32_t> BandReceiver::take_closed_slots() { return std::exchange(closed_, {}); }

ChannelStats BandReceiver::channel_stats() const {
  ChannelStats all = stats_;
  for (const Active& active : slots_) {
    for (const Slot::TypeCounts& c : active.slot->counts()) {
      if (c.counts.syncs + c.counts.good + c.counts.bad == 0) continue;
      all.add(active.slot->carrier_hz(), c.spec->type, c.counts);
    }
  }
  return all;
}

}  // namespace omnisonde
