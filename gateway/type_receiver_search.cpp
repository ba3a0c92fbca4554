// How a type receiver comes by places that may be syncs.
#include <algorithm>
#include <array>
#include <cmath>

#include "gateway/search_budget.hpp"
#include "gateway/type_receiver.hpp"

namespace omnisonde {
namespace {

constexpr double kMinSearch_s = 0.04;  // stretches this long waste little on overlapping patterns
constexpr float kQuickShare = 0.9F;    // of the full search's threshold

// The search bears a carrier error of an eighth of the symbol rate; fast symbols are allowed twice
// the step of slow ones and no more, since detection is better the nearer.
double carrier_step_hz(double symbol_rate_hz) {
  return std::min(0.24 * symbol_rate_hz, symbol_rate_hz > 8000 ? 1200.0 : 600.0);
}

std::vector<double> carrier_grid(double reach_hz, double step_hz) {
  const int steps = std::max(0, static_cast<int>(std::ceil(2 * reach_hz / step_hz - 1e-9)) - 1);
  std::vector<double> grid;
  for (int i = 0; i <= steps; ++i) grid.push_back((i - steps / 2.0) * step_hz);
  return grid;
}

}  // namespace

void TypeReceiver::find_syncs(const dsp::SampleRing& ring, double reach_hz,
                              const dsp::SampleRing* audio) {
  searched_to_ = std::max(searched_to_, ring.begin());
  const double step_hz = carrier_step_hz(spec().modem.symbol_rate_hz);
  if (locked() && spec().frame_period_s > 0) {
    search_window(ring);
  } else if (identified()) {
    std::array<double, 5> around{};
    for (std::size_t i = 0; i < around.size(); ++i) {
      around[i] = lock_->carrier_hz + (static_cast<double>(i) - 2) * std::min(500.0, step_hz);
    }
    search(ring, around);
  } else {
    if (reach_hz != grid_reach_hz_) {
      grid_hz_ = carrier_grid(reach_hz, step_hz);
      grid_reach_hz_ = reach_hz;
    }
    if (audio != nullptr && quick_search_) {
      search_quickly(ring, *audio);
    } else {
      search(ring, grid_hz_);
    }
  }
}

// @returns false while there is too little new to be worth a search.
bool TypeReceiver::fill_window(const dsp::SampleRing& ring) {
  const auto pattern = static_cast<std::int64_t>(search_.pattern_samples()) + 2;
  const std::int64_t count = ring.end() - searched_to_;
  if (static_cast<double>(count - pattern) < kMinSearch_s * rate_hz_) return false;
  workspace_->window.resize(static_cast<std::size_t>(count));
  ring.copy(searched_to_, workspace_->window);
  earn_tokens(static_cast<double>(count - pattern) / rate_hz_);
  return true;
}

void TypeReceiver::search(const dsp::SampleRing& ring, std::span<const double> offsets_hz) {
  if (!fill_window(ring)) return;
  hits_.clear();
  search_.search(workspace_->window, searched_to_, offsets_hz, threshold_, hits_);
  count_search(workspace_->window.size(), offsets_hz.size());
  searched_to_ = ring.end() - static_cast<std::int64_t>(search_.pattern_samples()) - 2;
  for (const dsp::SyncHit& hit : hits_) add_hit(hit, false);
}

void TypeReceiver::count_search(std::size_t samples, std::size_t carriers) {
  const bool afsk = spec().modem.modulation == dsp::Modulation::kAfsk;
  cost_s_ += static_cast<double>(samples) *
             (afsk ? search_cost::kAfskSample_s
                   : search_cost::kCarrierSample_s * static_cast<double>(carriers));
}

void TypeReceiver::count_try(std::size_t bits) {
  const bool afsk = spec().modem.modulation == dsp::Modulation::kAfsk;
  cost_s_ +=
      static_cast<double>(bits) * (afsk ? search_cost::kAfskTryBit_s : search_cost::kTryBit_s);
}

// A discriminator turns the carrier's offset into a mean, so that one pass does for all carriers.
// What it finds the full search confirms there: at that carrier, and at all others, since a strong
// neighbour in the skirt of the slice pulls the mean to its side.
void TypeReceiver::search_quickly(const dsp::SampleRing& ring, const dsp::SampleRing& audio) {
  if (!fill_window(audio)) return;
  quick_hits_.clear();
  quick_search_->search(workspace_->window, searched_to_, {}, kQuickShare * threshold_,
                        quick_hits_);
  cost_s_ += static_cast<double>(workspace_->window.size()) * search_cost::kQuickSample_s;
  searched_to_ = audio.end() - static_cast<std::int64_t>(search_.pattern_samples()) - 2;
  for (const dsp::SyncHit& hit : quick_hits_) confirm(ring, audio, hit);
}

void TypeReceiver::confirm(const dsp::SampleRing& ring, const dsp::SampleRing& audio,
                           const dsp::SyncHit& hit) {
  const double symbol = rate_hz_ / spec().modem.symbol_rate_hz;
  const auto first = static_cast<std::int64_t>(hit.start);
  workspace_->window.resize(static_cast<std::size_t>(search_.pattern_samples()));
  audio.copy(first, workspace_->window);
  double mean_hz = 0;
  for (const dsp::Sample& s : workspace_->window) mean_hz += static_cast<double>(s.real());
  mean_hz /= static_cast<double>(workspace_->window.size());
  mean_hz -= (hit.inverted ? -1 : 1) * sync_mean_ * spec().modem.deviation_hz;
  const double aside_hz = carrier_step_hz(spec().modem.symbol_rate_hz) / 2;
  std::vector<double> offsets = grid_hz_;
  offsets.insert(offsets.end(), {mean_hz - aside_hz, mean_hz, mean_hz + aside_hz});
  const auto from = static_cast<std::int64_t>(hit.start - 2 * symbol);
  workspace_->window.resize(static_cast<std::size_t>(search_.pattern_samples() + 4 * symbol) + 2);
  ring.copy(from, workspace_->window);
  hits_.clear();
  search_.search(workspace_->window, from, offsets, threshold_, hits_);
  count_search(workspace_->window.size(), offsets.size());
  for (const dsp::SyncHit& confirmed : hits_) add_hit(confirmed, false);
}

// Where the flywheel expects the next sync the best place is taken, however weak: sync must never
// be what limits sensitivity.
void TypeReceiver::search_window(const dsp::SampleRing& ring) {
  const double reach =
      (spec().frame_period_s > 0.5 ? 0.01 : 0.0012) * (1 + lock_->missed) * rate_hz_;
  const auto from = static_cast<std::int64_t>(lock_->expected - reach);
  const auto to =
      static_cast<std::int64_t>(lock_->expected + reach + search_.pattern_samples()) + 2;
  if (ring.end() < to) return;
  workspace_->window.resize(static_cast<std::size_t>(to - from));
  ring.copy(from, workspace_->window);
  hits_.clear();
  const std::array offsets = {lock_->carrier_hz};
  search_.search(workspace_->window, from, offsets, 0.05F, hits_);
  const auto polarity_fits = [this](const dsp::SyncHit& hit) {
    return spec().random_polarity || hit.inverted == lock_->inverted;
  };
  const auto best = std::ranges::max_element(
      hits_, {}, [&](const dsp::SyncHit& hit) { return polarity_fits(hit) ? hit.score : 0.0F; });
  searched_to_ = to;
  earn_tokens(spec().frame_period_s);
  if (best != hits_.end() && polarity_fits(*best)) {
    add_hit(*best, true);
  } else {
    ++lock_->missed;
  }
  lock_->expected += period();
}

}  // namespace omnisonde
