// Records and folders that several tests of the room use.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "decoders/telemetry.hpp"
#include "uploader/config.hpp"

namespace omnisonde::uploader::testing {

inline constexpr UtcMillis kNow{1'792'497'668'000};  // 2026-10-20T12:01:08Z

/// A good RS41 record over central Europe; frame n is n seconds after `begin`.
inline Telemetry rs41(std::uint32_t n = 0, const std::string& serial = "S1234567",
                      UtcMillis begin = kNow) {
  Telemetry t;
  t.type = "RS41";
  t.subtype = "RS41-SGP";
  t.manufacturer = "Vaisala";
  t.serial = serial;
  t.frame_number = 1000 + n;
  t.datetime = UtcMillis{begin.ms + 1000 * static_cast<std::int64_t>(n)};
  t.time_reference = TimeReference::kGps;
  t.position = GeoPosition{52.1234567 + n * 1e-5, 13.7654321 + n * 2e-5, 10'000.25 + 5.0 * n};
  t.velocity_h_mps = 12.5F;
  t.velocity_v_mps = 5.25F;
  t.heading_deg = 271.5F;
  t.temperature_c = -40.1F;
  t.humidity_pct = 12.3F;
  t.battery_v = 2.7F;
  t.satellites = 9;
  t.rx.received = *t.datetime;
  t.rx.frequency_hz = 402'700'120;
  t.rx.snr_db = 15.25F;
  return t;
}

inline Telemetry dfm(std::uint32_t n = 0, UtcMillis begin = kNow) {
  Telemetry t = rs41(n, "19012345", begin);
  t.type = "DFM";
  t.subtype = "DFM17";
  t.manufacturer = "Graw";
  t.time_reference = TimeReference::kUtc;
  return t;
}

inline StationConfig station() {
  StationConfig s;
  s.callsign = "DL1ABC";
  s.position = GeoPosition{52.5, 13.4, 50};
  s.antenna = "1/4 wave monopole";
  s.contact_email = "someone@example.org";
  return s;
}

/// A folder that goes with the object.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "omni-upl-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Looks every 10 ms until `condition` holds. @returns false if it never did.
inline bool eventually(const std::function<bool()>& condition, double timeout_s = 15) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(timeout_s);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

}  // namespace omnisonde::uploader::testing
