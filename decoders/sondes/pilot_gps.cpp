#include "decoders/sondes/pilot_gps.hpp"

#include "decoders/byte_reader.hpp"
#include "decoders/sondes/m10_sensors.hpp"

namespace omnisonde::pilot {
namespace {

std::optional<UtcMillis> utc_of(std::uint32_t clock, std::uint32_t date) {
  const auto seconds = static_cast<int>(clock / 1000 % 1'000'000);
  const CivilTime c{2000 + static_cast<int>(date % 100),
                    static_cast<int>(date / 100 % 100),
                    static_cast<int>(date / 10'000 % 100),
                    seconds / 10'000,
                    seconds / 100 % 100,
                    seconds % 100,
                    static_cast<int>(clock % 1000)};
  const bool possible = clock < 240'000'000 && date < 320'000 && c.month >= 1 && c.month <= 12 &&
                        c.day >= 1 && c.minute <= 59 && c.second <= 60;
  if (!possible) return {};
  return from_civil(c);
}

}  // namespace

Telemetry read_gps(std::span<const std::uint8_t, kGpsBytes> gps, int altitude_bits,
                   std::string_view form) {
  constexpr std::uint8_t kNoFix = 1;
  ByteReader r(gps);
  Telemetry t;
  t.type = kType;
  t.subtype = form;
  t.manufacturer = kManufacturer;
  t.time_reference = TimeReference::kUtc;
  t.height_reference = HeightReference::kEllipsoid;
  t.satellites = r.u8(0);
  t.datetime = utc_of(r.u32_be(20), r.u32_be(24));
  const double altitude_cm = altitude_bits == 24 ? r.i24_be(11) : r.i32_be(10);
  t.hold_reason = "pilot sonde: no serial, and the hub knows no such type";
  if (r.u8(1) > kNoFix) {
    m10::put_position({r.i32_be(2) * 1e-6, r.i32_be(6) * 1e-6, altitude_cm * 1e-2}, t);
  }
  if (!t.position) return t;
  m10::put_velocity(r.i16_be(14) * 1e-2, r.i16_be(16) * 1e-2, r.i16_be(18) * 1e-2, t);
  return t;
}

}  // namespace omnisonde::pilot
