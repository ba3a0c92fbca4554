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

  [[nodiscard]] web::StatusProvider provider() const;
  [[nodiscard]] GatewayStatus status(bool with_paths) const;
  [[nodiscard]] std::vector<SpectrumStatus> spectra() const;

 private:
  const Config& config_;
  const Station& station_;
  const BandWatch& band_;
  const uploader::Uploader& uploader_;
  const uploader::Feeds& feeds_;
  const Log& log_;
  std::chrono::steady_clock::time_point started_;
  mutable std::mutex mutex_;  ///< guards receivers_
  std::vector<const LiveReceiver*> receivers_;
};

}  // namespace omnisonde
