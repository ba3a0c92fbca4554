// Keeps one device open, for ever, and moves its samples into a ring.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "gateway/base/spsc_ring.hpp"
#include "gateway/device_fault.hpp"
#include "gateway/log.hpp"
#include "gateway/source_soapy.hpp"

namespace omnisonde {

/// 4 ms as the device has delivered them.
struct RawBlock {
  std::vector<std::byte> bytes;
  std::uint64_t first_index = 0;
  double centre_hz = 0;
  std::uint32_t tuning = 0;  ///< another number: the window has moved
  dsp::SampleFormat format = dsp::SampleFormat::kCu8;
};

/// Samples that never reached the decoders, by the hop where they went.
struct LossCounts {
  std::uint64_t driver = 0;  ///< overflows in the driver, and the block begun before each
  std::uint64_t queue = 0;   ///< the dsp thread was too slow
  std::uint64_t away = 0;    ///< while the device was gone
  std::uint64_t retune = 0;  ///< thrown away after moves of the window
};

/// A device as it is now.
struct DeviceFacts {
  bool healthy = false;
  std::string state;  ///< plain words
  std::optional<double> gain_db;
  GainRange gain_range;
  LossCounts lost;
  std::uint64_t overflows = 0;  ///< since the start
  std::uint64_t reopened = 0;   ///< how often it came back
  std::uint64_t retunes = 0;
};

/// Orders may come from any thread; they are carried out between two blocks, or when the device is
/// back.
class DeviceReader {
 public:
  DeviceReader(std::string name, SoapySourceOptions device, std::size_t block_samples, Log& log);
  ~DeviceReader();
  DeviceReader(const DeviceReader&) = delete;
  DeviceReader& operator=(const DeviceReader&) = delete;

  /// Before start(). @returns why the device cannot be opened; start() then goes on trying.
  Expected<void> open(double centre_hz);
  void start();
  void stop();

  [[nodiscard]] SpscRing<RawBlock>& ring() noexcept { return ring_; }

  void set_centre_hz(double centre_hz) noexcept { wanted_centre_hz_ = centre_hz; }
  void set_gain_db(double gain_db) noexcept { wanted_gain_db_ = gain_db; }
  void set_frequency_error_ppm(double ppm) noexcept { wanted_ppm_ = ppm; }

  [[nodiscard]] DeviceFacts facts() const;
  [[nodiscard]] std::uint64_t samples_in() const noexcept { return samples_in_; }

 private:
  using Clock = std::chrono::steady_clock;
  void loop(const std::stop_token& stop);
  Expected<void> read(const std::stop_token& stop);
  Expected<std::size_t> fill(std::span<std::byte> bytes, std::size_t width,
                             const std::stop_token& stop);
  void carry_out_orders();
  void reopen(const std::stop_token& stop, const Error& fault);
  bool try_to_open(std::string& complaint);
  void note_opened();
  void say(bool healthy, std::string state);

  std::string name_;
  SoapySourceOptions device_;
  std::size_t block_;
  Log& log_;
  SpscRing<RawBlock> ring_;
  std::unique_ptr<TunableSource> source_;
  std::optional<Error> fault_;  ///< of an open() that failed

  std::atomic<double> wanted_centre_hz_, wanted_gain_db_, wanted_ppm_;
  std::atomic<std::uint64_t> samples_in_{0};
  std::atomic<std::int64_t> alive_ms_{0};  ///< steady clock, when the driver last came back to us

  // Reader thread only.
  std::uint64_t next_index_ = 0, overflows_before_ = 0;
  std::uint32_t tuning_ = 0;
  double centre_hz_ = 0, gain_db_ = -1, ppm_ = 0;
  Clock::time_point opened_, last_data_;
  std::deque<Clock::time_point> faults_;
  BackOff back_off_;
  FlatLine flat_line_;
  std::string last_logged_;
  Clock::time_point logged_;

  mutable std::mutex mutex_;  ///< guards facts_
  DeviceFacts facts_;
  std::jthread thread_;
};

}  // namespace omnisonde
