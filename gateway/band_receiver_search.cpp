// What of a band's spectrum is worth a slot.
#include <algorithm>
#include <cmath>

#include "gateway/band_receiver.hpp"

namespace omnisonde {
namespace {

constexpr double kQuickExcess_db = 2.5;  // for the 100 ms average, which scatters more
// An RS41 at Eb/N0 = 12 dB stands 10 dB out; the discriminator works from about there.
constexpr float kStrong_db = 12;
constexpr float kBareCarrier = 0.85F, kPlateau = 0.5F;

// Two sondes are at least 10 kHz apart; what is nearer to a tracked carrier is its own.
// A wider one's own reaches as far as the tones of a type that is 3 deviations wide; each tone of
// the widest is as wide as a sonde by itself.
constexpr double kOwnTracked_hz = 4500, kOwnProbed_hz = 2500;
constexpr double kOwnShare = 1.0 / 3, kOwnWideShare = 0.45, kOwnWide_hz = 40'000;
constexpr std::ptrdiff_t kMostProbing = 20;  // slots that look for a sonde: what searching may cost
constexpr double kNarrowFirst_s = 1.5;       // the longest period between two frames, and some

// Mean over the whole width, of a 100 ms average. In noise it scatters by 0.17 dB over 24 kHz and
// by less over more; an M10 that can just be decoded stands 5 dB out, a WxR-301D 2 dB.
constexpr float kWideExcess_db = 1.4F, kMiddleExcess_db = 1.5F;
constexpr double kMiddleWidth_hz = 30'000;
constexpr double kSettleMiddle_s = 0.9, kSettleFirst_s = 2, kSightingLife_s = 3;
constexpr double kWideReach_hz = 2400;     // the middle of a spread signal is found less exactly
constexpr std::size_t kWideFloorBins = 4;  // reach of the noise floor's window, in signal widths

double own_hz(const Slot& slot) {
  if (slot.state() == SlotState::kProbing) return kOwnProbed_hz;
  const double width_hz = slot.type()->spec->modem.bandwidth_hz;
  return std::max(kOwnTracked_hz, width_hz * (width_hz > kOwnWide_hz ? kOwnWideShare : kOwnShare));
}

// How high a skirt may stand over the noise, of the peak, by the distance from the sonde's own
// place. Measured on unshaped Manchester FSK, the widest: -25 dB at 8 kHz from the carrier, -31 dB
// at 12 kHz, -37 dB at 16 kHz.
constexpr double kSkirt_hz = 20'000;
float skirt_share(double beyond_hz) {
  if (beyond_hz <= 0) return 1;
  if (beyond_hz < 3500) return 0.1F;
  return beyond_hz < 7500 ? 6e-3F : 1.5e-3F;
}

}  // namespace

// The 100 ms average finds strong sondes at once, the 1 s average the weak ones: in turns, since
// neither gains by a look every 100 ms.
void BandReceiver::look_for_candidates() {
  const bool quick = !spectrum_.slow_complete() || looks_++ % 2 == 0;
  if (quick) {
    if (!spectrum_.slow_complete()) dsp::noise_floor(spectrum_.slow(), floor_);
    detector_.find(spectrum_.fast(), floor_, static_cast<float>(kQuickExcess_db), quick_);
    for (const dsp::Candidate& candidate : quick_) consider(candidate);
    look_for_wide(spectrum_.fast());
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

// A floor that knows the signal's width: the one for narrow sondes lies within a wide one. What is
// tracked is taken out; sondes that are about to be tracked get two seconds for it, since any two
// of them could be the tones of a wide one.
void BandReceiver::look_for_wide(std::span<const float> power) {
  for (WideSearch& wide : wide_) {
    const auto reach =
        static_cast<std::size_t>(kWideFloorBins * wide.slices->width_hz / dsp::kBinHz);
    dsp::noise_floor(power, wide.floor, reach);
    rest_.assign(power.begin(), power.end());
    for (const Active& active : slots_) {
      if (active.slot->state() != SlotState::kProbing) blank(*active.slot, wide.floor);
    }
    const bool middle = wide.slices->width_hz < kMiddleWidth_hz;
    wide.detector.find(rest_, wide.floor, middle ? kMiddleExcess_db : kWideExcess_db, quick_);
    for (const dsp::Candidate& candidate : quick_) {
      if (lasting(wide, candidate.offset_hz, middle ? kSettleMiddle_s : kSettleFirst_s))
        probe(*wide.slices, candidate);
    }
    std::erase_if(wide.sightings,
                  [&](const Sighting& s) { return now_s() - s.last_s > kSightingLife_s; });
  }
}

// Takes a tracked sonde out of rest_: its own place, and what lies below its skirt.
void BandReceiver::blank(const Slot& slot, std::span<const float> floor) {
  const auto size = static_cast<double>(rest_.size());
  const double centre = (slot.carrier_hz() - plan_.centre_hz) / dsp::kBinHz + size / 2;
  const double own = own_hz(slot) / dsp::kBinHz, skirt = own + kSkirt_hz / dsp::kBinHz;
  const auto from = static_cast<std::size_t>(std::clamp(centre - skirt, 0.0, size));
  const auto to = static_cast<std::size_t>(std::clamp(centre + skirt + 1, 0.0, size));
  float peak = 0;
  for (std::size_t i = from; i < to; ++i) {
    if (std::abs(static_cast<double>(i) - centre) <= own)
      peak = std::max(peak, rest_[i] / floor[i] - 1);
  }
  for (std::size_t i = from; i < to; ++i) {
    const double away_hz = std::abs(static_cast<double>(i) - centre) * dsp::kBinHz;
    if (rest_[i] / floor[i] - 1 <= peak * skirt_share(away_hz - own_hz(slot))) rest_[i] = floor[i];
  }
}

bool BandReceiver::lasting(WideSearch& wide, double offset_hz, double least_s) const {
  for (Sighting& s : wide.sightings) {
    if (std::abs(s.offset_hz - offset_hz) > wide.slices->width_hz / 8) continue;
    s.last_s = now_s();
    s.offset_hz = offset_hz;
    return now_s() - s.first_s >= least_s;
  }
  wide.sightings.push_back({offset_hz, now_s(), now_s()});
  return false;
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
           std::abs(active.slot->carrier_hz() - frequency_hz) < own_hz(*active.slot);
  });
}

bool BandReceiver::covered(const SliceClass& slices, double frequency_hz) const {
  return tracked(frequency_hz) || std::ranges::any_of(slots_, [&](const Active& active) {
           if (active.slices != &slices) return false;
           const double probed_hz = slices.wide() ? slices.width_hz / 4 : kOwnProbed_hz;
           const double reach = active.slot->fixed() ? kFixedReach_hz : probed_hz;
           return std::abs(active.slot->carrier_hz() - frequency_hz) < reach;
         });
}

// A hump of 11 kHz may be all of a narrow sonde or the middle of one twice as wide.
void BandReceiver::consider(const dsp::Candidate& candidate) {
  // A bare carrier is nobody's modulation; a piece of something wide is no narrow sonde.
  if (candidate.line_share > kBareCarrier || candidate.valley > kPlateau) return;
  const SliceClass* first = nullptr;
  for (const SliceClass& slices : classes_) {
    if (slices.wide()) continue;
    if (first == nullptr) first = &slices;
    if (&slices == first || unknown_to(*first, plan_.centre_hz + candidate.offset_hz))
      probe(slices, candidate);
  }
}

// Most sondes are of the narrowest types: the others' turn comes when those have listened in vain.
bool BandReceiver::unknown_to(const SliceClass& slices, double frequency_hz) const {
  return std::ranges::any_of(slots_, [&](const Active& active) {
    return active.slices == &slices && active.slot->state() == SlotState::kProbing &&
           active.heard_s > kNarrowFirst_s &&
           std::abs(active.slot->carrier_hz() - frequency_hz) < kOwnProbed_hz;
  });
}

void BandReceiver::probe(const SliceClass& slices, const dsp::Candidate& candidate) {
  const double frequency_hz = plan_.centre_hz + candidate.offset_hz;
  if (!welcome(frequency_hz) || covered(slices, frequency_hz)) return;
  const auto spurs = spurs_.find(&slices);
  if (spurs != spurs_.end()) {
    if (spurs->second.blocked(frequency_hz, now_s())) return;
    if (!budget_.plenty() && spurs->second.knows(frequency_hz)) return;
  }
  const auto probing = std::ranges::count_if(slots_, [](const Active& active) {
    return active.slot->state() == SlotState::kProbing && !active.slot->fixed();
  });
  const bool full = slots_.size() >= plan_.max_slots || probing >= kMostProbing;
  if (full && !make_room()) return;
  SlotPlan plan{.centre_hz = frequency_hz, .types = slices.types};
  if (slices.wide()) plan.reach_hz = kWideReach_hz;
  open_slot(slices, std::move(plan)).strong = candidate.excess_db >= kStrong_db;
}

// The probe that has listened longest in vain gives way, or one that has to wait for its turn;
// nobody evicts a sonde.
bool BandReceiver::make_room() {
  std::size_t oldest = slots_.size();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Active& active = slots_[i];
    if (active.slot->state() != SlotState::kProbing || active.slot->fixed()) continue;
    if (!active.paused && active.heard_s < kProbeTime_s / 4) continue;
    if (oldest == slots_.size() || active.heard_s > slots_[oldest].heard_s) oldest = i;
  }
  if (oldest == slots_.size()) return false;
  if (slots_[oldest].heard_s >= kProbeTime_s / 4)
    spurs_[slots_[oldest].slices].add(slots_[oldest].slot->carrier_hz(), now_s());
  close_slot(oldest);
  return true;
}

}  // namespace omnisonde
