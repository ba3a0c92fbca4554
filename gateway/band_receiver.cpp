#include "gateway/band_receiver.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace omnisonde {
namespace {

constexpr std::uint64_t kProcessEvery = 5;  // blocks: slots look at their samples every 20 ms
constexpr std::uint64_t kShareEvery = 25;   // blocks: 100 ms
constexpr double kHoldTime_s = 30;
constexpr double kFixedHoldTime_s = 120;
constexpr double kFollow_hz = 300;  // carrier error at which the slice is moved
constexpr double kNarrowStream_hz =
    60'000;  // a stream this narrow is one channel: always listened to
constexpr double kDuplicate_hz = 1500;

// The image of an uncalibrated tuner is 25 dB down or more; the same sonde in the next receiver's
// window, or in the skirt of its own slot, is nearer.
constexpr float kEcho_db = 12;
constexpr double kEcho_s = 10;
constexpr std::size_t kMostHeard = 512;

// What a fixed channel asks for by name, it gets, whether or not it is searched for elsewhere.
std::vector<const SondeType*> asked_for_only_there(const BandPlan& plan) {
  std::vector<const SondeType*> types;
  for (const FixedChannel& channel : plan.fixed) {
    if (channel.type == nullptr) continue;
    for (const SondeType* type : receivers_of(*channel.type)) {
      const bool known = std::ranges::find(plan.types, type) != plan.types.end() ||
                         std::ranges::find(types, type) != types.end();
      if (!known) types.push_back(type);
    }
  }
  return types;
}

// A tuner's window has its DC in the middle of everything. A recording of one channel has the sonde
// there, and of AFSK types that is a line.
dsp::DcOffset dc_offset(double sample_rate_hz) {
  constexpr double kWindow_hz = 900e3;
  return sample_rate_hz < kWindow_hz ? dsp::DcOffset::kKeep : dsp::DcOffset::kRemove;
}

}  // namespace

BandReceiver::BandReceiver(BandPlan plan)
    : plan_(std::move(plan)),
      band_(plan_.sample_rate_hz, dc_offset(plan_.sample_rate_hz)),
      classes_(slice_classes(plan_.types, plan_.sample_rate_hz)),
      fixed_classes_(slice_classes(asked_for_only_there(plan_), plan_.sample_rate_hz)),
      spectrum_(band_.bins()),
      floor_(band_.bins()) {
  for (const SliceClass& slices : classes_) {
    if (slices.wide())
      wide_.push_back(
          {&slices, dsp::WideDetector(slices.width_hz), std::vector<float>(band_.bins()), {}});
  }
  open_fixed();
}

void BandReceiver::open_fixed() {
  for (const FixedChannel& channel : plan_.fixed) {
    if (inside(channel.frequency_hz, 0)) open_channel(channel);
  }
  if (plan_.search && plan_.fixed.empty() && plan_.sample_rate_hz <= kNarrowStream_hz) {
    open_channel({.frequency_hz = plan_.centre_hz});
  }
}

void BandReceiver::open_channel(const FixedChannel& channel) {
  const auto open = [&](const SliceClass& slices) {
    SlotPlan slot{.centre_hz = channel.frequency_hz,
                  .reach_hz = kFixedReach_hz,
                  .fixed = true,
                  .types = slices.types};
    if (channel.type != nullptr) {
      const auto wanted = receivers_of(*channel.type);
      std::erase_if(slot.types, [&](const SondeType* type) {
        return std::ranges::find(wanted, type) == wanted.end();
      });
    }
    if (!slot.types.empty()) open_slot(slices, std::move(slot));
  };
  for (const SliceClass& slices : classes_) open(slices);
  if (channel.type == nullptr) return;
  for (const SliceClass& slices : fixed_classes_) open(slices);
}

