#include "gateway/live_receiver.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "gateway/base/system_clock.hpp"

namespace omnisonde {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSlotReport = 50;  // blocks: 200 ms
constexpr std::size_t kSpectrumPoints = 1200;
constexpr double kClockStep_ms = 300;

std::size_t block_samples(const LivePlan& plan) {
  return static_cast<std::size_t>(plan.device.sample_rate_hz) / dsp::kBlocksPerSecond;
}

}  // namespace

LiveReceiver::LiveReceiver(LivePlan plan, RecordSink& sink, Log& log)
    : plan_(std::move(plan)),
      sink_(sink),
      reader_(plan_.name, plan_.device, block_samples(plan_), log),
      samples_(block_samples(plan_)) {
  plan_.band.sample_rate_hz = plan_.device.sample_rate_hz;
}

LiveReceiver::~LiveReceiver() { stop(); }

Expected<void> LiveReceiver::open(double centre_hz) {
  plan_.band.centre_hz = centre_hz;
  centre_hz_ = centre_hz;
  return reader_.open(centre_hz);
}

void LiveReceiver::start() {
  band_ = std::make_unique<BandReceiver>(plan_.band);
  dsp_thread_ = std::jthread([this](const std::stop_token& stop) { dsp_loop(stop); });
  reader_.start();
}

void LiveReceiver::stop() {
  reader_.stop();  // the source first: what it has delivered is still worked on
  dsp_thread_ = {};
}

void LiveReceiver::set_window(double centre_hz) { reader_.set_centre_hz(centre_hz); }

std::uint64_t LiveReceiver::samples_in() const noexcept { return reader_.samples_in(); }

void LiveReceiver::dsp_loop(const std::stop_token& stop) {
  while (true) {
    ++heartbeat_;
    const RawBlock* block = reader_.ring().begin_read(100ms);
    if (block == nullptr) {
      if (stop.stop_requested()) return;
      continue;
    }
    process(*block);
    reader_.ring().end_read();
  }
}

void LiveReceiver::follow_tuning(const RawBlock& block) {
  if (block.tuning != tuning_) {
    tuning_ = block.tuning;
    band_->retune(block.centre_hz);
  } else if (block.centre_hz != band_->centre_hz()) {
    band_->correct_centre(block.centre_hz);
  } else {
    return;
  }
  const std::scoped_lock lock(mutex_);
  centre_hz_ = block.centre_hz;
}

void LiveReceiver::process(const RawBlock& block) {
  follow_tuning(block);
  clipped_ += dsp::convert(block.format, block.bytes, samples_);
  if (blocks_ % dsp::kBlocksPerSecond == 0) keep_time(block.first_index + samples_.size());
  std::vector<SlotRecord> records;
  band_->process({samples_, block.first_index, 0}, records);
  if (!records.empty()) sink_.on_records(plan_.name, std::move(records));
  const auto closed = band_->take_closed_slots();
  if (!closed.empty()) sink_.on_closed_slots(plan_.name, closed);
  if (++blocks_ % kSlotReport == 0) report(band_->slots());
}

void LiveReceiver::report(const std::vector<SlotView>& slots) {
  sink_.on_slots(plan_.name, slots);
  candidates_ = band_->candidates();
  publish_spectrum();
  const std::scoped_lock lock(mutex_);
  held_hz_.clear();
  probed_hz_.clear();
  for (const SlotView& slot : slots) {
    (slot.state == SlotState::kProbing ? probed_hz_ : held_hz_).push_back(slot.frequency_hz);
  }
}

// Stream time counts samples; the crystal that counts them runs wrong by some ppm, and the wall
// clock may be set. The start is moved when the two have drifted apart.
void LiveReceiver::keep_time(std::uint64_t end_index) {
  const double stream_ms = static_cast<double>(end_index) / plan_.band.sample_rate_hz * 1000;
  const UtcMillis start{system_now().ms - static_cast<std::int64_t>(stream_ms)};
  if (start_ && std::abs(static_cast<double>(start.ms - start_->ms)) < kClockStep_ms) return;
  start_ = start;
  band_->set_start(start);
}

void LiveReceiver::publish_spectrum() {
  if (!band_->spectrum().any()) return;
  const auto power = band_->spectrum().fast();
  const std::size_t points = std::min(kSpectrumPoints, power.size());
  SpectrumStatus next;
  next.device = plan_.name;
  next.centre_hz = band_->centre_hz();
  next.span_hz = plan_.band.sample_rate_hz;
  next.power_db.resize(points);
  for (std::size_t i = 0; i < points; ++i) {
    // The strongest bin of each point, so that a narrow sonde is not averaged away.
    float peak = 1e-20F;
    for (std::size_t k = i * power.size() / points; k < (i + 1) * power.size() / points; ++k) {
      peak = std::max(peak, power[k]);
    }
    next.power_db[i] = 10 * std::log10(peak);
  }
  const std::uint64_t seen = samples_in(), clipped = clipped_;
  const std::scoped_lock lock(mutex_);
  next.version = spectrum_.version + 1;
  spectrum_ = std::move(next);
  if (seen > seen_before_) {
    clipping_pct_ = 100.0 * static_cast<double>(clipped - clipped_before_) /
                    static_cast<double>(seen - seen_before_);
  }
  clipped_before_ = clipped;
  seen_before_ = seen;
}

PlannerReceiver LiveReceiver::planner_view() const {
  const bool healthy = reader_.facts().healthy;
  const std::scoped_lock lock(mutex_);
  return {.name = plan_.name,
          .usable_hz = kUsableShare * plan_.device.sample_rate_hz,
          .healthy = healthy,
          .fixed_centre_hz = plan_.fixed_centre_hz,
          .centre_hz = centre_hz_,
          .held_hz = held_hz_,
          .probed_hz = probed_hz_};
}

DeviceStatus LiveReceiver::status() const {
  const DeviceFacts facts = reader_.facts();
  DeviceStatus s;
  s.name = plan_.name;
  s.driver = plan_.device.driver + (plan_.device.serial.empty() ? "" : " " + plan_.device.serial);
  s.healthy = facts.healthy;
  s.state = facts.state;
  s.sample_rate_hz = plan_.device.sample_rate_hz;
  s.gain_db = facts.gain_db;
  s.frequency_error_ppm = plan_.device.frequency_error_ppm;
  s.bias_tee = plan_.device.bias_tee;
  s.lost_driver = facts.lost.driver;
  s.lost_queue = facts.lost.queue;
  s.lost_away = facts.lost.away;
  s.lost_retune = facts.lost.retune;
  s.lost_samples = facts.lost.driver + facts.lost.queue + facts.lost.away;
  s.overflows = facts.overflows;
  s.reopened = facts.reopened;
  s.retunes = facts.retunes;
  s.clipped_samples = clipped_;
  const std::scoped_lock lock(mutex_);
  s.centre_hz = centre_hz_;
  s.clipping_pct = clipping_pct_;
  return s;
}

SpectrumStatus LiveReceiver::spectrum() const {
  const std::scoped_lock lock(mutex_);
  return spectrum_;
}

}  // namespace omnisonde
