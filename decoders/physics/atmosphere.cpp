#include "decoders/physics/atmosphere.hpp"

#include <cmath>

namespace omnisonde::physics {
namespace {

constexpr double kHydrostatic_k_per_m = 9.80665 * 0.0289644 / 8.31446;  // g M / R

/// One layer: pressure and temperature at its base and how the temperature changes upwards.
struct Layer {
  double base_m, pressure_hpa, temperature_k, lapse_k_per_m;
};
constexpr Layer kTroposphere{0, 1013.25, 288.15, -0.0065};
constexpr Layer kTropopause{11'000, 226.321, 216.65, 0};
constexpr Layer kStratosphere{20'000, 54.7489, 216.65, 0.001};
constexpr Layer kUpperStratosphere{32'000, 8.6802, 228.65, 0.0028};

const Layer& layer_of(double altitude_m) {
  return altitude_m <= kTropopause.base_m          ? kTroposphere
         : altitude_m <= kStratosphere.base_m      ? kTropopause
         : altitude_m <= kUpperStratosphere.base_m ? kStratosphere
                                                   : kUpperStratosphere;
}

}  // namespace

double isa_temperature_c(double altitude_m) {
  const Layer& layer = layer_of(altitude_m);
  return layer.temperature_k + layer.lapse_k_per_m * (altitude_m - layer.base_m) - 273.15;
}

double isa_pressure_hpa(double altitude_m) {
  const Layer& layer = layer_of(altitude_m);
  const double above_m = altitude_m - layer.base_m;
  if (layer.lapse_k_per_m == 0)
    return pressure_above_hpa(layer.pressure_hpa, above_m, layer.temperature_k);
  return layer.pressure_hpa * std::pow(1 + layer.lapse_k_per_m * above_m / layer.temperature_k,
                                       -kHydrostatic_k_per_m / layer.lapse_k_per_m);
}

double pressure_above_hpa(double pressure_hpa, double rise_m, double mean_k) {
  return pressure_hpa * std::exp(-rise_m * kHydrostatic_k_per_m / mean_k);
}

double saturation_pressure_pa(double temperature_c) {
  const double k = temperature_c + 273.15;
  return std::exp(-5800.2206 / k + 1.3914993 + 6.5459673 * std::log(k) +
                  k * (-4.8640239e-2 + k * (4.1764768e-5 - k * 1.4452093e-8)));
}

std::optional<double> dew_point_c(double temperature_c, double humidity_pct) {
  if (!(temperature_c >= -120 && temperature_c <= 100) || !(humidity_pct > 0)) return std::nullopt;
  const double vapour_pa = humidity_pct / 100 * saturation_pressure_pa(temperature_c);
  double low = -150, high = 110;  // the vapour pressure rises with the temperature throughout
  if (!(vapour_pa > saturation_pressure_pa(low)) || !(vapour_pa < saturation_pressure_pa(high)))
    return std::nullopt;
  for (int i = 0; i < 30; ++i) {
    const double middle = (low + high) / 2;
    (saturation_pressure_pa(middle) < vapour_pa ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace omnisonde::physics