BandReceiver::Active& BandReceiver::open_slot(const SliceClass& slices, SlotPlan plan) {
  Active active;
  active.slices = &slices;
  active.centre_bin =
      static_cast<int>(std::lround((plan.centre_hz - plan_.centre_hz) / dsp::kBinHz));
  // The slice lies on the grid; the rest of the offset is the demodulator's to find.
  plan.centre_hz = plan_.centre_hz + active.centre_bin * dsp::kBinHz;
  plan.id = next_id_++;
  plan.rate_hz = slices.rate_hz;
  plan.orbits = plan_.orbits;
  plan.workspace = workspace_;
  active.slot = std::make_unique<Slot>(std::move(plan));
  slots_.push_back(std::move(active));
  return slots_.back();
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

std::span<const float> BandReceiver::weights(const Active& active) {
  const std::size_t bins = active.slices->slicer->bins();
  const double bandwidth_hz = std::min(active.slot->bandwidth_hz(), 0.95 * active.slices->rate_hz);
  auto [entry, is_new] =
      weights_.try_emplace({bins, static_cast<int>(std::lround(bandwidth_hz / 100))});
  if (is_new) entry->second = dsp::slice_weights(bins, bandwidth_hz, band_.bins());
  return entry->second;
}

void BandReceiver::process(const dsp::IqBlock& block, std::vector<SlotRecord>& out) {
  next_index_ = block.first_index + block.samples.size();
  band_.process(block);
  if (spectrum_.add(band_) && plan_.search && shed_ < Shed::kSearch) look_for_candidates();
  if (blocks_ % kShareEvery == 0) share_search();
  budget_.earn(1.0 / dsp::kBlocksPerSecond);
  run_slots(block, out);
  ++blocks_;
}

void BandReceiver::run_slots(const dsp::IqBlock& block, std::vector<SlotRecord>& out) {
  const double begin_s = static_cast<double>(block.first_index) / plan_.sample_rate_hz;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Active& active = slots_[i];
    const bool resting = active.slot->fixed() && active.slot->state() == SlotState::kProbing &&
                         tracked(active.slot->centre_hz());
    if (resting || active.paused) continue;  // another class of types has the channel
    if (active.slot->state() == SlotState::kProbing) active.heard_s += 1.0 / dsp::kBlocksPerSecond;
    active.turn_s += 1.0 / dsp::kBlocksPerSecond;
    active.slot->push(active.slices->slicer->slice(band_, active.centre_bin, weights(active)),
                      std::llround(begin_s * active.slices->rate_hz));
    if ((blocks_ + active.slot->id()) % kProcessEvery == 0) collect(active, out);
  }
  review_slots();
}

void BandReceiver::collect(Active& active, std::vector<SlotRecord>& out) {
  Slot& slot = *active.slot;
  const bool was_probing = slot.state() == SlotState::kProbing;
  const StreamClock clock{.rate_hz = active.slices->rate_hz,
                          .first_s = -dsp::kSliceLag_s,
                          .start = start_.value_or(UtcMillis{}),
                          .has_wall_clock = start_.has_value()};
  frames_.clear();
  const bool counts = counts_as_search(active);
  const bool thorough = active.thorough || always_thorough(active);
  slot.process(clock, thorough ? Search::kFull : Search::kQuick, frames_);
  const double cost_s = slot.take_search_cost_s();
  if (counts) {
    budget_.spend(cost_s);
    active.spent_s += cost_s;
  }
  if (was_probing && slot.state() != SlotState::kProbing) {
    budget_.refund(active.spent_s);
    for (auto& [slices, spurs] : spurs_) spurs.forget(slot.carrier_hz());
  }
  if (!duplicate(slot)) {
    for (GoodFrame& frame : frames_) {
      if (!frame.telemetry) continue;
      compare_echoes(active, *frame.telemetry);
      if (!active.echo) out.push_back({slot.id(), std::move(*frame.telemetry)});
    }
  }
  follow_carrier(active);
}

