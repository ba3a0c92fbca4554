#include "gateway/feeds_config.hpp"

#include "gateway/run_plan.hpp"

namespace omnisonde {

Expected<uploader::FeedsConfig> feeds_config(const Config& config,
                                             const uploader::StationConfig& station) {
  uploader::FeedsConfig out = config.feeds;
  out.station = station;
  if (out.aprs.callsign.empty()) out.aprs.callsign = station.callsign;
  if (out.aprs.enabled) {
    const auto passcode = first_line(out.aprs.passcode_file, "[aprs] passcode_file");
    if (!passcode) return passcode.error();
    out.aprs.passcode = *passcode;
  }
  return out;
}

}  // namespace omnisonde
