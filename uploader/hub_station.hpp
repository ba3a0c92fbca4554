// The station's report to the hub: what is told, and when there is news.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "uploader/output.hpp"

namespace omnisonde::uploader {

/// Used by one thread.
class StationNews {
 public:
  /// @returns the report as JSON text; `told` says that the hub has taken it.
  std::string compose(const StationBox& box);
  void told();

  /// True when the station is no longer what the hub was told: another antenna, more than 100 m
  /// away. False before the first report.
  bool changed(const StationBox& box);

 private:
  struct Told {
    std::string set_up;  ///< the report without its position
    std::optional<GeoPosition> position;
  };
  std::uint64_t revision_ = ~std::uint64_t{0};
  Told composed_;
  std::optional<Told> told_;
};

}  // namespace omnisonde::uploader
