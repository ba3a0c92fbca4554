#include "simulator/live_stream.hpp"

#include <cmath>
#include <thread>
#include <utility>

#include "simulator/truth_json.hpp"

namespace omnisonde::sim {
namespace {

// What librtlsdr's usual 15 buffers of 256 kB hold at 2.4 MS/s is 0.8 s; SoapyRTLSDR keeps half.
constexpr double kBuffered_s = 0.5;
constexpr double kForcedLoss_s = 0.05;
constexpr double kGarbage_s = 1;

}  // namespace

LiveStream::LiveStream(Scenario scenario, LiveOptions options, StreamGenerator generator)
    : scenario_(std::move(scenario)),
      options_(std::move(options)),
      generator_(std::move(generator)),
      next_overflow_s_(options_.faults.overflow_every_s.value_or(0)),
      control_(options_.faults.control_path) {}

Expected<std::unique_ptr<LiveStream>> LiveStream::create(Scenario scenario, LiveOptions options) {
  Expected<StreamGenerator> generator = StreamGenerator::create(scenario);
  if (!generator) return generator.error();
  std::unique_ptr<LiveStream> stream(
      new LiveStream(std::move(scenario), std::move(options), std::move(generator).value()));
  if (!stream->options_.truth_path.empty()) {
    stream->truth_.open(stream->options_.truth_path);
    if (!stream->truth_) {
      return Error{"cannot write " + stream->options_.truth_path, "check folder and rights"};
    }
  }
  return stream;
}

void LiveStream::start() {
  const std::scoped_lock lock(mutex_);
  if (!started_) {
    started_ = true;
    // Made anew, so that `start = now` means the moment when samples begin to flow.
    Expected<StreamGenerator> fresh = StreamGenerator::create(scenario_);
    if (fresh) {
      fresh->set_centre_hz(generator_.centre_hz());
      fresh->set_gain(generator_.gain());
      const bool rate_taken = fresh->set_sample_rate_hz(generator_.sample_rate_hz()).ok();
      if (rate_taken) generator_ = std::move(fresh).value();
    }
    first_start_ = Clock::now();
  } else if (options_.pace) {
    const double behind_s = due_s() - generator_.time_s();
    if (behind_s > 0) lose(behind_s);
  }
}

double LiveStream::due_s() const {
  return std::chrono::duration<double>(Clock::now() - first_start_).count();
}

bool LiveStream::wait_until(double until_s, Clock::time_point deadline) const {
  const auto due = first_start_ + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(until_s));
  std::this_thread::sleep_until(std::min(due, deadline));
  return due <= deadline;
}

LiveRead LiveStream::lose(double seconds) {
  generator_.skip(static_cast<std::uint64_t>(seconds * generator_.sample_rate_hz()));
  return {LiveRead::Status::kOverflow, generator_.time_s()};
}

std::optional<LiveRead> LiveStream::controlled_fault(double now_s, Clock::time_point deadline) {
  const ControlledFault word = control_.now();
  if (word == ControlledFault::kGone) return LiveRead{LiveRead::Status::kBroken, now_s};
  stuck_ = stuck_ || word == ControlledFault::kStall;
  flat_ = flat_ || word == ControlledFault::kFlat;
  if (stuck_) {
    std::this_thread::sleep_until(deadline);
    return LiveRead{LiveRead::Status::kTimeout, now_s};
  }
  if (word == ControlledFault::kOverflow && now_s >= next_overflow_s_) {
    next_overflow_s_ = now_s + 2 * kForcedLoss_s;
    const std::scoped_lock lock(mutex_);
    return lose(kForcedLoss_s);
  }
  return std::nullopt;
}

// Samples that a receiver out of order delivers.
void LiveStream::spoil(double now_s, std::span<dsp::Sample> out) {
  const std::optional<double> from_s = options_.faults.garbage_at_s;
  const bool garbage = (from_s && now_s >= *from_s && now_s < *from_s + kGarbage_s) ||
                       control_.now() == ControlledFault::kGarbage;
  for (dsp::Sample& sample : out) {
    if (garbage) {
      const double i = 2 * garbage_.uniform() - 1;
      const double q = 2 * garbage_.uniform() - 1;
      sample = {static_cast<float>(i), static_cast<float>(q)};
    } else if (flat_) {
      sample = {};
    }
  }
}

std::optional<LiveRead> LiveStream::fault(double now_s, Clock::time_point deadline) {
  if (const auto read = controlled_fault(now_s, deadline)) return read;
  const LiveFaults& faults = options_.faults;
  if (faults.unplug_at_s && now_s >= *faults.unplug_at_s) {
    return LiveRead{LiveRead::Status::kBroken, now_s};
  }
  if (faults.stall_at_s && now_s >= *faults.stall_at_s) {
    std::this_thread::sleep_until(deadline);
    return LiveRead{LiveRead::Status::kTimeout, now_s};
  }
  if (faults.overflow_every_s && now_s >= next_overflow_s_) {
    next_overflow_s_ += *faults.overflow_every_s;
    const std::scoped_lock lock(mutex_);
    return lose(kForcedLoss_s);
  }
  return std::nullopt;
}

LiveRead LiveStream::read(std::span<dsp::Sample> out, std::chrono::microseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  std::unique_lock lock(mutex_);
  const double now_s = generator_.time_s();
  const double end_s = now_s + static_cast<double>(out.size()) / generator_.sample_rate_hz();
  lock.unlock();
  if (const auto read = fault(now_s, deadline)) return *read;
  if (options_.pace && !wait_until(end_s, deadline)) {
    return {LiveRead::Status::kTimeout, now_s};
  }

  lock.lock();
  const double behind_s = options_.pace ? due_s() - end_s : 0;
  if (behind_s > kBuffered_s) return lose(due_s() - now_s);
  generator_.next_block(out);
  write_truth();
  spoil(now_s, out);
  return {LiveRead::Status::kSamples, now_s};
}

void LiveStream::write_truth() {
  if (!truth_.is_open()) return;
  for (const Telemetry& record : generator_.take_truth()) {
    truth_ << truth_json_line(record) << std::endl;  // flushed: tests read it while we run
  }
}

void LiveStream::set_centre_hz(double centre_hz) {
  const std::scoped_lock lock(mutex_);
  generator_.set_centre_hz(centre_hz);
}

Expected<void> LiveStream::set_sample_rate_hz(double rate_hz) {
  const std::scoped_lock lock(mutex_);
  return generator_.set_sample_rate_hz(rate_hz);
}

double LiveStream::sample_rate_hz() {
  const std::scoped_lock lock(mutex_);
  return generator_.sample_rate_hz();
}

void LiveStream::set_gain(float gain) {
  const std::scoped_lock lock(mutex_);
  generator_.set_gain(gain);
}

}  // namespace omnisonde::sim
