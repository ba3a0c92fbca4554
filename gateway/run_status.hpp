// Puts the daemon's state together for the page, the API and /metrics.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/band_watch.hpp"
#include "gateway/config.hpp"
#include "gateway/live_receiver.hpp"
#include "gateway/log.hpp"
#include "gateway/orbit_fetch.hpp"
#include "gateway/station.hpp"
#include "gateway/status.hpp"
#include "gateway/web/api.hpp"
#include "uploader/feeds/feeds.hpp"
#include "uploader/uploader.hpp"

namespace omnisonde {

/// Thread-safe. What it refers to must outlive the web server.
class RunStatus {
 public:
  RunStatus(const Config& config, const Station& station, const BandWatch& band,
            const uploader::Uploader& uploader, const uploader::Feeds& feeds, const Log& log);

  /// The receivers to report on; an empty list before they go.
  void set_receivers(const std::vector<std::unique_ptr<LiveReceiver>>& receivers);

  /// Where RS92's orbits come from; null for what there is none of. Both outlive this.
  void set_orbits(const OrbitShelf* shelf, const OrbitFetch* fetch);

  [[nodiscard]] web::StatusProvider provider() const;
  [[nodiscard]] GatewayStatus status(bool with_paths) const;
  [[nodiscard]] std::vector<SpectrumStatus> spectra() const;

 private:
  [[nodiscard]] StageHealth orbits() const;

  const Config& config_;
  const Station& station_;
  const BandWatch& band_;
  const uploader::Uploader& uploader_;
  const uploader::Feeds& feeds_;
  const Log& log_;
  std::chrono::steady_clock::time_point started_;
  const OrbitShelf* orbit_shelf_ = nullptr;
  const OrbitFetch* orbit_fetch_ = nullptr;
  mutable std::mutex mutex_;  ///< guards receivers_
  std::vector<LiveReceiver*> receivers_;
};

}  // namespace omnisonde
