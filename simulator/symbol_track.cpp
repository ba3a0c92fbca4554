#include "simulator/symbol_track.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/gfsk_pulse.hpp"
#include "gateway/base/assert.hpp"

namespace omnisonde::sim {

SymbolTrack::SymbolTrack(double symbol_rate_hz, double deviation_hz, float bt, AudioTones audio)
    : symbol_rate_hz_(symbol_rate_hz),
      cycles_per_symbol_(deviation_hz / symbol_rate_hz),
      half_span_(dsp::gfsk_pulse_span(bt) / 2),
      mark_cycles_(audio.mark_hz / symbol_rate_hz),
      space_cycles_(audio.space_hz / symbol_rate_hz),
      deviation_cycles_(deviation_hz / symbol_rate_hz) {
  const int steps = 2 * half_span_ * kSteps;
  // One entry more than steps + 1: the interpolation reads the right neighbour of the last one.
  pulse_.resize(static_cast<std::size_t>(steps) + 2, 1.0F);
  for (int i = 0; i <= steps; ++i) {
    const double t = static_cast<double>(i) / kSteps - half_span_;
    pulse_[static_cast<std::size_t>(i)] = static_cast<float>(dsp::gfsk_phase_pulse(bt, t));
  }
}

void SymbolTrack::restart(double start_s) {
  start_s_ = start_s;
  first_index_ = 0;
  signs_.clear();
  sums_.clear();
  audio_.clear();
}

void SymbolTrack::append(std::span<const std::uint8_t> symbols) {
  std::int64_t sum = signs_.empty() ? 0 : sums_.back() + signs_.back();
  for (const std::uint8_t symbol : symbols) {
    signs_.push_back(symbol != 0 ? std::int8_t{1} : std::int8_t{-1});
    sums_.push_back(sum);
    sum += signs_.back();
    if (mark_cycles_ <= 0) continue;
    if (audio_.empty()) {
      audio_.push_back({});
      continue;
    }
    const auto before = static_cast<std::int64_t>(audio_.size()) - 1;
    const double audio = audio_.back().audio + tone_cycles(before);
    const double carrier = audio_phase_cycles(static_cast<double>(before + 1));
    audio_.push_back({audio - std::floor(audio), carrier - std::floor(carrier)});
  }
}

double SymbolTrack::tone_cycles(std::int64_t index) const noexcept {
  return sign_at(index) > 0 ? mark_cycles_ : space_cycles_;
}

// The carrier's frequency is the sine of the audio phase, so its phase is the cosine's change over
// the tone's frequency.
double SymbolTrack::audio_phase_cycles(double place) const noexcept {
  constexpr double kTwoPi = 2 * std::numbers::pi;
  const auto last = static_cast<std::int64_t>(audio_.size()) - 1;
  const auto index =
      std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(place)) - 1, 0, last);
  const AudioStart& start = audio_[static_cast<std::size_t>(index)];
  const double tone = tone_cycles(index);
  const double audio = start.audio + (place - static_cast<double>(index)) * tone;
  return start.carrier + deviation_cycles_ / (kTwoPi * tone) *
                             (std::cos(kTwoPi * start.audio) - std::cos(kTwoPi * audio));
}

void SymbolTrack::forget_before(double time_s) {
  const double place = (time_s - start_s_) * symbol_rate_hz_ - static_cast<double>(first_index_);
  const auto spare = static_cast<std::int64_t>(std::floor(place)) - half_span_ - 2;
  const std::int64_t most = static_cast<std::int64_t>(signs_.size()) - 1;
  const std::int64_t count = std::min(spare, most);
  if (count <= 0) return;
  signs_.erase(signs_.begin(), signs_.begin() + count);
  sums_.erase(sums_.begin(), sums_.begin() + count);
  if (!audio_.empty()) audio_.erase(audio_.begin(), audio_.begin() + count);
  first_index_ += count;
}

double SymbolTrack::end_s() const {
  const auto symbols = static_cast<double>(first_index_) + static_cast<double>(signs_.size());
  return start_s_ + symbols / symbol_rate_hz_;
}

std::int64_t SymbolTrack::sign_at(std::int64_t index) const noexcept {
  const auto last = static_cast<std::int64_t>(signs_.size()) - 1;
  return signs_[static_cast<std::size_t>(std::clamp<std::int64_t>(index, 0, last))];
}

std::int64_t SymbolTrack::sum_before(std::int64_t index) const noexcept {
  const auto count = static_cast<std::int64_t>(signs_.size());
  if (index < 0) return sums_.front() + index * signs_.front();
  if (index >= count) return sums_.back() + (index - count + 1) * signs_.back();
  return sums_[static_cast<std::size_t>(index)];
}

double SymbolTrack::phase_cycles(double time_s) const noexcept {
  OMNI_ASSERT(!signs_.empty());
  const double place = (time_s - start_s_) * symbol_rate_hz_ - static_cast<double>(first_index_);
  if (!audio_.empty()) return audio_phase_cycles(place);
  // Symbol k acts from place k + 0.5 - half_span_ to k + 0.5 + half_span_: those from `first` on
  // are under way, all before it are complete. One table offset serves all of them, since they lie
  // whole symbols apart.
  const double oldest = place - 0.5 - half_span_;
  const double floor_oldest = std::floor(oldest);
  const auto first = static_cast<std::int64_t>(floor_oldest) + 1;
  const double table_place = (oldest - floor_oldest) * kSteps;
  const auto step = static_cast<std::size_t>(table_place);
  const double fraction = table_place - static_cast<double>(step);

  double partial = 0;
  const int span = 2 * half_span_;
  const bool inside = first >= 0 && first + span <= static_cast<std::int64_t>(signs_.size());
  for (int j = 0; j < span; ++j) {
    // The oldest of them has gone furthest through the table.
    const float* q = &pulse_[step + static_cast<std::size_t>((span - 1 - j) * kSteps)];
    const double value = static_cast<double>(q[0]) + fraction * static_cast<double>(q[1] - q[0]);
    const std::int64_t sign =
        inside ? signs_[static_cast<std::size_t>(first + j)] : sign_at(first + j);
    partial += static_cast<double>(sign) * value;
  }
  return cycles_per_symbol_ * (static_cast<double>(sum_before(first)) + partial);
}

}  // namespace omnisonde::sim
