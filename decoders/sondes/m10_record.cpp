// M10: GPS part by type, then sensors and identity at the same places for both.
#include "decoders/sondes/m10_record.hpp"

#include <cmath>
#include <cstdio>
#include <string>

#include "decoders/byte_reader.hpp"
#include "decoders/sondes/m10_frame.hpp"
#include "decoders/sondes/m10_sensors.hpp"

namespace omnisonde::m10 {
namespace {

constexpr double kHalfTurn_deg = 180.0 / 2147483648.0;  // per step of a Trimble angle
constexpr int kFewestSatellites = 4;

std::uint32_t gps_seconds(const geo::GpsTime& time) {
  return static_cast<std::uint32_t>((time.week * geo::kWeek_ms + time.tow_ms + 500) / 1000);
}

void read_trimble(ByteReader& r, const ReceiveContext& context, Telemetry& t) {
  const bool fix = r.u8(0x02) == 0x20 && (r.u8(0x1D) & 1U) == 0;
  t.satellites = r.u8(0x1E);
  const geo::GpsTime time{full_week(r.u16_be(0x20), context.received), r.u32_be(0x0A)};
  const auto gps = r.u16_be(0x20) <= 4000 ? geo::gps_clock(time) : std::nullopt;
  if (gps) {
    // Until the receiver has an almanac it sends 0 leap seconds.
    const int leap_s = r.u8(0x1F);
    t.datetime = leap_s != 0 ? UtcMillis{gps->ms - leap_s * 1000} : geo::utc_from_gps_clock(*gps);
    t.frame_number = gps_seconds(time);
  }
  if (!fix) return;
  put_position(
      {r.i32_be(0x0E) * kHalfTurn_deg, r.i32_be(0x12) * kHalfTurn_deg, r.i32_be(0x16) * 1e-3}, t);
  if (!t.position) return;
  const double step_mps = (r.u8(0x1A) & 1U) != 0 ? 0.020 : 0.005;
  put_velocity(r.i16_be(0x04) * step_mps, r.i16_be(0x06) * step_mps, r.i16_be(0x08) * step_mps, t);
}

void read_gtop(ByteReader& r, Telemetry& t) {
  const auto clock = static_cast<int>(r.u24_be(0x15)), date = static_cast<int>(r.u24_be(0x18));
  const CivilTime c{2000 + date % 100, date / 100 % 100,  date / 10'000,
                    clock / 10'000,    clock / 100 % 100, clock % 100};
  const bool possible = c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31 &&
                        c.hour <= 23 && c.minute <= 59 && c.second <= 60;
  if (possible) {
    t.datetime = from_civil(c);
    t.frame_number = gps_seconds(geo::gps_time(*t.datetime));
  }
  put_position({r.i32_be(0x04) * 1e-6, r.i32_be(0x08) * 1e-6, r.i24_be(0x0C) * 1e-2}, t);
  if (!t.position) return;
  put_velocity(r.i16_be(0x0F) * 1e-2, r.i16_be(0x11) * 1e-2, r.i16_be(0x13) * 1e-2, t);
}

void read_sensors(ByteReader& r, Telemetry& t) {
  // The upper four bits are always 0xA and say nothing.
  const auto air_c = air_temperature_c(r.u8(0x3E), r.u16_le(0x3F) & 0xFFFU);
  if (air_c) t.temperature_c = static_cast<float>(*air_c);
  if (const auto rh = m10_humidity_pct(r.u24_le(0x35), r.u24_le(0x32), air_c)) {
    t.humidity_pct = static_cast<float>(*rh);
  }
  t.battery_v = static_cast<float>(2.709 * (r.u16_le(0x45) & 0x3FFU) * 2.5 / 1023);
}

/// As on the label: 310-2-11329.
std::string serial_of(std::span<const std::uint8_t> s) {
  const bool programmed = s[0] != 0 || s[2] != 0 || s[3] != 0 || s[4] != 0;
  if (!programmed) return {};
  char text[24];
  const int n = std::snprintf(text, sizeof text, "%X%02u-%X-%u%04u", s[2] >> 4U, s[2] & 15U,
                              s[0] & 15U, s[4] >> 5U, s[3] + 256U * (s[4] & 31U));
  return {text, static_cast<std::size_t>(n)};
}

std::string hold_reason(const Telemetry& t) {
  if (t.serial.empty()) return "no serial programmed";
  if (const std::string fault = position_fault(t.position); !fault.empty()) return fault;
  if (t.satellites && *t.satellites < kFewestSatellites) return "fewer than 4 satellites";
  return t.datetime ? "" : "no time";
}

}  // namespace

Telemetry read_m10(std::span<const std::uint8_t> frame, const ReceiveContext& context) {
  ByteReader r(frame);
  Telemetry t;
  t.type = "M10";
  t.manufacturer = "Meteomodem";
  t.time_reference = TimeReference::kUtc;
  t.height_reference = HeightReference::kEllipsoid;
  if (r.u8(1) == kTypeTrimble) {
    read_trimble(r, context, t);
  } else {
    read_gtop(r, t);
  }
  read_sensors(r, t);
  if (const auto serial = r.bytes(0x5D, 5); serial.size() == 5) t.serial = serial_of(serial);
  t.hold_reason = hold_reason(t);
  return t;
}

}  // namespace omnisonde::m10
