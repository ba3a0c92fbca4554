// A scenario in real time, as a receiver's driver would hand it out: paced by the clock, lossy when
// the reader is late, and with faults on purpose.
#pragma once

#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "dsp/fft.hpp"
#include "gateway/base/expected.hpp"
#include "simulator/fault_control.hpp"
#include "simulator/gaussian.hpp"
#include "simulator/scenario.hpp"
#include "simulator/stream_generator.hpp"

namespace omnisonde::sim {

/// Faults on purpose; times in s of stream time.
struct LiveFaults {
  std::optional<double> stall_at_s;        ///< from here on nothing comes, only time-outs
  std::optional<double> unplug_at_s;       ///< from here on every read fails
  std::optional<double> overflow_every_s;  ///< 50 ms are lost this often
  std::optional<double> garbage_at_s;      ///< one second of full-scale random samples
  std::string control_path;                ///< file that says what is the matter now; empty: none
};

struct LiveOptions {
  bool pace = true;        ///< deliver in real time; otherwise as fast as it is read
  std::string truth_path;  ///< JSON lines of what was sent (docs/simulator.md); empty = none
  LiveFaults faults;
};

struct LiveRead {
  enum class Status { kSamples, kTimeout, kOverflow, kBroken };
  Status status = Status::kTimeout;
  double time_s = 0;  ///< stream time of the first sample, or of the next one
};

/// Settings and read() may be used from different threads. Stream time begins with the first
/// start() and goes on while stopped, as it does for a real sonde.
class LiveStream {
 public:
  /// @returns an Error for a scenario that cannot be sent or a truth file that cannot be written.
  static Expected<std::unique_ptr<LiveStream>> create(Scenario scenario, LiveOptions options);

  void start();

  /// Fills `out` with samples that are due; waits for them at most `timeout`.
  LiveRead read(std::span<dsp::Sample> out, std::chrono::microseconds timeout);

  void set_centre_hz(double centre_hz);
  /// @returns an Error for rates that cannot be made.
  Expected<void> set_sample_rate_hz(double rate_hz);
  [[nodiscard]] double sample_rate_hz();
  void set_gain(float gain);

  [[nodiscard]] const StreamSpec& spec() const { return scenario_.stream; }

 private:
  using Clock = std::chrono::steady_clock;

  LiveStream(Scenario scenario, LiveOptions options, StreamGenerator generator);

  [[nodiscard]] double due_s() const;
  /// @returns false when `until_s` of stream time did not come within the time limit.
  bool wait_until(double until_s, Clock::time_point deadline) const;
  std::optional<LiveRead> fault(double now_s, Clock::time_point deadline);
  std::optional<LiveRead> controlled_fault(double now_s, Clock::time_point deadline);
  LiveRead lose(double seconds);
  void spoil(double now_s, std::span<dsp::Sample> out);
  void write_truth();

  Scenario scenario_;
  LiveOptions options_;
  std::mutex mutex_;  // guards generator_, and all below it
  StreamGenerator generator_;
  Xoshiro256 garbage_{1};
  std::ofstream truth_;
  bool started_ = false;
  Clock::time_point first_start_{};
  double next_overflow_s_ = 0;
  FaultControl control_;
  bool stuck_ = false, flat_ = false;  // until it is opened anew
};

}  // namespace omnisonde::sim
