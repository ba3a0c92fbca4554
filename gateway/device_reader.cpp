#include "gateway/device_reader.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace omnisonde {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRingBlocks = 64;  // 256 ms
constexpr double kBlock_s = 0.004;
constexpr auto kManyFaults = 10min;
constexpr auto kSameLine = 1min;  // a fault that repeats is logged so often
constexpr std::int64_t kHungMs = 3000;

RawBlock empty_block(std::size_t samples) {
  RawBlock block;
  block.bytes.resize(samples * sizeof(dsp::Sample));  // the widest format
  return block;
}

std::string seconds_text(double seconds) {
  char text[24];
  std::snprintf(text, sizeof text, "%.1f s", seconds);
  return text;
}

void sleep_unless_stopped(const std::stop_token& stop, double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!stop.stop_requested() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(20ms);
}

std::int64_t steady_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

DeviceReader::DeviceReader(std::string name, SoapySourceOptions device, std::size_t block_samples,
                           Log& log)
    : name_(std::move(name)),
      device_(std::move(device)),
      block_(block_samples),
      log_(log),
      ring_(kRingBlocks, empty_block(block_samples)),
      wanted_centre_hz_(device_.centre_hz),
      wanted_gain_db_(device_.gain_db.value_or(-1)),
      wanted_ppm_(device_.frequency_error_ppm) {
  say(false, "opening");
}

DeviceReader::~DeviceReader() { stop(); }

Expected<void> DeviceReader::open(double centre_hz) {
  device_.centre_hz = centre_hz_ = centre_hz;
  wanted_centre_hz_ = centre_hz;
  auto opened = open_soapy_source(device_);
  if (!opened) {
    fault_ = opened.error();
    return opened.error();
  }
  source_ = std::move(opened).value();
  note_opened();
  return {};
}

void DeviceReader::start() {
  last_data_ = Clock::now();
  thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

void DeviceReader::stop() { thread_ = {}; }

void DeviceReader::say(bool healthy, std::string state) {
  const std::scoped_lock lock(mutex_);
  facts_.healthy = healthy;
  facts_.state = std::move(state);
}

DeviceFacts DeviceReader::facts() const {
  const std::scoped_lock lock(mutex_);
  DeviceFacts facts = facts_;
  const std::int64_t silent_ms = steady_ms() - alive_ms_;
  if (facts.healthy && alive_ms_ > 0 && silent_ms > kHungMs) {
    facts.healthy = false;
    facts.state = "its driver has not answered for " +
                  seconds_text(static_cast<double>(silent_ms) / 1000) +
                  " (likely: USB cable, hub or power supply; replug it)";
  }
  return facts;
}

void DeviceReader::note_opened() {
  opened_ = Clock::now();
  alive_ms_ = steady_ms();
  flat_line_ = {};
  centre_hz_ = device_.centre_hz;
  gain_db_ = device_.gain_db.value_or(-1);
  ppm_ = device_.frequency_error_ppm;
  const std::scoped_lock lock(mutex_);
  facts_.healthy = true;
  facts_.state = "receiving";
  facts_.gain_db = device_.gain_db;
  facts_.gain_range = source_->gain_range();
}

void DeviceReader::loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!source_) {
      reopen(stop, fault_.value_or(Error{}));
      continue;
    }
    const auto result = read(stop);
    if (!result) reopen(stop, result.error());
  }
  source_.reset();
}

// What was begun before a gap goes with it: a block is one contiguous stretch.
Expected<std::size_t> DeviceReader::fill(std::span<std::byte> bytes, std::size_t width,
                                         const std::stop_token& stop) {
  std::size_t filled = 0;
  while (filled < block_ && !stop.stop_requested()) {
    const auto got = source_->read(bytes.subspan(filled * width, (block_ - filled) * width));
    if (!got) return got.error();
    alive_ms_ = steady_ms();
    const std::uint64_t missing = got->lost_before + got->retuned_before;
    if (missing > 0) {
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(filled * width), got->samples * width,
                  bytes.begin());
      next_index_ += missing + filled;
      const std::scoped_lock lock(mutex_);
      facts_.lost.driver += got->lost_before + (got->lost_before > 0 ? filled : 0);
      facts_.lost.retune += got->retuned_before + (got->lost_before > 0 ? 0 : filled);
      filled = 0;
    }
    filled += got->samples;
    samples_in_ += got->samples;
  }
  return filled;
}

