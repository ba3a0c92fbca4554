#include "gateway/live_receiver.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

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

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// 40 % quantile, as the detector's floor: sondes and spurs do not lift it.
double window_noise_dbfs(std::span<const float> power) {
  std::vector<float> sorted(power.begin(), power.end());
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 2 / 5);
  std::ranges::nth_element(sorted, at);
  const double sum = static_cast<double>(*at) * static_cast<double>(sorted.size());
  return 10 * std::log10(std::max(sum, 1e-12));
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
  used_ppm_ = plan_.device.frequency_error_ppm;
  if (plan_.frequency_error_auto) {
    saved_ = text_of(plan_.crystal_path);
    crystal_.load(saved_);
    used_ppm_ = crystal_.ppm().value_or(used_ppm_);
    reader_.set_frequency_error_ppm(used_ppm_);
  }
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
    const auto before = std::chrono::steady_clock::now();
    process(*block);
    reader_.ring().end_read();
    watch_load(std::chrono::steady_clock::now() - before);
  }
}

void LiveReceiver::watch_load(std::chrono::duration<double> busy) {
  const Shed before = load_.level();
  load_.after_block(reader_.ring().waiting(), reader_.ring().size(), busy.count());
  if (load_.level() != before) band_->shed(load_.level());
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
  if (blocks_ % dsp::kBlocksPerSecond == 0) {
    keep_time(block.first_index + samples_.size());
    if (plan_.frequency_error_auto) correct_crystal();
  }
  if (clear_spurs_.exchange(false)) band_->clear_spurs();
  std::vector<SlotRecord> records;
  band_->process({samples_, block.first_index, 0}, records);
  if (plan_.frequency_error_auto) learn_crystal(records);
  if (!records.empty()) sink_.on_records(plan_.name, std::move(records));
  const auto closed = band_->take_closed_slots();
  if (!closed.empty()) sink_.on_closed_slots(plan_.name, closed);
  if (++blocks_ % kSlotReport == 0) report(band_->slots());
}

void LiveReceiver::report(const std::vector<SlotView>& slots) {
  sink_.on_slots(plan_.name, slots);
  candidates_ = band_->candidates();
  if (load_.level() < Shed::kSpectrum) publish_spectrum();
  auto spurs = band_->spurs();
  const std::scoped_lock lock(mutex_);
  spurs_ = std::move(spurs);
  images_ = band_->images();
  dc_dbfs_ = 10 * std::log10(std::max(band_->dc_power(), 1e-12));
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
  const double noise_dbfs = window_noise_dbfs(power);
  const std::scoped_lock lock(mutex_);
  noise_dbfs_ = noise_dbfs;
  next.version = spectrum_.version + 1;
  spectrum_ = std::move(next);
  if (seen > seen_before_) {
    const double share =
        static_cast<double>(clipped - clipped_before_) / static_cast<double>(seen - seen_before_);
    clipping_pct_ = 100 * share;
    if (plan_.gain_auto) care_for_gain(share, noise_dbfs);
  }
  clipped_before_ = clipped;
  seen_before_ = seen;
}

// Called with the lock held, five times a second.
void LiveReceiver::care_for_gain(double clipped, double noise_dbfs) {
  const double now_s = static_cast<double>(blocks_) / dsp::kBlocksPerSecond;
  if (!gain_) {
    const GainRange range = reader_.facts().gain_range;
    if (range.high_db <= range.low_db) return;
    gain_.emplace(range.low_db, range.high_db);
    reader_.set_gain_db(gain_->gain_db());
    return;
  }
  if (const auto gain_db = gain_->update(now_s, clipped, noise_dbfs)) reader_.set_gain_db(*gain_db);
}

void LiveReceiver::learn_crystal(const std::vector<SlotRecord>& records) {
  const std::scoped_lock lock(mutex_);
  for (const SlotRecord& r : records) {
    const Telemetry& t = r.telemetry;
    if (t.type != "RS41" || !t.tx_frequency_mhz) continue;
    crystal_.heard(t.serial, t.rx.frequency_hz, *t.tx_frequency_mhz * 1e6, used_ppm_);
  }
}

void LiveReceiver::correct_crystal() {
  const std::scoped_lock lock(mutex_);
  used_ppm_ = crystal_.approach(used_ppm_);
  reader_.set_frequency_error_ppm(used_ppm_);
}

void LiveReceiver::save() {
  if (!plan_.frequency_error_auto || plan_.crystal_path.empty()) return;
  std::string text;
  {
    const std::scoped_lock lock(mutex_);
    text = crystal_.text();
  }
  if (text == saved_) return;
  const std::string fresh = plan_.crystal_path + ".new";
  std::ofstream(fresh) << text;
  std::error_code failed;
  std::filesystem::rename(fresh, plan_.crystal_path, failed);
  if (!failed) saved_ = text;  // else again in a minute; nothing is lost but what was learnt
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
  s.gain_mode = plan_.gain_auto ? "auto" : plan_.device.gain_db ? "fixed" : "agc";
  s.frequency_error_auto = plan_.frequency_error_auto;
  s.shed = {load_.deep_decoding(), load_.search(), load_.spectrum()};
  const std::scoped_lock lock(mutex_);
  s.frequency_error_ppm = used_ppm_;
  s.frequency_error_sondes = crystal_.sondes();
  s.overloads = gain_ ? static_cast<std::uint64_t>(gain_->overloads()) : 0;
  if (noise_dbfs_ < 0) s.noise_dbfs = noise_dbfs_;
  if (dc_dbfs_ < 0 && dc_dbfs_ > -119) s.dc_dbfs = dc_dbfs_;
  s.images = images_;
  s.centre_hz = centre_hz_;
  s.clipping_pct = clipping_pct_;
  for (const SpurView& spur : spurs_)
    s.spurs.push_back({spur.frequency_hz, spur.pause_s, spur.left_s});
  return s;
}

SpectrumStatus LiveReceiver::spectrum() const {
  const std::scoped_lock lock(mutex_);
  return spectrum_;
}

}  // namespace omnisonde
