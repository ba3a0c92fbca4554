#include "decoders/sondes/rs41_ptu.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "decoders/byte_reader.hpp"
#include "decoders/physics/atmosphere.hpp"

namespace omnisonde::rs41 {
namespace {

// Calibration addresses.
constexpr std::size_t kResistors = 0x03D, kCapacitors = 0x045, kAirPolynomial = 0x04D,
                      kAirCorrection = 0x059, kHumidityScale = 0x075, kHumidityMatrix = 0x07D,
                      kSensorPolynomial = 0x125, kSensorCorrection = 0x131, kPressure = 0x25E,
                      kPressureVector = 0x2A6, kPressureMatrix = 0x2BA;

/// Where the value lies between its references: 0 at low, 1 at high (outside is fine).
std::optional<double> fraction(const Triple& t) {
  if (t.high == t.low || t.value == 0) return {};
  return (static_cast<double>(t.value) - t.low) / (static_cast<double>(t.high) - t.low);
}

std::optional<double> inside(double value, double low, double high) {
  if (!(value >= low && value <= high)) return {};  // NaN falls out here
  return value;
}

/// Platinum resistor between 750 and 1100 ohm.
std::optional<double> resistor_c(const Triple& counts, const Calibration& c, std::size_t polynomial,
                                 std::size_t correction) {
  const auto q = fraction(counts);
  if (!q) return {};
  const double low = c.f32(kResistors);
  const double r = (low + (c.f32(kResistors + 4) - low) * *q) * c.f32(correction);
  const double raw = c.f32(polynomial) + r * (c.f32(polynomial + 4) + r * c.f32(polynomial + 8));
  return inside((raw + c.f32(correction + 4)) * (1 + c.f32(correction + 8)), -120, 80);
}

/// What the ambient pressure does to the capacitance (step 3 of the sheet).
double pressure_effect(double cp, double tau, double ambient_hpa, const Calibration& c) {
  const double p = ambient_hpa / 1000;
  double effect = 0;
  double cp_power = 1;
  for (std::size_t i = 0; i < 3; ++i) {
    const double b = c.f32(kPressureVector + 4 * i);
    double weight = 0;
    double tau_power = 1;
    for (std::size_t k = 0; k < 4; ++k) {
      weight += c.f32(kPressureMatrix + 4 * (4 * i + k)) * tau_power;
      tau_power *= tau;
    }
    effect += b * (p / (1 + b * p) - cp_power / (1 + b)) * weight;
    cp_power *= cp;
  }
  return effect;
}

/// The humidity matrix: powers of the capacitance times powers of the temperature.
double matrix_humidity(double cp, double tau, const Calibration& c) {
  double sum = 0;
  double cp_power = 1;
  for (std::size_t j = 0; j < 7; ++j) {
    double tau_power = 1;
    for (std::size_t k = 0; k < 6; ++k) {
      sum += c.f32(kHumidityMatrix + 4 * (6 * j + k)) * cp_power * tau_power;
      tau_power *= tau;
    }
    cp_power *= cp;
  }
  return sum;
}

}  // namespace

std::optional<Measurement> read_measurement(std::span<const std::uint8_t> payload) {
  if (payload.size() < 27) return {};
  ByteReader r(payload);
  const auto triple = [&r](std::size_t at) {
    return Triple{r.u24_le(at), r.u24_le(at + 3), r.u24_le(at + 6)};
  };
  Measurement m{triple(0), triple(9), triple(18), {}, 0};
  if (payload.size() >= 42) {
    m.pressure = triple(27);
    m.module_c = r.i16_le(38) * 0.01;
  }
  return m;
}

std::optional<double> air_temperature_c(const Measurement& m, const Calibration& c) {
  if (!c.has_rows(0x03, 0x06)) return {};
  return resistor_c(m.temperature, c, kAirPolynomial, kAirCorrection);
}

std::optional<double> sensor_temperature_c(const Measurement& m, const Calibration& c) {
  if (!c.has_rows(0x03, 0x04) || !c.has_rows(0x12, 0x13)) return {};
  return resistor_c(m.humidity_temperature, c, kSensorPolynomial, kSensorCorrection);
}

std::optional<double> pressure_hpa(const Measurement& m, const Calibration& c) {
  if (!c.has_pressure_sensor() || !c.has_rows(0x25, 0x2A)) return {};
  if (m.pressure.value == m.pressure.low || m.pressure.value == 0) return {};
  const auto p = [&c](std::size_t i) { return c.f32(kPressure + 4 * i); };
  const double x = p(6) * (static_cast<double>(m.pressure.high) - m.pressure.low) /
                   (static_cast<double>(m.pressure.value) - m.pressure.low);
  const double t = m.module_c;
  const std::array<double, 6> k = {p(0) + t * (p(7) + t * (p(11) + t * p(15))),
                                   p(1) + t * (p(8) + t * (p(12) + t * p(16))),
                                   p(2) + t * (p(9) + t * (p(13) + t * p(17))),
                                   p(3) + t * (p(10) + t * p(14)),
                                   p(4),
                                   p(5)};
  double pressure = 0;
  for (std::size_t i = k.size(); i > 0; --i) pressure = pressure * x + k[i - 1];
  return pressure > 0 ? inside(pressure, 0, 1200) : std::nullopt;
}

std::optional<double> humidity_pct(const Measurement& m, const Calibration& c,
                                   std::optional<double> ambient_hpa) {
  const auto air_c = air_temperature_c(m, c);
  const auto sensor_c = sensor_temperature_c(m, c);
  const auto u = fraction(m.humidity);
  if (!air_c || !sensor_c || !u) return {};
  if (!c.has_rows(0x03, 0x13) || !c.has_rows(0x2A, 0x2E)) return {};
  const double low_pf = c.f32(kCapacitors);
  const double pf = low_pf + (c.f32(kCapacitors + 4) - low_pf) * *u;
  const double raw = (pf / c.f32(kHumidityScale) - 1) * c.f32(kHumidityScale + 4);
  const double tau = (*sensor_c - 20) / 180;
  double rh = 0;
  if (ambient_hpa) {
    rh = matrix_humidity(raw - pressure_effect(raw, tau, *ambient_hpa, c), tau, c);
  } else {
    rh = matrix_humidity(raw, tau, c);
    if (*air_c < -40) rh += (*air_c + 40) / 12;  // the main client's stand-in for step 3
  }
  rh *= physics::saturation_pressure_pa(*sensor_c) / physics::saturation_pressure_pa(*air_c);
  if (!std::isfinite(rh)) return {};
  return std::clamp(rh, 0.0, 100.0);
}

}  // namespace omnisonde::rs41
