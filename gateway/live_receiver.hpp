// One [sdr:NAME]: keeps its device open, moves samples from a reader thread to a dsp thread, and
// hands what is decoded to a sink. A device that dies is reopened for ever.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "gateway/band_receiver.hpp"
#include "gateway/base/spsc_ring.hpp"
#include "gateway/log.hpp"
#include "gateway/source_soapy.hpp"
#include "gateway/status.hpp"

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
  std::vector<double> windows_hz;  ///< centres; more than one: looked at in turn
  double dwell_s = 20;             ///< at each window while it holds no sonde
  BandPlan band;                   ///< rate and centre are filled in from the device
};

class LiveReceiver {
 public:
  LiveReceiver(LivePlan plan, RecordSink& sink, Log& log);
  /// Stops both threads; within about a second.
  ~LiveReceiver();
  LiveReceiver(const LiveReceiver&) = delete;
  LiveReceiver& operator=(const LiveReceiver&) = delete;

  /// Opens the device and starts. @returns the Error of a device that is not there at the start.
  Expected<void> start();
  void stop();

  [[nodiscard]] DeviceStatus status() const;
  [[nodiscard]] SpectrumStatus spectrum() const;
  [[nodiscard]] std::uint64_t samples_in() const noexcept { return samples_in_; }
  [[nodiscard]] std::size_t candidates() const noexcept { return candidates_; }
  /// Rises while the dsp thread is alive (with or without a device): food for the watchdog.
  [[nodiscard]] std::uint64_t heartbeat() const noexcept { return heartbeat_; }

 private:
  struct RawBlock {
    std::vector<std::byte> bytes;
    std::uint64_t first_index = 0;
    double centre_hz = 0;
    dsp::SampleFormat format = dsp::SampleFormat::kCu8;
  };
  void read_loop(const std::stop_token& stop);
  Expected<void> read_device(const std::stop_token& stop);
  void reopen(const std::stop_token& stop, const Error& fault);
  void follow_window();
  void dsp_loop(const std::stop_token& stop);
  void process(RawBlock& block);
  void keep_time(std::uint64_t end_index);
  void choose_window(const std::vector<SlotView>& slots);
  void publish_spectrum();
  void set_state(bool healthy, std::string state);

  LivePlan plan_;
  RecordSink& sink_;
  Log& log_;
  std::unique_ptr<TunableSource> source_;
  std::unique_ptr<BandReceiver> band_;
  std::unique_ptr<SpscRing<RawBlock>> ring_;
  std::vector<dsp::Sample> samples_;

  std::atomic<std::uint64_t> samples_in_{0}, lost_{0}, clipped_{0}, overflows_{0}, heartbeat_{0};
  std::atomic<std::size_t> candidates_{0};
  std::atomic<std::size_t> window_{0};
  std::uint64_t next_index_ = 0;  ///< reader thread
  std::size_t tuned_window_ = 0;  ///< reader thread
  std::uint64_t blocks_ = 0;      ///< dsp thread, as all below
  double window_since_s_ = 0;
  std::optional<UtcMillis> start_;
  std::uint64_t clipped_before_ = 0, seen_before_ = 0;

  mutable std::mutex mutex_;  ///< guards state_, healthy_, spectrum_, clipping_pct_, centre_hz_
  bool healthy_ = false;
  std::string state_ = "opening";
  SpectrumStatus spectrum_;
  double clipping_pct_ = 0, centre_hz_ = 0;

  std::jthread dsp_thread_, reader_thread_;
};

/// Centres of the windows that cover a band with a receiver of `sample_rate_hz`: one in the middle
/// if the band fits into the usable 85 %, else as many as it takes, evenly spread.
[[nodiscard]] std::vector<double> windows_for_band(double min_hz, double max_hz,
                                                   double sample_rate_hz);

}  // namespace omnisonde
