#include "tests/bench/delivery/flights.hpp"

#include <cstdlib>

namespace omnisonde::testing {
namespace {

constexpr std::uint32_t kFirstSerial = 1'000'000;
constexpr std::int64_t kFrame_ms = 1000;

}  // namespace

Telemetry flight_record(const Flights& flights, std::uint32_t sonde, std::uint32_t frame,
                        UtcMillis received) {
  Telemetry t;
  t.type = "RS41";
  t.subtype = "RS41-SGP";
  t.manufacturer = "Vaisala";
  t.serial = "S" + std::to_string(kFirstSerial + sonde);
  t.frame_number = frame;
  t.datetime = UtcMillis{flights.begin.ms + kFrame_ms * frame};
  t.time_reference = TimeReference::kGps;
  t.position = GeoPosition{50 + 0.004 * sonde + 1e-5 * frame, 9 + 0.006 * sonde + 2e-5 * frame,
                           300 + 2.0 * frame + sonde};
  t.velocity_h_mps = 11.5F;
  t.velocity_v_mps = 5.25F;
  t.heading_deg = 51.5F;
  t.temperature_c = 10.25F - 0.005F * static_cast<float>(frame);
  t.humidity_pct = 40.5F;
  t.battery_v = 2.7F;
  t.satellites = 9;
  t.rx.received = received;
  t.rx.frequency_hz = 402'700'120 + 1000.0 * sonde;
  t.rx.snr_db = 15.25F;
  return t;
}

std::optional<std::uint32_t> sonde_of(const Flights& flights, const std::string& serial) {
  if (serial.size() != 8 || serial[0] != 'S') return std::nullopt;
  const long number = std::strtol(serial.c_str() + 1, nullptr, 10) - kFirstSerial;
  if (number < 0 || number >= static_cast<long>(flights.sondes)) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

}  // namespace omnisonde::testing
