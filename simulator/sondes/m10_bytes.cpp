#include "simulator/sondes/m10_bytes.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "decoders/geo/gps_time.hpp"
#include "decoders/sondes/m10_frame.hpp"
#include "decoders/sondes/m10_sensors.hpp"

namespace omnisonde::sim::m10 {
namespace {

constexpr double kZeroCelsius_k = 273.15;
constexpr double kFull = 4095;
constexpr unsigned kReference = 0x09BDD5;  // humidity count at 55 %
constexpr unsigned kCalibration = 0x336A;  // of the M20's humidity

std::int64_t rounded(double value) { return std::llround(value); }

void add_checksum(Bytes& frame) {
  frame[0] = static_cast<std::uint8_t>(frame.size() - 1);
  put_be(frame, frame.size() - 2, 2,
         omnisonde::m10::checksum(std::span(frame).first(frame.size() - 2)));
}

/// Where `wanted` lies on a falling function, by halving.
template <typename Falling>
double solve(Falling f, double low, double high, double wanted) {
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (f(middle) > wanted ? low : high) = middle;
  }
  return (low + high) / 2;
}

struct Thermistor {
  unsigned range = 0, reading = 0;
};

/// The first range in which the reading is not at the upper end.
Thermistor thermistor(double air_c) {
  const double ohm =
      std::exp(solve([](double l) { return omnisonde::m10::thermistor_kelvin(std::exp(l)); }, 5, 17,
                     air_c + kZeroCelsius_k));
  Thermistor out;
  for (unsigned range = 0; range < 3; ++range) {
    const auto& divider = omnisonde::m10::kDividers[range];
    const double ratio = divider.series_ohm / ohm +
                         (divider.parallel_ohm > 0 ? divider.series_ohm / divider.parallel_ohm : 0);
    out = {range, static_cast<unsigned>(rounded(kFull / (1 + ratio)))};
    if (out.reading < 3000) break;
  }
  return out;
}

unsigned humidity_count(double rh, double air_c) {
  double r = rh;
  if (air_c < -30) r /= 1 + (-30 - air_c) / 75;
  if (air_c < 0) r -= -air_c / 5.5;
  return static_cast<unsigned>(rounded((r * 0.002 + 0.8955) * kReference));
}

/// Number in the digits `text` has at `at`.
unsigned digits(const std::string& text, std::size_t at, std::size_t count, int base = 10) {
  unsigned value = 0;
  if (at + count <= text.size()) {
    std::from_chars(text.data() + at, text.data() + at + count, value, base);
  }
  return value;
}

void put_trimble(Bytes& f, const FlightState& s) {
  const bool fix = s.satellites > 0;
  const geo::GpsTime time = geo::gps_time(s.utc);
  f[0x02] = fix ? 0x20 : 0x23;
  put_be(f, 0x04, 2, rounded(s.velocity_east_mps / 0.005));
  put_be(f, 0x06, 2, rounded(s.velocity_north_mps / 0.005));
  put_be(f, 0x08, 2, rounded(s.velocity_up_mps / 0.005));
  put_be(f, 0x0A, 4, time.tow_ms);
  constexpr double kSteps = 4294967296.0 / 360;
  put_be(f, 0x0E, 4, rounded(s.position.latitude_deg * kSteps));
  put_be(f, 0x12, 4, rounded(s.position.longitude_deg * kSteps));
  put_be(f, 0x16, 4, rounded(s.position.altitude_m * 1000));
  f[0x1C] = 1;
  f[0x1D] = fix ? 0 : 1;
  f[0x1E] = static_cast<std::uint8_t>(s.satellites);
  f[0x1F] = static_cast<std::uint8_t>(geo::gps_ahead_of_utc_s(s.utc));
  put_be(f, 0x20, 2, time.week);
  for (int i = 0; i < std::min(s.satellites, 12); ++i) {
    f[0x22 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(2 + 3 * i);
  }
}

void put_gtop(Bytes& f, const FlightState& s) {
  const CivilTime c = to_civil(s.utc);
  if (s.satellites > 0) {
    put_be(f, 0x04, 4, rounded(s.position.latitude_deg * 1e6));
    put_be(f, 0x08, 4, rounded(s.position.longitude_deg * 1e6));
    put_be(f, 0x0C, 3, rounded(s.position.altitude_m * 100));
    put_be(f, 0x0F, 2, rounded(s.velocity_east_mps * 100));
    put_be(f, 0x11, 2, rounded(s.velocity_north_mps * 100));
    put_be(f, 0x13, 2, rounded(s.velocity_up_mps * 100));
  }
  put_be(f, 0x15, 3, c.hour * 10'000 + c.minute * 100 + c.second);
  put_be(f, 0x18, 3, c.day * 10'000 + c.month * 100 + c.year % 100);
}

void put_m20_sensors(Bytes& f, const FlightState& s) {
  const Thermistor air = thermistor(s.temperature_c);
  put_le(f, 0x04, 2, air.range << 12 | air.reading);
  const double ohm = 2200 * std::exp(3650 * (1 / (s.temperature_c + kZeroCelsius_k) - 1 / 298.15));
  put_le(f, 0x06, 2, rounded(kFull * ohm / (22'100 + ohm)));
  // The cubic falls from 118 % to below 0 inside these limits.
  const double y =
      4.16e9 / solve([](double x) { return ((10.087 * x - 211.62) * x + 1388.2) * x - 2797; }, 5.3,
                     8.6, s.humidity_pct);
  const double scale = 1 - 5.8e-4 * (s.temperature_c - 25);
  put_le(f, 0x02, 2,
         std::clamp<std::int64_t>(rounded(y * (kCalibration + 80'000) / 6.4e8 / scale - 80'000), 0,
                                  0xFFFF));
  put_le(f, 0x2F, 2, kCalibration);
  f[0x26] =
      static_cast<std::uint8_t>(std::clamp<std::int64_t>(rounded(s.battery_v * 255 / 3.3), 0, 255));
}

std::int64_t m20_serial(const std::string& text) {
  const unsigned year = digits(text, 0, 1), month = digits(text, 1, 2), lot = digits(text, 4, 1);
  if (month == 0) return 0;
  return static_cast<std::int64_t>(year * 12 + month - 1) | (lot - 1U) << 7 |
         digits(text, 7, 4) << 10 | digits(text, 6, 1) << 23;
}

}  // namespace

void put_be(Bytes& bytes, std::size_t at, std::size_t count, std::int64_t value) {
  for (std::size_t i = 0; i < count; ++i) {
    bytes[at + i] =
        static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * (count - 1 - i)));
  }
}

void put_le(Bytes& bytes, std::size_t at, std::size_t count, std::int64_t value) {
  for (std::size_t i = 0; i < count; ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i));
  }
}

Variant variant_of(const std::string& name) {
  std::string upper = name;
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const std::size_t slash = upper.find('/');
  const std::string board = upper.substr(0, slash);
  const std::string rest = slash == std::string::npos ? "" : upper.substr(slash + 1);
  Variant v;
  if (board == "PILOT") return {Board::kPilot, omnisonde::m10::kPilotLength, 0, 9616};
  if (board == "M20") {
    v = {Board::kM20, 0x45, 5, 9600};
    if (rest == "43") {
      v.length = 0x43;
    } else if (!rest.empty()) {
      v.firmware = digits(rest, 0, rest.size());
    }
    return v;
  }
  if (board == "GTOP") v.board = Board::kGtop;
  if (rest == "76") v.length = 0x76;
  if (rest == "66") {
    v.length = 0x66;
    v.chip_rate_hz = 9600;
  }
  return v;
}

Bytes m10_frame(const Variant& variant, const std::string& serial, std::uint8_t counter,
                const FlightState& s) {
  Bytes f(variant.length + 1U);
  f[1] = variant.board == Board::kGtop ? omnisonde::m10::kTypeGtop : omnisonde::m10::kTypeTrimble;
  if (variant.board == Board::kGtop) {
    put_gtop(f, s);
  } else {
    put_trimble(f, s);
  }
  const Thermistor air = thermistor(s.temperature_c);
  put_le(f, 0x32, 3, kReference);
  put_le(f, 0x35, 3, humidity_count(s.humidity_pct, s.temperature_c));
  f[0x3E] = static_cast<std::uint8_t>(air.range);
  put_le(f, 0x3F, 2, 0xA000 + air.reading);
  put_le(f, 0x45, 2, std::clamp<std::int64_t>(rounded(s.battery_v * 1023 / 2.709 / 2.5), 0, 1023));
  f[0x5D] = static_cast<std::uint8_t>(digits(serial, 4, 1, 16));
  f[0x5F] = static_cast<std::uint8_t>(digits(serial, 0, 1, 16) << 4 | digits(serial, 1, 2));
  put_le(f, 0x60, 2, digits(serial, 6, 1) << 13 | digits(serial, 7, 4));
  f[0x62] = counter;
  // Bytes that nobody has explained: something, but steady.
  for (std::size_t i = 0x63; i + 2 < f.size(); ++i) f[i] = static_cast<std::uint8_t>(i);
  add_checksum(f);
  return f;
}

Bytes m20_frame(const Variant& variant, const std::string& serial, std::uint8_t counter,
                std::span<const std::uint8_t> xdata, const FlightState& s) {
  const bool old = variant.firmware <= 5;
  const std::size_t length = xdata.empty() ? variant.length : (old ? 0x43U : 0x45U) + xdata.size();
  Bytes f(length + 1);
  f[1] = omnisonde::m10::kTypeM20;
  const geo::GpsTime time = geo::gps_time(s.utc);
  put_m20_sensors(f, s);
  if (s.satellites > 0) {
    put_be(f, 0x08, 3, rounded(s.position.altitude_m * 100));
    put_be(f, 0x0B, 2, rounded(s.velocity_east_mps * 100));
    put_be(f, 0x0D, 2, rounded(s.velocity_north_mps * 100));
    put_be(f, 0x18, 2, rounded(s.velocity_up_mps * 100));
    put_be(f, 0x1C, 4, rounded(s.position.latitude_deg * 1e6));
    put_be(f, 0x20, 4, rounded(s.position.longitude_deg * 1e6));
  }
  put_be(f, 0x0F, 3, time.tow_ms / 1000);
  put_be(f, 0x1A, 2, time.week);
  put_le(f, 0x12, 3, m20_serial(serial));
  f[0x15] = counter;
  const std::int64_t pressure = rounded(s.pressure_hpa * 4096);
  put_le(f, 0x24, 2, variant.firmware >= 7 ? pressure >> 8 : rounded(s.pressure_hpa * 16));
  f[0x2B] = static_cast<std::uint8_t>(xdata.size());
  f[length < 0x45 && xdata.empty() ? length - 2 : 0x43] =
      static_cast<std::uint8_t>(variant.firmware);
  std::ranges::copy(xdata, f.begin() + (old ? 0x42 : 0x44));
  if (variant.firmware >= 7) {
    f[0x16] = static_cast<std::uint8_t>(pressure & 0xFF);
  } else {
    Bytes inner = {0x16};
    inner.insert(inner.end(), f.begin() + 0x02, f.begin() + 0x16);
    put_be(f, 0x16, 2, omnisonde::m10::checksum(inner));
  }
  add_checksum(f);
  return f;
}

Bytes pilot_gps(const FlightState& s) {
  Bytes gps(28);
  const CivilTime c = to_civil(s.utc);
  gps[0] = static_cast<std::uint8_t>(s.satellites);
  gps[1] = s.satellites > 3 ? 3 : s.satellites > 0 ? 2 : 1;
  put_be(gps, 2, 4, rounded(s.position.latitude_deg * 1e6));
  put_be(gps, 6, 4, rounded(s.position.longitude_deg * 1e6));
  put_be(gps, 10, 4, rounded(s.position.altitude_m * 100));
  put_be(gps, 14, 2, rounded(s.velocity_east_mps * 100));
  put_be(gps, 16, 2, rounded(s.velocity_north_mps * 100));
  put_be(gps, 18, 2, rounded(s.velocity_up_mps * 100));
  put_be(gps, 20, 4, (c.hour * 10'000 + c.minute * 100 + c.second) * 1000LL + c.millisecond);
  put_be(gps, 24, 4, c.day * 10'000 + c.month * 100 + c.year % 100);
  return gps;
}

Bytes pilot_frame(const FlightState& state) {
  Bytes f(omnisonde::m10::kPilotLength + 1U);
  f[1] = 0x31;  // not documented
  std::ranges::copy(pilot_gps(state), f.begin() + 3);
  add_checksum(f);
  return f;
}

Bytes levels_frame(const FlightState& state) {
  const auto count = static_cast<std::size_t>(std::clamp(state.satellites, 0, 12));
  Bytes f(5 + 2 * count);
  f[1] = omnisonde::m10::kTypeLevels;
  f[2] = static_cast<std::uint8_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    f[3 + 2 * i] = static_cast<std::uint8_t>(2 + 3 * i);
    f[4 + 2 * i] = static_cast<std::uint8_t>(30 + i);
  }
  add_checksum(f);
  return f;
}

}  // namespace omnisonde::sim::m10
