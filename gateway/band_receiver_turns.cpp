// Whose turn it is to look for a sonde, and how thoroughly: what the budget of searching allows.
#include <algorithm>

#include "gateway/band_receiver.hpp"

namespace omnisonde {
namespace {

constexpr double kQuickTime_s = 4;  // bursts that the quick search may miss before the full one
constexpr double kFullTurn_s = 4;
constexpr std::size_t kFullSearches = 3;  // slots at a time
constexpr double kShortTurn_s = 2.5;      // of the one that listens while the budget is empty
constexpr double kShortProbe_s = 4;       // after which it has listened in vain

// Receivers of one type may be several, for its variants.
bool one_name(const std::vector<const SondeType*>& types) {
  const auto named = receivers_of(*types.front());
  return std::ranges::all_of(
      types, [&](const SondeType* type) { return std::ranges::find(named, type) != named.end(); });
}

}  // namespace

// A recording's channel, and one whose type is known, may cost what it costs.
bool BandReceiver::always_thorough(const Active& active) const {
  return active.slot->fixed() && (plan_.fixed_always_full || one_name(active.slot->plan().types));
}

bool BandReceiver::wants_full_search(const Active& active) const {
  if (!counts_as_search(active) || active.paused) return false;
  return !active.strong || active.heard_s > kQuickTime_s;
}

bool BandReceiver::counts_as_search(const Active& active) const {
  return active.slot->state() == SlotState::kProbing && !always_thorough(active);
}

bool BandReceiver::heard_out(const Active& active) const {
  return active.heard_s > (budget_.empty() ? kShortProbe_s : kProbeTime_s);
}

void BandReceiver::shed(Shed what) noexcept {
  shed_ = what;
  workspace_->deep = what < Shed::kDeepDecoding;
}

void BandReceiver::share_search() {
  share_listening();
  if (shed_ < Shed::kSearch) share_full_search();
}

// With the budget empty one place at a time is listened to, the one that has listened least: a new
// one goes before those that have been heard in vain, and of new ones the newest, since what
// interferes comes and goes.
void BandReceiver::share_listening() {
  if (shed_ >= Shed::kSearch) {
    for (Active& active : slots_) {
      active.paused = counts_as_search(active) && !active.slot->fixed();
      active.thorough = false;
    }
    return;
  }
  Active* next = nullptr;
  for (Active& active : slots_) {
    const bool all = !budget_.empty() || !counts_as_search(active) || active.slot->fixed();
    const bool in_turn = !active.paused && active.turn_s < kShortTurn_s;
    if (!all && in_turn && active.turn_s > 0 && next == nullptr) next = &active;
    active.paused = !all;
    if (all) active.turn_s = 0;
  }
  if (!budget_.empty()) return;
  if (next == nullptr) {
    for (Active& active : slots_) {
      if (!counts_as_search(active) || active.slot->fixed()) continue;
      if (next == nullptr || active.heard_s <= next->heard_s) next = &active;
    }
    if (next != nullptr) next->turn_s = 0;
  }
  if (next != nullptr) next->paused = false;
}

// Interference is mostly strong, and would cost the most: what the quick search does not find has
// to wait for its turn among all that wants the full one.
void BandReceiver::share_full_search() {
  const std::size_t most = budget_.in_debt() ? 0 : budget_.empty() ? 1 : kFullSearches;
  std::size_t running = 0;
  for (Active& active : slots_) {
    active.thorough = active.thorough && running < most && wants_full_search(active) &&
                      now_s() - active.served_s < kFullTurn_s;
    running += active.thorough ? 1 : 0;
  }
  while (running < most) {
    Active* next = nullptr;
    for (Active& active : slots_) {
      if (active.thorough || !wants_full_search(active)) continue;
      if (next == nullptr || active.served_s < next->served_s) next = &active;
    }
    if (next == nullptr) return;
    next->thorough = true;
    next->served_s = now_s();
    ++running;
  }
}

}  // namespace omnisonde
