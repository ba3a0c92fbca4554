#include "gateway/offline_receiver.hpp"

#include <cmath>

namespace omnisonde {
namespace {

constexpr double kFlush_s = 0.3;  // zeros after the last sample, so that the last frame is complete

BandPlan band_plan(const OfflinePlan& plan, double rate_hz) {
  return {.sample_rate_hz = rate_hz,
          .centre_hz = plan.centre_hz,
          .types = plan.types,
          .fixed = plan.fixed,
          .search = plan.fixed.empty(),
          .allowed = {},
          .forbidden = {},
          .max_slots = 96,
          .orbits = plan.orbits};
}

std::unique_ptr<Slot> audio_slot(const OfflinePlan& plan) {
  SlotPlan slot{
      .id = 1, .centre_hz = plan.centre_hz, .reach_hz = 0, .fixed = true, .types = plan.types};
  if (!plan.fixed.empty() && plan.fixed.front().type != nullptr)
    slot.types = receivers_of(*plan.fixed.front().type);
  slot.rate_hz = plan.sample_rate_hz;
  slot.kind = dsp::SignalKind::kFmAudio;
  slot.orbits = plan.orbits;
  return std::make_unique<Slot>(std::move(slot));
}

}  // namespace

OfflineReceiver::OfflineReceiver(OfflinePlan plan) : plan_(std::move(plan)), block_(0) {
  if (plan_.fm_audio) {
    audio_ = audio_slot(plan_);
    block_ = static_cast<std::size_t>(plan_.sample_rate_hz / 25);
    return;
  }
  double rate_hz = plan_.sample_rate_hz;
  if (!dsp::channelizer_supports(rate_hz)) {
    rate_hz = dsp::next_supported_rate(rate_hz);
    resampler_.emplace(plan_.sample_rate_hz, rate_hz);
  }
  band_ = std::make_unique<BandReceiver>(band_plan(plan_, rate_hz));
  if (plan_.start) band_->set_start(*plan_.start);
  block_ =
      resampler_ ? static_cast<std::size_t>(plan_.sample_rate_hz / 50) : band_->block_samples();
}

OfflineReceiver::~OfflineReceiver() = default;

void OfflineReceiver::process(std::span<const dsp::Sample> samples, std::vector<Telemetry>& out) {
  if (audio_) {
    process_audio(samples, out);
  } else if (resampler_) {
    process_iq(resampler_->run(samples), out);
  } else {
    band_->process({samples, static_cast<std::uint64_t>(next_index_), 0}, records_);
    next_index_ += static_cast<std::int64_t>(samples.size());
    pass_on(out);
  }
}

void OfflineReceiver::process_iq(std::span<const dsp::Sample> samples,
                                 std::vector<Telemetry>& out) {
  resampled_.insert(resampled_.end(), samples.begin(), samples.end());
  const std::size_t block = band_->block_samples();
  std::size_t used = 0;
  for (; used + block <= resampled_.size(); used += block) {
    band_->process(
        {std::span(resampled_).subspan(used, block), static_cast<std::uint64_t>(next_index_), 0},
        records_);
    next_index_ += static_cast<std::int64_t>(block);
  }
  resampled_.erase(resampled_.begin(), resampled_.begin() + static_cast<std::ptrdiff_t>(used));
  pass_on(out);
}

void OfflineReceiver::process_audio(std::span<const dsp::Sample> samples,
                                    std::vector<Telemetry>& out) {
  audio_->push(samples, next_index_);
  next_index_ += static_cast<std::int64_t>(samples.size());
  frames_.clear();
  const StreamClock clock{.rate_hz = plan_.sample_rate_hz,
                          .first_s = 0,
                          .start = plan_.start.value_or(UtcMillis{}),
                          .has_wall_clock = plan_.start.has_value()};
  audio_->process(clock, Search::kFull, frames_);
  for (GoodFrame& frame : frames_) {
    if (frame.telemetry) records_.push_back({audio_->id(), std::move(*frame.telemetry)});
  }
  pass_on(out);
}

void OfflineReceiver::pass_on(std::vector<Telemetry>& out) {
  for (SlotRecord& record : records_) {
    (void)watch_.judge(record);
    gate_.add(std::move(record), out);
  }
  records_.clear();
  if (!band_) return;
  for (const std::uint32_t id : band_->take_closed_slots()) {
    watch_.slot_closed(id);
    gate_.slot_closed(id, out);
  }
}

void OfflineReceiver::finish(std::vector<Telemetry>& out) {
  const std::vector<dsp::Sample> silence(block_);
  const auto blocks =
      static_cast<int>(std::ceil(kFlush_s * plan_.sample_rate_hz / static_cast<double>(block_)));
  for (int i = 0; i < blocks; ++i) process(silence, out);
  gate_.flush(out);
}

ChannelStats OfflineReceiver::channel_stats() const {
  if (band_) return band_->channel_stats();
  ChannelStats stats;
  for (const Slot::TypeCounts& c : audio_->counts())
    stats.add(plan_.centre_hz, c.spec->type, c.counts);
  return stats;
}

}  // namespace omnisonde
