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
  double wander_hz = 0;            ///< rms of a random walk about the carrier ...
  double wander_bandwidth_hz = 0;  ///< ... whose 3 dB corner is here (one-pole)
  double ebn0_db = 100;            ///< energy of one line symbol over complex noise density
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

/// What `ebn0_db` stands for as noise variance of one complex sample beside amplitude 1.
inline double noise_power(const dsp::ModemParams& modem, double rate_hz, double ebn0_db) {
  return rate_hz / modem.symbol_rate_hz * std::pow(10, -ebn0_db / 10);
}

/// Complex white noise.
inline std::vector<std::complex<float>> white_noise(std::size_t count, double power,
                                                    std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal(0, static_cast<float>(std::sqrt(power / 2)));
  std::vector<std::complex<float>> out(count);
  for (auto& x : out) x = {normal(random), normal(random)};
  return out;
}

/// Random data bits.
inline std::vector<std::uint8_t> random_bits(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> out(count);
  for (auto& bit : out) bit = static_cast<std::uint8_t>(random() & 1);
  return out;
}

/// What an ideal FM discriminator makes of IQ: turns per sample, in the real part.
inline std::vector<std::complex<float>> discriminate(std::span<const std::complex<float>> iq) {
  std::vector<std::complex<float>> out(iq.size());
  for (std::size_t i = 1; i < iq.size(); ++i) {
    out[i] = std::arg(iq[i] * std::conj(iq[i - 1])) / (2 * std::numbers::pi_v<float>);
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
  std::mt19937_64 random(channel.seed);
  std::normal_distribution<double> noise(
      0, std::sqrt(noise_power(modem, channel.rate_hz, channel.ebn0_db) / 2));
  std::normal_distribution<double> normal(0, 1);
  const double keep =
      std::exp(-2 * std::numbers::pi * channel.wander_bandwidth_hz / channel.rate_hz);
  double wander_hz = 0;
  std::vector<std::complex<float>> out(count);
  double turns = std::uniform_real_distribution<double>(0, 1)(random);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = static_cast<double>(i) / channel.rate_hz - channel.lead_s;
    const bool on = t >= 0 && t < air_s;
    std::complex<double> x = on ? std::polar(1.0, 2 * std::numbers::pi * turns) : 0;
    if (channel.wander_hz > 0) {
      wander_hz =
          keep * wander_hz + std::sqrt(1 - keep * keep) * channel.wander_hz * normal(random);
    }
    for (int sub = 0; sub < kSub && on; ++sub) {
      const double u = (t + (sub + 0.5) / kSub / channel.rate_hz) / symbol_s;
      const int here = static_cast<int>(u);
      double level = 0, begun = step(u - (here - 2));
      for (int j = here - 2; j <= here + 2; ++j) {
        const double ended = step(u - j - 1);
        const double share = begun - ended;
        begun = ended;
        if (j < 0 || j >= static_cast<int>(symbols.size())) continue;
        level += symbols[static_cast<std::size_t>(j)] ? share : -share;
      }
      const double hz = level * modem.deviation_hz * channel.deviation_scale + channel.carrier_hz +
                        channel.drift_hz_per_s * t + wander_hz;
      turns = std::fmod(turns + hz / channel.rate_hz / kSub, 1.0);
    }
    x += std::complex<double>(noise(random), noise(random));
    out[i] = std::complex<float>(x);
  }
  return out;
}

}  // namespace omnisonde::testing
