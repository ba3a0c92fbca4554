#include "gateway/slot.hpp"

#include <algorithm>
#include <cmath>

#include "dsp/channelizer.hpp"

namespace omnisonde {
namespace {

// Holds an extended RS41 frame (0.86 s at 48 kHz) and what was before it.
std::size_t ring_size(double rate_hz) {
  std::size_t size = 1024;
  while (static_cast<double>(size) < 1.3 * rate_hz) size *= 2;
  return size;
}

}  // namespace

Slot::Slot(SlotPlan plan)
    : plan_(std::move(plan)), centre_hz_(plan_.centre_hz), ring_(ring_size(plan_.rate_hz)) {
  for (const SondeType* type : plan_.types) {
    listeners_.push_back({type, std::make_unique<TypeReceiver>(*type, plan_.rate_hz, plan_.kind)});
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
  if (state_ == SlotState::kTracking) return listeners_[active_].type->spec->modem.bandwidth_hz;
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
    for (Listener& l : listeners_) l.receiver->gap(first_index);
    if (!started_) opened_ = first_index;
    started_ = true;
  }
  ring_.push(samples);
}

void Slot::process(const StreamClock& clock, std::vector<GoodFrame>& out) {
  if (state_ != SlotState::kProbing) {
    listeners_[active_].receiver->process(ring_, clock, centre_hz_, plan_.reach_hz, out);
  } else {
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      listeners_[i].receiver->process(ring_, clock, centre_hz_, plan_.reach_hz, out);
      if (listeners_[i].receiver->identified()) {
        active_ = i;
        break;
      }
    }
  }
  update_state();
}

void Slot::update_state() {
  if (active_ >= listeners_.size() || !listeners_[active_].receiver->identified()) return;
  state_ = listeners_[active_].receiver->locked() ? SlotState::kTracking : SlotState::kHolding;
}

void Slot::recentre(double hz) {
  ring_.shift(hz, plan_.rate_hz, dsp::kSliceLag_s * plan_.rate_hz);
  centre_hz_ += hz;
  for (Listener& l : listeners_) l.receiver->recentre(hz);
}

std::vector<Slot::TypeCounts> Slot::counts() const {
  std::vector<TypeCounts> out;
  for (const Listener& l : listeners_) out.push_back({l.type->spec, l.receiver->counts()});
  return out;
}

}  // namespace omnisonde
