// One [sdr:NAME]: what its device reader delivers goes through a dsp thread, and what is decoded to
// a sink.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "gateway/band_receiver.hpp"
#include "gateway/crystal_error.hpp"
#include "gateway/device_reader.hpp"
#include "gateway/gain_control.hpp"
#include "gateway/load_guard.hpp"
#include "gateway/log.hpp"
#include "gateway/status.hpp"
#include "gateway/window_planner.hpp"

namespace omnisonde {

/// Who gets the results. Called on the dsp thread of each receiver: lock inside.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  /// @param slot ids are unique within the receiver `device`
  virtual void on_records(const std::string& device, std::vector<SlotRecord> records) = 0;
  virtual void on_closed_slots(const std::string& device,
                               const std::vector<std::uint32_t>& slots) = 0;
  /// About five times a second.
  virtual void on_slots(const std::string& device, const std::vector<SlotView>& slots) = 0;
};

struct LivePlan {
  std::string name;  ///< NAME of [sdr:NAME]
  SoapySourceOptions device;
  std::optional<double> fixed_centre_hz;  ///< the operator's; else the planner's orders count
  bool gain_auto = false;
  bool frequency_error_auto = false;
  std::string crystal_path;  ///< file that keeps what was learnt of the crystal; empty: none
  BandPlan band;             ///< rate and centre are filled in from the device
};

class LiveReceiver {
 public:
  LiveReceiver(LivePlan plan, RecordSink& sink, Log& log);
  /// Stops both threads; within about a second.
  ~LiveReceiver();
  LiveReceiver(const LiveReceiver&) = delete;
  LiveReceiver& operator=(const LiveReceiver&) = delete;

  /// Opens the device at `centre_hz`. @returns the Error of one that is not there.
  Expected<void> open(double centre_hz);
  /// After open(), whatever it returned: a device that is not there is opened when it comes.
  void start();
  void stop();

  /// Where to look from now on. Any thread, as all below.
  void set_window(double centre_hz);
  /// What the planner needs to know.
  [[nodiscard]] PlannerReceiver planner_view() const;

  /// Spurs are looked at again.
  void clear_spurs() noexcept { clear_spurs_ = true; }
  /// What was learnt of the crystal goes to disk if it is new. About once a minute.
  void save();

  [[nodiscard]] DeviceStatus status() const;
  [[nodiscard]] SpectrumStatus spectrum() const;
  [[nodiscard]] std::uint64_t samples_in() const noexcept;
  [[nodiscard]] std::size_t candidates() const noexcept { return candidates_; }
  /// Rises while the dsp thread is alive (with or without a device): food for the watchdog.
  [[nodiscard]] std::uint64_t heartbeat() const noexcept { return heartbeat_; }

 private:
  void dsp_loop(const std::stop_token& stop);
  void process(const RawBlock& block);
  void watch_load(std::chrono::duration<double> busy);
  void follow_tuning(const RawBlock& block);
  void keep_time(std::uint64_t end_index);
  void report(const std::vector<SlotView>& slots);
  void learn_crystal(const std::vector<SlotRecord>& records);
  void correct_crystal();
  void care_for_gain(double clipped, double noise_dbfs);
  void publish_spectrum();

  LivePlan plan_;
  RecordSink& sink_;
  std::unique_ptr<BandReceiver> band_;  ///< dsp thread once started
  DeviceReader reader_;
  std::vector<dsp::Sample> samples_;

  LoadGuard load_;
  std::atomic<std::uint64_t> clipped_{0}, heartbeat_{0};
  std::atomic<std::size_t> candidates_{0};
  std::atomic<bool> clear_spurs_{false};
  std::uint64_t blocks_ = 0;  ///< dsp thread, as all below
  std::uint32_t tuning_ = 0;
  std::optional<UtcMillis> start_;
  std::uint64_t clipped_before_ = 0, seen_before_ = 0;

  mutable std::mutex mutex_;  ///< guards all below
  SpectrumStatus spectrum_;
  double clipping_pct_ = 0, centre_hz_ = 0, noise_dbfs_ = 0, dc_dbfs_ = 0;
  std::uint64_t images_ = 0;
  std::vector<double> held_hz_, probed_hz_;
  std::vector<SpurView> spurs_;
  std::optional<GainControl> gain_;  ///< once the device has told its range
  CrystalError crystal_;
  double used_ppm_ = 0;
  std::string saved_;  ///< of crystal_

  std::jthread dsp_thread_;
};

/// Of a window: beyond, the device's filter falls off.
inline constexpr double kUsableShare = 0.85;

}  // namespace omnisonde
