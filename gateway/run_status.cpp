#include "gateway/run_status.hpp"

#include "gateway/base/system_clock.hpp"
#include "uploader/record.hpp"

namespace omnisonde {
namespace {

OutputStatus output_status(const uploader::OutputStatus& from, UtcMillis now) {
  OutputStatus out;
  out.name = from.name;
  out.healthy = from.ok;
  out.state = from.state;
  out.queued = from.waiting;
  out.delivered = from.delivered;
  for (const uploader::ReasonCount& r : from.rejected)
    out.rejected.push_back({r.words, r.count, r.key});
  if (from.last_success_age_s) {
    out.last_success =
        UtcMillis{now.ms - static_cast<std::int64_t>(*from.last_success_age_s * 1000)};
  }
  out.last_error = from.last_error;
  for (const uploader::RefusedRecord& r : from.refused_last) {
    out.refused_last.push_back({r.at, r.serial, r.words, r.frame});
  }
  out.latency.bounds_s.assign(uploader::LatencyCounts::kBounds_s.begin(),
                              uploader::LatencyCounts::kBounds_s.end());
  out.latency.counts.assign(from.latency.bins.begin(), from.latency.bins.end());
  out.latency.sum_s = from.latency.sum_s;
  return out;
}

void add_losses(DeviceStatus& sum, const DeviceStatus& d) {
  sum.lost_samples += d.lost_samples;
  sum.lost_driver += d.lost_driver;
  sum.lost_queue += d.lost_queue;
  sum.lost_away += d.lost_away;
  sum.lost_retune += d.lost_retune;
  sum.retunes += d.retunes;
  sum.overflows += d.overflows;
  sum.reopened += d.reopened;
  sum.clipped_samples += d.clipped_samples;
  sum.shed.deep_decoding += d.shed.deep_decoding;
  sum.shed.search += d.shed.search;
  sum.shed.spectrum += d.shed.spectrum;
}

void put_losses(const DeviceStatus& sum, std::vector<StageCounter>& out) {
  const auto put = [&out](const char* name, const char* help, std::uint64_t value) {
    out.push_back({"rx", name, help, value});
  };
  put("lost_samples", "samples lost between antenna and decoder", sum.lost_samples);
  put("lost_driver_samples", "samples lost in the driver", sum.lost_driver);
  put("lost_queue_samples", "samples lost for want of computing power", sum.lost_queue);
  put("lost_away_samples", "samples missed while a device was gone", sum.lost_away);
  put("retune_samples", "samples thrown away when the window moved", sum.lost_retune);
  put("retunes", "moves of a window", sum.retunes);
  put("overflows", "times the driver reported a loss", sum.overflows);
  put("reopened", "times a device was gone and came back", sum.reopened);
  put("clipped_samples", "samples at full scale", sum.clipped_samples);
  const auto shed = [&out](const char* name, const char* help, std::uint64_t value) {
    out.push_back({"shed", name, help, value});
  };
  shed("deep_decoding", "times that weak frames were given up early: overload",
       sum.shed.deep_decoding);
  shed("search", "times that no sondes were looked for: overload", sum.shed.search);
  shed("spectrum", "times that the picture of the band stood still: overload", sum.shed.spectrum);
}

}  // namespace

RunStatus::RunStatus(const Config& config, const Station& station, const BandWatch& band,
                     const uploader::Uploader& uploader, const uploader::Feeds& feeds,
                     const Log& log)
    : config_(config),
      station_(station),
      band_(band),
      uploader_(uploader),
      feeds_(feeds),
      log_(log),
      started_(std::chrono::steady_clock::now()) {}

void RunStatus::set_receivers(const std::vector<std::unique_ptr<LiveReceiver>>& receivers) {
  const std::scoped_lock lock(mutex_);
  receivers_.clear();
  for (const auto& receiver : receivers) receivers_.push_back(receiver.get());
}

void RunStatus::set_orbits(const OrbitShelf* shelf, const OrbitFetch* fetch) {
  orbit_shelf_ = shelf;
  orbit_fetch_ = fetch;
}

StageHealth RunStatus::orbits() const {
  if (orbit_fetch_ != nullptr) {
    const bool ok = !orbit_fetch_->failing();
    return {"GPS orbits", ok, ok ? "" : orbit_fetch_->state()};
  }
  const bool ok = orbit_shelf_->book() != nullptr;
  return {"GPS orbits", ok,
          ok ? "" : "no orbits could be read from " + orbit_shelf_->path() + ": see the log"};
}

web::StatusProvider RunStatus::provider() const {
  return {.status = [this](bool with_paths) { return status(with_paths); },
          .spectra = [this] { return spectra(); },
          .clear_spurs =
              [this] {
                const std::scoped_lock lock(mutex_);
                for (LiveReceiver* receiver : receivers_) receiver->clear_spurs();
              }};
}

std::vector<SpectrumStatus> RunStatus::spectra() const {
  const std::scoped_lock lock(mutex_);
  std::vector<SpectrumStatus> out;
  for (const LiveReceiver* receiver : receivers_) out.push_back(receiver->spectrum());
  return out;
}

GatewayStatus RunStatus::status(bool with_paths) const {
  GatewayStatus s;
  s.version = uploader::software_version();
  s.now = system_now();
  s.uptime_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  s.clock_synchronised = station_.clock_good();
  s.station.callsign = config_.station.callsign;
  s.station.antenna = config_.station.antenna;
  s.station.position = station_.position();
  s.band_min_hz = config_.band.min_mhz * 1e6;
  s.band_max_hz = config_.band.max_mhz * 1e6;
  s.band = band_.status();
  s.tracks = station_.tracks(with_paths);
  s.probing = station_.probing();
  s.counters = station_.counters();
  s.held = station_.held();
  {
    const std::scoped_lock lock(mutex_);
    DeviceStatus sum;
    std::uint64_t samples = 0;
    for (const LiveReceiver* receiver : receivers_) {
      s.devices.push_back(receiver->status());
      const DeviceStatus& d = s.devices.back();
      s.candidates += receiver->candidates();
      samples += receiver->samples_in();
      add_losses(sum, d);
      s.health.push_back({"receiver " + d.name, d.healthy, d.healthy ? "" : d.state});
    }
    s.counters.push_back({"rx", "samples", "samples received", samples});
    put_losses(sum, s.counters);
  }
  uploader::UploadStatus upload = uploader_.status();
  for (uploader::OutputStatus& feed : feeds_.status()) upload.outputs.push_back(std::move(feed));
  for (const uploader::OutputStatus& output : upload.outputs) {
    s.outputs.push_back(output_status(output, s.now));
    s.health.push_back({"output " + output.name, output.ok, output.ok ? "" : output.state});
  }
  std::uint64_t refused = 0;
  for (const uploader::ReasonCount& r : upload.refused) refused += r.count;
  s.counters.push_back({"outbox", "accepted", "records that entered the queue", upload.accepted});
  s.counters.push_back(
      {"outbox", "duplicates", "records that were in the queue already", upload.duplicates});
  s.counters.push_back(
      {"outbox", "refused", "records held back or against the hub's rules", refused});
  s.health.push_back({"outbox", upload.outbox_state == "ok",
                      upload.outbox_state == "ok" ? "" : upload.outbox_state});
  if (orbit_shelf_ != nullptr) s.health.push_back(orbits());
  s.log = log_.recent();
  return s;
}

}  // namespace omnisonde
