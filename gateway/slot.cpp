#include "gateway/slot.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "dsp/channelizer.hpp"
#include "dsp/complex_product.hpp"
#include "gateway/search_budget.hpp"

namespace omnisonde {
namespace {

// Good frames from which a type has the slot for itself. One alone may be false: not every type has
// a strong checksum.
constexpr std::uint64_t kSettledFrames = 3;

// An extended RS41 frame lasts 0.86 s, a block of LMSX a second. The discriminator's ring is only
// searched for syncs, and holds the longest of them a few times.
constexpr double kFrames_s = 1.3, kSyncs_s = 0.3;

std::size_t ring_size(double seconds, double rate_hz) {
  std::size_t size = 1024;
  while (static_cast<double>(size) < seconds * rate_hz) size *= 2;
  return size;
}

}  // namespace

Slot::Slot(SlotPlan plan)
    : plan_(std::move(plan)),
      centre_hz_(plan_.centre_hz),
      ring_(ring_size(kFrames_s, plan_.rate_hz)) {
  if (plan_.kind == dsp::SignalKind::kIq) audio_.emplace(ring_size(kSyncs_s, plan_.rate_hz));
  for (const SondeType* type : plan_.types) {
    listeners_.push_back({type,
                          std::make_unique<TypeReceiver>(*type, plan_.rate_hz, plan_.kind,
                                                         plan_.orbits, plan_.workspace),
                          {}});
  }
}

const SondeType* Slot::type() const noexcept {
  return state_ == SlotState::kProbing ? nullptr : listeners_[active_].type;
}

double Slot::carrier_hz() const noexcept {
  return state_ == SlotState::kProbing ? centre_hz_
                                       : centre_hz_ + listeners_[active_].receiver->carrier_hz();
}

double Slot::bandwidth_hz() const noexcept {
  if (state_ == SlotState::kTracking && settled_)
    return listeners_[active_].type->spec->modem.bandwidth_hz;
  double widest = 0;
  for (const SondeType* type : plan_.types)
    widest = std::max(widest, type->spec->modem.bandwidth_hz);
  return widest + 2 * std::max(0.0, plan_.reach_hz - 900);
}

double Slot::silent_s() const noexcept {
  const double since = state_ == SlotState::kProbing ? static_cast<double>(opened_)
                                                     : listeners_[active_].receiver->last_good();
  return (static_cast<double>(ring_.end()) - since) / plan_.rate_hz;
}

void Slot::push(std::span<const dsp::Sample> samples, std::int64_t first_index) {
  if (!started_ || first_index != ring_.end()) {
    ring_.reset(first_index);
    if (audio_) audio_->reset(first_index);
    for (Listener& l : listeners_) {
      if (l.receiver) l.receiver->gap(first_index);
    }
    if (!started_) opened_ = first_index;
    started_ = true;
  }
  ring_.push(samples);
  pushed_ += samples.size();
  if (audio_) push_audio(samples);
}

double Slot::take_search_cost_s() {
  double cost_s = static_cast<double>(std::exchange(pushed_, 0)) * search_cost::kSlice_s;
  for (Listener& l : listeners_) {
    if (l.receiver) cost_s += l.receiver->take_search_cost_s();
  }
  return cost_s;
}

void Slot::push_audio(std::span<const dsp::Sample> samples) {
  const auto hz_per_radian = static_cast<float>(plan_.rate_hz / (2 * std::numbers::pi));
  discriminated_.resize(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const dsp::Sample turn = dsp::times_conj(samples[i], last_);
    discriminated_[i] = std::atan2(turn.imag(), turn.real()) * hz_per_radian;
    last_ = samples[i];
  }
  audio_->push(discriminated_);
}

void Slot::process(const StreamClock& clock, Search search, std::vector<GoodFrame>& out) {
  const dsp::SampleRing* audio = search == Search::kQuick && audio_ ? &*audio_ : nullptr;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    TypeReceiver* receiver = listeners_[i].receiver.get();
    if (receiver == nullptr) continue;
    receiver->process(ring_, clock, centre_hz_, plan_.reach_hz, audio, out);
    const TypeReceiver* best = listeners_[active_].receiver.get();
    if (best == nullptr || receiver->counts().good > best->counts().good) active_ = i;
  }
  const TypeReceiver& best = *listeners_[active_].receiver;
  if (!best.identified()) return;
  if (!settled_ && best.counts().good >= kSettledFrames) settle();
  state_ = best.locked() ? SlotState::kTracking : SlotState::kHolding;
}

// The other types have listened in vain: they hold their demodulators' memory no longer.
void Slot::settle() {
  settled_ = true;
  audio_.reset();
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (i == active_) continue;
    listeners_[i].counts = listeners_[i].receiver->counts();
    listeners_[i].receiver.reset();
  }
}

void Slot::recentre(double hz) {
  ring_.shift(hz, plan_.rate_hz, dsp::kSliceLag_s * plan_.rate_hz);
  centre_hz_ += hz;
  for (Listener& l : listeners_) {
    if (l.receiver) l.receiver->recentre(hz);
  }
}

std::vector<Slot::TypeCounts> Slot::counts() const {
  std::vector<TypeCounts> out;
  for (const Listener& l : listeners_) {
    out.push_back({l.type->spec, l.receiver ? l.receiver->counts() : l.counts});
  }
  return out;
}

}  // namespace omnisonde