// A strong sonde is heard a second time in the receiver's image or intermodulation. Its serial
// gives that away, and the better copy has the right frequency.
void BandReceiver::compare_echoes(Active& active, const Telemetry& record) {
  if (record.serial.empty()) return;
  const float snr_db = record.rx.snr_db.value_or(0);
  if (heard_.size() >= kMostHeard) heard_.clear();
  Heard& best = heard_[record.type + "/" + record.serial];
  const bool other = best.slot_id != active.slot->id() && now_s() - best.at_s < kEcho_s;
  if (other && best.slot_id != 0) {
    if (snr_db < best.snr_db - kEcho_db) {
      active.echo = true;
      return;
    }
    if (snr_db > best.snr_db + kEcho_db) {
      for (Active& weaker : slots_) {
        if (weaker.slot->id() == best.slot_id) weaker.echo = true;
      }
    } else {
      return;
    }
  }
  best = {active.slot->id(), snr_db, now_s()};
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
    bool close = duplicate(slot) || slots_[i].echo;
    if (slots_[i].echo) {
      ++images_;
      spurs_[slots_[i].slices].add(slot.carrier_hz(), now_s());
    }
    if (probing && !slot.fixed()) {
      // What another slot has found to be a sonde is no spur, and needs no second listener.
      const bool taken = tracked(slot.carrier_hz());
      const bool found_nothing = heard_out(slots_[i]);
      // One whose turn for the full search never came is welcome again.
      const bool no_sonde = found_nothing && (slots_[i].served_s >= 0 || budget_.empty());
      if (no_sonde && !taken) spurs_[slots_[i].slices].add(slot.carrier_hz(), now_s());
      if (taken) budget_.refund(slots_[i].spent_s);
      close = close || found_nothing || taken;
    } else if (slot.state() == SlotState::kHolding) {
      close = close || slot.silent_s() > (slot.fixed() ? kFixedHoldTime_s : kHoldTime_s);
    }
    if (close) {
      const bool reopen = slot.fixed();
      SlotPlan again = slot.plan();
      const SliceClass* slices = slots_[i].slices;
      close_slot(i);
      // A fixed channel starts over: the next sonde there may be of another type.
      if (reopen) open_slot(*slices, std::move(again));
    } else {
      ++i;
    }
  }
}

bool BandReceiver::inside(double frequency_hz, double width_hz) const {
  return std::abs(frequency_hz - plan_.centre_hz) + width_hz / 2 <= plan_.sample_rate_hz / 2;
}

void BandReceiver::retune(double centre_hz) {
  const double moved_hz = centre_hz - plan_.centre_hz;
  const int steps = static_cast<int>(std::lround(moved_hz / dsp::kBinHz));
  const double rest_hz = moved_hz - steps * dsp::kBinHz;
  std::vector<FixedChannel> new_here;
  for (const FixedChannel& channel : plan_.fixed) {
    if (!inside(channel.frequency_hz, 0)) new_here.push_back(channel);
  }
  plan_.centre_hz = centre_hz;
  const bool one_channel = plan_.sample_rate_hz <= kNarrowStream_hz;  // it was the old centre's
  for (std::size_t i = slots_.size(); i-- > 0;) {
    Active& active = slots_[i];
    const Slot& slot = *active.slot;
    const bool stays =
        !one_channel && (slot.fixed() ? inside(slot.centre_hz(), 0)
                                      : inside(slot.carrier_hz(), slot.bandwidth_hz()));
    if (!stays) {
      close_slot(i);
      continue;
    }
    active.centre_bin -= steps;
    if (rest_hz != 0) active.slot->recentre(rest_hz);
  }
  spectrum_.restart();
  for (WideSearch& wide : wide_) wide.sightings.clear();
  strangers_ = 0;
  if (one_channel) return open_fixed();
  for (const FixedChannel& channel : new_here) {
    if (inside(channel.frequency_hz, 0)) open_channel(channel);
  }
}

void BandReceiver::correct_centre(double centre_hz) {
  const double error_hz = centre_hz - plan_.centre_hz;
  plan_.centre_hz = centre_hz;
  for (Active& active : slots_) active.slot->correct_centre(error_hz);
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

std::vector<SpurView> BandReceiver::spurs() const {
  constexpr double kOne_hz = 1500;
  std::vector<SpurView> out;
  for (const auto& [slices, list] : spurs_) {
    for (const SpurList::Spur& s : list.spurs()) {
      const SpurView view{s.frequency_hz, s.pause_s, std::max(0.0, s.until_s - now_s())};
      const auto same = std::ranges::find_if(out, [&](const SpurView& v) {
        return std::abs(v.frequency_hz - view.frequency_hz) < kOne_hz;
      });
      if (same == out.end()) {
        out.push_back(view);
      } else if (view.left_s > same->left_s) {
        *same = view;
      }
    }
  }
  std::ranges::sort(out, {}, &SpurView::frequency_hz);
  return out;
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