Expected<void> DeviceReader::read(const std::stop_token& stop) {
  const std::size_t width = dsp::bytes_per_sample(source_->info().format);
  std::vector<std::byte> overflow(block_ * width);  // where samples go that nobody has room for
  while (!stop.stop_requested()) {
    carry_out_orders();
    RawBlock* slot = ring_.begin_write();
    const auto bytes = slot != nullptr ? std::span(slot->bytes) : std::span(overflow);
    const auto filled = fill(bytes, width, stop);
    if (!filled) return filled.error();
    if (*filled < block_) return {};
    last_data_ = Clock::now();
    if (flat_line_.flat(bytes.first(block_ * width), width, kBlock_s)) {
      return Error{source_->info().name + " delivers one value only, 2 s long", "replug it"};
    }
    if (slot != nullptr) {
      slot->first_index = next_index_;
      slot->centre_hz = source_->info().centre_hz;
      slot->tuning = tuning_;
      slot->format = source_->info().format;
      ring_.end_write();
    }
    next_index_ += block_;
    const std::scoped_lock lock(mutex_);
    if (slot == nullptr) facts_.lost.queue += block_;
    facts_.overflows = overflows_before_ + source_->overflows();
  }
  return {};
}

void DeviceReader::carry_out_orders() {
  const double ppm = wanted_ppm_;
  if (ppm != ppm_) source_->set_frequency_error_ppm(ppm);
  ppm_ = ppm;
  if (const double gain_db = wanted_gain_db_; gain_db >= 0 && gain_db != gain_db_) {
    gain_db_ = gain_db;
    const auto done = source_->set_gain_db(gain_db);
    if (!done) log_.warning("receiver " + name_ + ": " + done.error().line());
    const std::scoped_lock lock(mutex_);
    facts_.gain_db = gain_db;
  }
  const double centre_hz = wanted_centre_hz_;
  if (centre_hz == centre_hz_) return;
  centre_hz_ = centre_hz;
  const auto moved = source_->set_centre_hz(centre_hz);
  if (!moved) {
    log_.warning("receiver " + name_ + ": " + moved.error().line());
    return;
  }
  ++tuning_;
  const std::scoped_lock lock(mutex_);
  ++facts_.retunes;
}

bool DeviceReader::try_to_open(std::string& complaint) {
  device_.centre_hz = wanted_centre_hz_;
  if (wanted_gain_db_ >= 0) device_.gain_db = wanted_gain_db_;
  device_.frequency_error_ppm = wanted_ppm_;
  auto opened = open_soapy_source(device_);
  if (!opened) {
    complaint = opened.error().line();
    return false;
  }
  source_ = std::move(opened).value();
  if (device_.centre_hz != centre_hz_) ++tuning_;
  return true;
}

void DeviceReader::reopen(const std::stop_token& stop, const Error& fault) {
  if (source_) {
    back_off_.worked(std::chrono::duration<double>(Clock::now() - opened_).count());
    overflows_before_ += source_->overflows();
    source_.reset();
  }
  faults_.push_back(Clock::now());
  while (faults_.front() < Clock::now() - kManyFaults) faults_.pop_front();
  std::string complaint = fault.what;
  const auto now_text = [&] {
    return complaint + " (likely: " + likely_cause(complaint, static_cast<int>(faults_.size())) +
           ")";
  };
  const bool log_it = fault.what != last_logged_ || Clock::now() - logged_ > kSameLine;
  if (log_it) {
    logged_ = Clock::now();
    last_logged_ = fault.what;
    log_.error("receiver " + name_ + ": " + now_text());
  }
  while (!stop.stop_requested()) {
    const double pause_s = back_off_.next_s();
    say(false, now_text() + "; opening it again every " + seconds_text(pause_s));
    sleep_unless_stopped(stop, pause_s);
    if (stop.stop_requested()) return;
    if (try_to_open(complaint)) break;
  }
  if (!source_) return;
  const double away_s = std::chrono::duration<double>(Clock::now() - last_data_).count();
  const auto missed = static_cast<std::uint64_t>(away_s * device_.sample_rate_hz);
  next_index_ += missed;
  note_opened();
  {
    const std::scoped_lock lock(mutex_);
    facts_.lost.away += missed;
    ++facts_.reopened;
  }
  if (log_it) log_.info("receiver " + name_ + ": receiving again after " + seconds_text(away_s));
}

}  // namespace omnisonde
