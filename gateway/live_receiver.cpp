#include "gateway/live_receiver.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "gateway/base/system_clock.hpp"

namespace omnisonde {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRingBlocks = 64;    // 256 ms
constexpr double kUsableShare = 0.85;      // of a window: beyond, the device's filter falls off
constexpr std::uint64_t kSlotReport = 50;  // blocks: 200 ms
constexpr std::size_t kSpectrumPoints = 1200;
constexpr double kClockStep_ms = 300;
constexpr auto kFirstPause = 1s;
constexpr auto kLongestPause = 30s;

void sleep_unless_stopped(const std::stop_token& stop, std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(50ms);
}

}  // namespace

std::vector<double> windows_for_band(double min_hz, double max_hz, double sample_rate_hz) {
  const double usable = kUsableShare * sample_rate_hz;
  const auto count = static_cast<std::size_t>(std::max(1.0, std::ceil((max_hz - min_hz) / usable)));
  if (count == 1) return {(min_hz + max_hz) / 2};
  std::vector<double> centres;
  const double step = (max_hz - min_hz - usable) / static_cast<double>(count - 1);
  for (std::size_t i = 0; i < count; ++i) {
    centres.push_back(min_hz + usable / 2 + step * static_cast<double>(i));
  }
  return centres;
}

LiveReceiver::LiveReceiver(LivePlan plan, RecordSink& sink, Log& log)
    : plan_(std::move(plan)), sink_(sink), log_(log) {}

LiveReceiver::~LiveReceiver() { stop(); }

Expected<void> LiveReceiver::start() {
  plan_.device.centre_hz = plan_.windows_hz.front();
  auto opened = open_soapy_source(plan_.device);
  if (!opened) return opened.error();
  source_ = std::move(opened).value();
  const StreamInfo& info = source_->info();
  plan_.band.sample_rate_hz = info.sample_rate_hz;
  plan_.band.centre_hz = info.centre_hz;
  band_ = std::make_unique<BandReceiver>(plan_.band);
  RawBlock prototype;
  prototype.bytes.resize(band_->block_samples() * sizeof(dsp::Sample));  // the widest format
  ring_ = std::make_unique<SpscRing<RawBlock>>(kRingBlocks, prototype);
  samples_.resize(band_->block_samples());
  centre_hz_ = info.centre_hz;
  set_state(true, "receiving");
  dsp_thread_ = std::jthread([this](const std::stop_token& stop) { dsp_loop(stop); });
  reader_thread_ = std::jthread([this](const std::stop_token& stop) { read_loop(stop); });
  return {};
}

void LiveReceiver::stop() {
  reader_thread_ = {};  // the source first: what it has delivered is still worked on
  dsp_thread_ = {};
}

void LiveReceiver::set_state(bool healthy, std::string state) {
  const std::scoped_lock lock(mutex_);
  healthy_ = healthy;
  state_ = std::move(state);
}

void LiveReceiver::read_loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto result = read_device(stop);
    if (!result) reopen(stop, result.error());
  }
  source_.reset();
}

Expected<void> LiveReceiver::read_device(const std::stop_token& stop) {
  const std::size_t block = band_->block_samples();
  const std::size_t width = dsp::bytes_per_sample(source_->info().format);
  std::vector<std::byte> overflow(block * width);  // where samples go that nobody has room for
  while (!stop.stop_requested()) {
    follow_window();
    RawBlock* slot = ring_->begin_write();
    std::vector<std::byte>& bytes = slot != nullptr ? slot->bytes : overflow;
    std::size_t filled = 0;
    while (filled < block && !stop.stop_requested()) {
      const auto got =
          source_->read(std::span(bytes).subspan(filled * width, (block - filled) * width));
      if (!got) return got.error();
      if (got->lost_before > 0) {
        // What was begun before the gap goes with it: a block is one contiguous stretch.
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(filled * width),
                    got->samples * width, bytes.begin());
        next_index_ += got->lost_before + filled;
        lost_ += got->lost_before + filled;
        filled = 0;
      }
      filled += got->samples;
      samples_in_ += got->samples;
    }
    if (filled < block) return {};
    overflows_ = source_->overflows();
    if (slot == nullptr) {
      lost_ += block;
    } else {
      slot->first_index = next_index_;
      slot->centre_hz = source_->info().centre_hz;
      slot->format = source_->info().format;
      ring_->end_write();
    }
    next_index_ += block;
  }
  return {};
}

