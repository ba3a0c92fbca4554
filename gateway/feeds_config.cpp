#include "gateway/feeds_config.hpp"

namespace omnisonde {

Expected<uploader::FeedsConfig> feeds_config(const Config& config,
                                             const uploader::StationConfig& station) {
  uploader::FeedsConfig out = config.feeds;
  out.station = station;
  return out;
}

}  // namespace omnisonde
