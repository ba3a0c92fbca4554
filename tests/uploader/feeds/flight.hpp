// A flight as records, for tests of the feeds.
#pragma once

#include <cmath>

#include "tests/uploader/sample.hpp"

namespace omnisonde::uploader::testing {

/// One record of an RS41 at `height_m`, `s` seconds after kNow, `east_m` east of 52.5, 13.4.
inline Telemetry at(double s, double height_m, double east_m = 20'000,
                    const std::string& serial = "W1234567") {
  Telemetry t = rs41(static_cast<std::uint32_t>(s), serial);
  t.datetime = UtcMillis{kNow.ms + static_cast<std::int64_t>(s * 1000)};
  t.rx.received = *t.datetime;
  t.position =
      GeoPosition{52.5, 13.4 + east_m / (111'195 * std::cos(52.5 * 3.14159265 / 180)), height_m};
  return t;
}

/// The record of field notes: 2026-01-21 11:18:02, W1234567.
inline Telemetry field_record() {
  Telemetry t;
  t.type = "RS41";
  t.subtype = "RS41-SGP";
  t.serial = "W1234567";
  t.frame_number = 4242;
  t.datetime = from_civil({2026, 1, 21, 11, 18, 2, 0});
  t.position = GeoPosition{-34.123456, 138.654321, 12345.67};
  t.velocity_v_mps = 5.04F;
  t.velocity_h_mps = 12.5F;
  t.heading_deg = 271.5F;
  t.temperature_c = -40.12F;
  t.humidity_pct = 12.34F;
  t.pressure_hpa = 187.65F;
  t.battery_v = 2.75F;
  t.satellites = 9;
  t.burst_timer_s = 30'000;
  t.rx.frequency_hz = 402'700'120.4;
  t.rx.snr_db = 15.26F;
  t.rx.received = *t.datetime;
  return t;
}

}  // namespace omnisonde::uploader::testing