void LiveReceiver::follow_window() {
  const std::size_t wanted = window_;
  if (wanted == tuned_window_) return;
  tuned_window_ = wanted;
  const auto moved = source_->set_centre_hz(plan_.windows_hz[wanted]);
  if (!moved) log_.warning("receiver " + plan_.name + ": " + moved.error().line());
}

void LiveReceiver::reopen(const std::stop_token& stop, const Error& fault) {
  log_.error("receiver " + plan_.name + ": " + fault.line());
  source_.reset();
  const auto since = std::chrono::steady_clock::now();
  std::chrono::seconds pause = kFirstPause;
  while (!stop.stop_requested()) {
    set_state(false, fault.what + "; opening it again in " + std::to_string(pause.count()) + " s");
    sleep_unless_stopped(stop, pause);
    if (stop.stop_requested()) return;
    plan_.device.centre_hz = plan_.windows_hz[window_];
    auto opened = open_soapy_source(plan_.device);
    if (opened && (*opened)->info().sample_rate_hz == plan_.band.sample_rate_hz) {
      source_ = std::move(opened).value();
      break;
    }
    pause = std::min<std::chrono::seconds>(pause * 2, kLongestPause);
  }
  const double away_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  const auto missed = static_cast<std::uint64_t>(away_s * plan_.band.sample_rate_hz);
  next_index_ += missed;
  lost_ += missed;
  set_state(true, "receiving");
  log_.info("receiver " + plan_.name + ": receiving again");
}

void LiveReceiver::dsp_loop(const std::stop_token& stop) {
  while (true) {
    ++heartbeat_;
    RawBlock* block = ring_->begin_read(100ms);
    if (block == nullptr) {
      if (stop.stop_requested()) return;
      continue;
    }
    process(*block);
    ring_->end_read();
  }
}

void LiveReceiver::process(RawBlock& block) {
  if (block.centre_hz != band_->centre_hz()) {
    band_->retune(block.centre_hz);
    const std::scoped_lock lock(mutex_);
    centre_hz_ = block.centre_hz;
  }
  clipped_ += dsp::convert(block.format, block.bytes, samples_);
  if (blocks_ % dsp::kBlocksPerSecond == 0) keep_time(block.first_index + samples_.size());
  std::vector<SlotRecord> records;
  band_->process({samples_, block.first_index, 0}, records);
  if (!records.empty()) sink_.on_records(plan_.name, std::move(records));
  const auto closed = band_->take_closed_slots();
  if (!closed.empty()) sink_.on_closed_slots(plan_.name, closed);
  if (++blocks_ % kSlotReport == 0) {
    const auto slots = band_->slots();
    sink_.on_slots(plan_.name, slots);
    candidates_ = band_->candidates();
    choose_window(slots);
    publish_spectrum();
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

// A window that holds a sonde is never left; the others are looked at in turn.
void LiveReceiver::choose_window(const std::vector<SlotView>& slots) {
  if (plan_.windows_hz.size() < 2) return;
  const double now_s = static_cast<double>(blocks_) / dsp::kBlocksPerSecond;
  const bool occupied =
      std::ranges::any_of(slots, [](const SlotView& s) { return s.state != SlotState::kProbing; });
  if (occupied) window_since_s_ = now_s;
  if (now_s - window_since_s_ < plan_.dwell_s) return;
  window_since_s_ = now_s;
  window_ = (window_ + 1) % plan_.windows_hz.size();
}

void LiveReceiver::publish_spectrum() {
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
  const std::uint64_t seen = samples_in_, clipped = clipped_;
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

DeviceStatus LiveReceiver::status() const {
  const std::scoped_lock lock(mutex_);
  DeviceStatus s;
  s.name = plan_.name;
  s.driver = plan_.device.driver + (plan_.device.serial.empty() ? "" : " " + plan_.device.serial);
  s.healthy = healthy_;
  s.state = state_;
  s.sample_rate_hz = plan_.band.sample_rate_hz;
  s.centre_hz = centre_hz_;
  s.gain_db = plan_.device.gain_db;
  s.frequency_error_ppm = plan_.device.frequency_error_ppm;
  s.lost_samples = lost_;
  s.overflows = overflows_;
  s.clipping_pct = clipping_pct_;
  return s;
}

SpectrumStatus LiveReceiver::spectrum() const {
  const std::scoped_lock lock(mutex_);
  return spectrum_;
}

}  // namespace omnisonde
