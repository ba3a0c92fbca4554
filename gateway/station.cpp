#include "gateway/station.hpp"

#include <sys/timex.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "gateway/base/system_clock.hpp"

namespace omnisonde {
namespace {

constexpr std::uint32_t kSlotsPerDevice = 1U << 24U;
constexpr std::int64_t kGpsAheadMs = 18'000;  // GPS time against UTC since 2017-01-01
constexpr std::size_t kMostReasons = 64;      // the decoders' own words: some dozens
constexpr std::int64_t kSameTimeMs = 5'000;
// What has been handed on is on disk in the outbox by then (its commit_interval_s is 0.2).
constexpr std::chrono::seconds kCommitted{3};

std::optional<GeoPosition> position_of(const StationConfig& station) {
  if (!station.latitude_deg || !station.longitude_deg) return std::nullopt;
  return GeoPosition{*station.latitude_deg, *station.longitude_deg, station.altitude_m};
}

bool lacks_orbits(const std::string& reason) {
  return reason.find("GPS ephemeris") != std::string::npos ||
         reason.find("GPS almanac") != std::string::npos ||
         reason.find("known orbits") != std::string::npos;
}

std::string describe(const Telemetry& record) {
  char text[96];
  std::snprintf(text, sizeof text, " %.3f MHz snr=%.1f dB", record.rx.frequency_hz / 1e6,
                static_cast<double>(record.rx.snr_db.value_or(0)));
  return record.type + " " + (record.serial.empty() ? "(serial not yet known)" : record.serial) +
         text;
}

}  // namespace

bool system_clock_synchronised() {
  timex query{};
  if (adjtimex(&query) != -1 && (query.status & STA_UNSYNC) == 0) return true;
  // In a container the kernel may refuse to tell; systemd-timesyncd leaves word of its own.
  std::error_code none;
  return std::filesystem::exists("/run/systemd/timesync/synchronized", none);
}

Station::Station(const Config& config, Log& log)
    : log_(log),
      encrypted_(config.decode.encrypted),
      position_(position_of(config.station)),
      plausibility_(config.filter, position_of(config.station)),
      tracks_({.timeout_s = config.decode.track_timeout_s,
               .history_s = config.web.live_history_min * 60,
               .show_encrypted = config.decode.encrypted != EncryptedMode::kIgnore},
              position_of(config.station)),
      journal_(config.storage.path.empty() ? "" : config.storage.path + "/waiting.jsonl",
               [this](const std::string& text) { log_.error(text); }) {}

void Station::set_outlets(Outlets outlets) {
  outlets_ = std::move(outlets);
  const std::scoped_lock lock(mutex_);
  std::vector<Telemetry> orphans = journal_.load();
  if (orphans.empty()) return;
  log_.info(std::to_string(orphans.size()) +
            " records of an earlier run wait for their sonde's serial");
  last_waiting_ = orphans.size();
  gate_.adopt(std::move(orphans));
}

std::uint32_t Station::global_slot(const std::string& device, std::uint32_t slot) {
  const auto [entry, is_new] =
      device_index_.try_emplace(device, static_cast<std::uint32_t>(device_index_.size()));
  return entry->second * kSlotsPerDevice + slot % kSlotsPerDevice;
}

void Station::on_records(const std::string& device, std::vector<SlotRecord> records) {
  {
    const std::scoped_lock lock(mutex_);
    const UtcMillis now = system_now();
    std::vector<Telemetry> ready;
    for (SlotRecord& record : records) {
      ++records_;
      if (outlets_.orbits_wanted && lacks_orbits(record.telemetry.hold_reason))
        outlets_.orbits_wanted();
      compare_clocks(record.telemetry);
      const std::uint32_t slot = std::exchange(record.slot_id, global_slot(device, record.slot_id));
      // One that names another sonde is not shown before that is certain.
      if (watch_.judge(record) && tracks_.add(device, slot, record.telemetry, now))
        announce(record.telemetry);
      if (record.telemetry.hold_reason == kSerialUnknown) journal_.keep(record.telemetry);
      gate_.add(std::move(record), ready);
    }
    for (const std::string& note : watch_.take_notes()) log_.warning(note);
    pass_on(ready, now);
  }
  if (outlets_.changed) outlets_.changed();
}

void Station::announce(const Telemetry& record) {
  if (!record.encrypted) {
    log_.info("track " + describe(record) + " found");
    if (lacks_orbits(record.hold_reason)) {
      log_.warning("track " + describe(record) + " has no position: " + record.hold_reason +
                   " (set [decode] gps_ephemeris to a file of GPS orbits, or to fetch)");
    }
  } else if (encrypted_ == EncryptedMode::kLog) {
    log_.info("track " + describe(record) + " is encrypted and will not be uploaded");
  }
}

void Station::pass_on(std::vector<Telemetry>& records, UtcMillis now) {
  const std::size_t waiting = gate_.waiting().size();
  if (waiting < last_waiting_) journal_stale_since_ = std::chrono::steady_clock::now();
  last_waiting_ = waiting;
  for (Telemetry& record : records) {
    if (record.hold_reason.empty()) {
      const auto fault =
          plausibility_.fault(record, clock_good() ? std::optional(now) : std::nullopt);
      if (fault) {
        record.hold_reason = fault->words;
        count_held(fault->reason);
      }
    } else {
      count_held(record.hold_reason);
    }
    ++(record.hold_reason.empty() ? passed_ : held_);
    if (outlets_.upload) outlets_.upload(record);
  }
}

void Station::count_held(const std::string& reason) {
  const bool room = held_by_reason_.size() < kMostReasons || held_by_reason_.contains(reason);
  ++held_by_reason_[room ? reason : "other"];
}

std::vector<RejectCount> Station::held() const {
  const std::scoped_lock lock(mutex_);
  std::vector<RejectCount> out;
  for (const auto& [reason, count] : held_by_reason_) out.push_back({reason, count});
  return out;
}

// A sonde's clock is GPS time from the sky. One that agrees with ours vouches for it, on stations
// that have no time daemon.
void Station::compare_clocks(const Telemetry& record) {
  if (clock_confirmed_ || !record.datetime || !record.hold_reason.empty()) return;
  const std::int64_t ahead = record.time_reference == TimeReference::kGps ? kGpsAheadMs : 0;
  clock_confirmed_ = std::abs(record.datetime->ms - ahead - record.rx.received.ms) < kSameTimeMs;
}

void Station::on_closed_slots(const std::string& device, const std::vector<std::uint32_t>& slots) {
  const std::scoped_lock lock(mutex_);
  std::vector<Telemetry> ready;
  for (const std::uint32_t slot : slots) {
    watch_.slot_closed(global_slot(device, slot));
    gate_.slot_closed(global_slot(device, slot), ready);
  }
  pass_on(ready, system_now());
}

void Station::on_slots(const std::string& device, const std::vector<SlotView>& slots) {
  const std::scoped_lock lock(mutex_);
  tracks_.update_slots(device, slots);
  std::uint64_t probing = 0;
  for (const SlotView& slot : slots) probing += slot.state == SlotState::kProbing ? 1 : 0;
  probing_[device] = probing;
}

void Station::tick() {
  const std::scoped_lock lock(mutex_);
  const UtcMillis now = system_now();
  tracks_.expire(now);
  std::vector<Telemetry> ready;
  gate_.expire_orphans(now, ready);
  pass_on(ready, now);
  if (!journal_stale_since_ ||
      std::chrono::steady_clock::now() - *journal_stale_since_ < kCommitted) {
    return;
  }
  journal_.replace(gate_.waiting());
  journal_stale_since_.reset();
}

void Station::set_position(const GeoPosition& place) {
  const std::scoped_lock lock(mutex_);
  position_ = place;
  plausibility_.set_station(place);
  tracks_.set_station(place);
}

std::optional<GeoPosition> Station::position() const {
  const std::scoped_lock lock(mutex_);
  return position_;
}

std::vector<TrackStatus> Station::tracks(bool with_paths) const {
  const std::scoped_lock lock(mutex_);
  return tracks_.tracks(with_paths);
}

std::uint64_t Station::probing() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [device, count] : probing_) sum += count;
  return sum;
}

std::vector<StageCounter> Station::counters() const {
  const std::scoped_lock lock(mutex_);
  return {{"decode", "records", "records that the decoders made", records_},
          {"tracks", "duplicates", "records heard before on another slot or receiver",
           gate_.duplicates()},
          {"tracks", "identity_doubted",
           "records whose serial or subtype differed from their flight's", watch_.doubted()},
          {"tracks", "passed", "records handed on for upload", passed_},
          {"tracks", "held", "records that must not be uploaded", held_}};
}

bool Station::clock_good() const { return clock_confirmed_ || system_clock_synchronised(); }

}  // namespace omnisonde
