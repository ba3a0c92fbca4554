// Requests to the hub: address, headers, packing. What the answers mean is hub_answer's business.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/expected.hpp"
#include "uploader/config.hpp"
#include "uploader/http.hpp"
#include "uploader/outbox.hpp"

namespace omnisonde::uploader {

inline constexpr const char* kTelemetryPath = "/sondes/telemetry";
inline constexpr const char* kStationPath = "/listeners";

/// One connection to the hub; one thread.
class HubDoor {
 public:
  /// Connects with the first request. @param stop  ends requests at once; must outlive the door.
  /// @returns an Error for an address or a certificate file that can never work.
  static Expected<std::unique_ptr<HubDoor>> open(const SondehubConfig& config,
                                                 const std::atomic<bool>& stop);

  /// PUT of JSON text, packed, with the Date that the hub's description asks for.
  HttpAnswer put(const char* path, const std::string& json, UtcMillis now);

 private:
  HubDoor(std::string url, std::unique_ptr<HttpClient> http);
  std::string url_;
  std::unique_ptr<HttpClient> http_;
};

/// The records as the array that the hub takes. @param dry_run  with its `dev` flag in each: all
/// checks are made, nothing is stored.
[[nodiscard]] std::string upload_body(const std::vector<StoredRecord>& records, bool dry_run);

}  // namespace omnisonde::uploader
