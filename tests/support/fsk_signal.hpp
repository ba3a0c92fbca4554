// A plain (G)FSK modulator for the tests of the dsp room: sample by sample from the definition,
// slow, and independent of the simulator's.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <random>
#include <span>
#include <vector>

#include "dsp/modem_params.hpp"

namespace omnisonde::testing {

struct Channel {
  double rate_hz = 48'000;
  double lead_s = 0.02;  ///< noise before and after
  double carrier_hz = 0, drift_hz_per_s = 0;
  double clock_ppm = 0;
  double deviation_scale = 1;
  double ebn0_db = 100;  ///< energy of one line symbol over complex noise density
  std::uint64_t seed = 1;
};

inline std::vector<std::uint8_t> line_symbols(std::span<const std::uint8_t> bits,
                                              dsp::LineCode code) {
  std::vector<std::uint8_t> out;
  for (const std::uint8_t bit : bits) {
    if (code == dsp::LineCode::kManchester) out.push_back(bit ? 0 : 1);
    out.push_back(bit);
  }
  return out;
}

/// Amplitude 1 while on air; complex noise over the whole rate.
inline std::vector<std::complex<float>> fsk_signal(const dsp::ModemParams& modem,
                                                   std::span<const std::uint8_t> symbols,
                                                   const Channel& channel) {
  const double symbol_s = (1 + channel.clock_ppm * 1e-6) / modem.symbol_rate_hz;
  const double air_s = symbol_s * static_cast<double>(symbols.size());
  const auto count = static_cast<std::size_t>((air_s + 2 * channel.lead_s) * channel.rate_hz);
  const double sigma_u = modem.bt > 0 ? std::sqrt(std::numbers::ln2) /
                                            (2 * std::numbers::pi * static_cast<double>(modem.bt))
                                      : 0;
  const auto step = [sigma_u](double u) {
    return sigma_u > 0 ? 0.5 * std::erfc(-u / (sigma_u * std::numbers::sqrt2))
                       : (u >= 0 ? 1.0 : 0.0);
  };
  constexpr int kSub = 8;  // frequency is integrated in eighths of a sample
  const double n0 = channel.rate_hz / modem.symbol_rate_hz * std::pow(10, -channel.ebn0_db / 10);
  std::mt19937_64 random(channel.seed);
  std::normal_distribution<double> noise(0, std::sqrt(n0 / 2));
  std::vector<std::complex<float>> out(count);
  double turns = std::uniform_real_distribution<double>(0, 1)(random);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = static_cast<double>(i) / channel.rate_hz - channel.lead_s;
    const bool on = t >= 0 && t < air_s;
    std::complex<double> x = on ? std::polar(1.0, 2 * std::numbers::pi * turns) : 0;
    for (int sub = 0; sub < kSub && on; ++sub) {
      const double u = (t + (sub + 0.5) / kSub / channel.rate_hz) / symbol_s;
      double level = 0;
      for (int j = static_cast<int>(u) - 2; j <= static_cast<int>(u) + 2; ++j) {
        if (j < 0 || j >= static_cast<int>(symbols.size())) continue;
        const double sign = symbols[static_cast<std::size_t>(j)] ? 1 : -1;
        level += sign * (step(u - j) - step(u - j - 1));
      }
      const double hz = level * modem.deviation_hz * channel.deviation_scale + channel.carrier_hz +
                        channel.drift_hz_per_s * t;
      turns = std::fmod(turns + hz / channel.rate_hz / kSub, 1.0);
    }
    x += std::complex<double>(noise(random), noise(random));
    out[i] = std::complex<float>(x);
  }
  return out;
}

}  // namespace omnisonde::testing
