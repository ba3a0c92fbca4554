#include "simulator/sondes/lockheed_fields.hpp"

#include <charconv>
#include <cmath>
#include <numbers>

#include "decoders/geo/gps_time.hpp"
#include "decoders/sondes/lockheed.hpp"

namespace omnisonde::sim::lockheed {

void put_be(Bytes& out, std::int64_t value, std::size_t count) {
  for (std::size_t i = count; i > 0; --i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1)) & 0xFF));
  }
}

void put_checksum(Bytes& out) { put_be(out, omnisonde::lockheed::checksum(out), 2); }

UtcMillis gps_clock(UtcMillis utc) {
  const geo::GpsTime t = geo::gps_time(utc);
  return {geo::kGpsEpoch_ms + t.week * geo::kWeek_ms + t.tow_ms};
}

void put_motion(const FlightState& s, Telemetry& truth) {
  truth.velocity_h_mps = static_cast<float>(std::hypot(s.velocity_east_mps, s.velocity_north_mps));
  const double heading =
      std::atan2(s.velocity_east_mps, s.velocity_north_mps) * 180 / std::numbers::pi;
  truth.heading_deg = static_cast<float>(heading < 0 ? heading + 360 : heading);
  truth.velocity_v_mps = static_cast<float>(s.velocity_up_mps);
}

void put_navigation(Bytes& out, const FlightState& s, double units_per_degree, Telemetry& truth) {
  put_be(out, geo::gps_time(s.utc).tow_ms, 4);
  put_be(out, 0x2C500000 + s.utc.ms % 65'536, 4);  // unknown
  put_be(out, std::llround(s.position.latitude_deg * units_per_degree), 4);
  put_be(out, std::llround(s.position.longitude_deg * units_per_degree), 4);
  put_be(out, std::llround(s.position.altitude_m * 1000), 4);
  put_be(out, std::llround(s.velocity_east_mps * 1000), 3);
  put_be(out, std::llround(s.velocity_north_mps * 1000), 3);
  put_be(out, std::llround(s.velocity_up_mps * 1000), 3);
  truth.datetime = gps_clock(s.utc);
  truth.time_reference = TimeReference::kGps;
  truth.position = s.position;
  truth.height_reference = HeightReference::kEllipsoid;
  put_motion(s, truth);
}

void put_noise(Bytes& out, std::size_t count, std::uint64_t seed) {
  // splitmix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014)
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t z = (seed += 0x9E3779B97F4A7C15U);
    z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
    out.push_back(static_cast<std::uint8_t>(z >> 56U));
  }
}

std::uint32_t serial_of(std::string_view text, std::uint32_t fallback) {
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = fault == std::errc{} && end == text.data() + text.size();
  return whole && number != 0 ? number : fallback;
}

}  // namespace omnisonde::sim::lockheed
