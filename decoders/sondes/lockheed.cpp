#include "decoders/sondes/lockheed.hpp"

#include <cmath>
#include <numbers>

#include "decoders/byte_reader.hpp"
#include "decoders/fec/crc.hpp"
#include "decoders/geo/gps_time.hpp"

namespace omnisonde::lockheed {
namespace {

// A receiver without a clock says 1970.
constexpr UtcMillis kClockSet = from_civil({2000, 1, 1});
constexpr double kHighest_m = 60'000;

const fec::Crc16& crc() {
  static const fec::Crc16 kCrc({.polynomial = 0x1021, .init = 0});
  return kCrc;
}

}  // namespace

std::uint16_t checksum(std::span<const std::uint8_t> bytes) noexcept { return crc()(bytes); }

bool checksum_holds(std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.size() < 3) return false;
  const std::size_t n = bytes.size() - 2;
  return checksum(bytes.first(n)) == (bytes[n] << 8 | bytes[n + 1]);
}

std::optional<UtcMillis> gps_clock_near(std::int64_t tow_ms, UtcMillis received) {
  if (tow_ms < 0 || tow_ms >= geo::kWeek_ms || received < kClockSet) return {};
  const geo::GpsTime now = geo::gps_time(received);
  const std::int64_t ahead_ms = tow_ms - now.tow_ms;
  const int turn = ahead_ms > geo::kWeek_ms / 2 ? -1 : (ahead_ms < -geo::kWeek_ms / 2 ? 1 : 0);
  return geo::gps_clock({now.week + turn, tow_ms});
}

void read_navigation(std::span<const std::uint8_t> bytes, double degrees_per_unit,
                     UtcMillis received, Telemetry& t) {
  ByteReader r(bytes);
  t.datetime = gps_clock_near(r.u32_be(10), received);
  t.time_reference = TimeReference::kGps;
  t.position = GeoPosition{r.i32_be(18) * degrees_per_unit, r.i32_be(22) * degrees_per_unit,
                           r.i32_be(26) * 1e-3};
  t.height_reference = HeightReference::kEllipsoid;
  const double east_mps = r.i24_be(30) * 1e-3;
  const double north_mps = r.i24_be(33) * 1e-3;
  t.velocity_h_mps = static_cast<float>(std::hypot(east_mps, north_mps));
  const double heading = std::atan2(east_mps, north_mps) * 180 / std::numbers::pi;
  t.heading_deg = static_cast<float>(heading < 0 ? heading + 360 : heading);
  t.velocity_v_mps = static_cast<float>(r.i24_be(36) * 1e-3);
}

void judge(Telemetry& t, double lowest_m, UtcMillis received) {
  const GeoPosition p = t.position.value_or(GeoPosition{});
  if (p.latitude_deg == 0 && p.longitude_deg == 0) {
    t.hold_reason = "no position";
  } else if (std::fabs(p.latitude_deg) > 90 || std::fabs(p.longitude_deg) > 180) {
    t.hold_reason = "impossible position";
    t.position.reset();
  } else if (p.altitude_m < lowest_m || p.altitude_m > kHighest_m) {
    t.hold_reason = "altitude not plausible";
  } else if (received < kClockSet) {
    t.hold_reason = "date unknown: the sonde sends none and the clock is not set";
  } else if (!t.datetime) {
    t.hold_reason = "no time";
  }
}

}  // namespace omnisonde::lockheed
