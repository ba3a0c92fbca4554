// Where the receivers' records meet: each frame once, judged, shown and handed to the uploader.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "gateway/config.hpp"
#include "gateway/identity_watch.hpp"
#include "gateway/live_receiver.hpp"
#include "gateway/log.hpp"
#include "gateway/plausibility.hpp"
#include "gateway/record_gate.hpp"
#include "gateway/track_table.hpp"
#include "gateway/waiting_journal.hpp"

namespace omnisonde {

/// Thread-safe: receivers call from their dsp threads, the page from its own.
class Station final : public RecordSink {
 public:
  struct Outlets {
    std::function<void(const Telemetry&)> upload;  ///< may be empty
    std::function<void()> changed;                 ///< a track has changed; may be empty
    std::function<void()>
        orbits_wanted;  ///< a sonde has no position for want of orbits; may be empty
  };
  Station(const Config& config, Log& log);

  /// Before the receivers start. Takes up what an earlier run has left waiting for serials.
  void set_outlets(Outlets outlets);

  void on_records(const std::string& device, std::vector<SlotRecord> records) override;
  void on_closed_slots(const std::string& device, const std::vector<std::uint32_t>& slots) override;
  void on_slots(const std::string& device, const std::vector<SlotView>& slots) override;

  /// Tracks time out, the journal of waiting records is tidied. Call about once a second.
  void tick();

  /// The station's place, from the settings or, later, from gpsd.
  void set_position(const GeoPosition& place);
  [[nodiscard]] std::optional<GeoPosition> position() const;

  [[nodiscard]] std::vector<TrackStatus> tracks(bool with_paths) const;
  [[nodiscard]] std::uint64_t probing() const;
  [[nodiscard]] std::vector<StageCounter> counters() const;
  /// Records that must not be uploaded, by reason: the decoders' and the filters'.
  [[nodiscard]] std::vector<RejectCount> held() const;

  /// Our wall clock can be trusted: the system says that it is synchronised, or a sonde's GPS time
  /// has agreed with it within seconds. Takes no lock: the uploader asks from within its calls.
  [[nodiscard]] bool clock_good() const;
  /// The wall clock has jumped: what a sonde once said for it no longer holds. Takes no lock.
  void doubt_clock() { clock_confirmed_ = false; }

 private:
  [[nodiscard]] std::uint32_t global_slot(const std::string& device, std::uint32_t slot);
  void pass_on(std::vector<Telemetry>& records, UtcMillis now);
  void compare_clocks(const Telemetry& record);
  void announce(const Telemetry& record);
  void count_held(const std::string& reason);

  Log& log_;
  EncryptedMode encrypted_;
  Outlets outlets_;
  mutable std::mutex mutex_;
  std::optional<GeoPosition> position_;
  IdentityWatch watch_;
  RecordGate gate_;
  Plausibility plausibility_;
  TrackTable tracks_;
  WaitingJournal journal_;
  std::size_t last_waiting_ = 0;
  /// Since when the journal may hold records that no longer wait.
  std::optional<std::chrono::steady_clock::time_point> journal_stale_since_;
  std::map<std::string, std::uint32_t> device_index_;
  std::map<std::string, std::uint64_t> probing_;
  std::uint64_t records_ = 0, passed_ = 0, held_ = 0;
  std::map<std::string, std::uint64_t> held_by_reason_;
  std::atomic<bool> clock_confirmed_{false};
};

/// The kernel's word on the system clock (adjtimex).
[[nodiscard]] bool system_clock_synchronised();

}  // namespace omnisonde
