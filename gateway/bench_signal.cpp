#include "gateway/bench_signal.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <random>
#include <string_view>

#include "dsp/gfsk_pulse.hpp"

namespace omnisonde {
namespace {

// An RS41-SGP frame as it goes on air, whitened and with its parity: that of
// tests/golden/rs41_worked_example.txt.
constexpr std::string_view kFrame =
    "10b6ca11229612f855bd088cd8faa4664ff0951b3ef02ef6e270c1d4530421b7ca159f8e900866b2dc01093e"
    "da9c4ad0f000b6789196038477171343ac237df3a5b70b6786520898330559f6f9449b262652c2c4b65d26a2"
    "5469490cdce85cf1af47b0acbce388a06c7d1263f78bc9639d30bc0081adb0b270523bac9d7b4e5a71813ec7"
    "b4b7ae9c37aa5f0ef9d73e262140d89667d46401bb894b122ceba9e307617873f38556266161c07604ef2e9e"
    "d043b4453bd7ad78d8563a51bf7b4cc1142dc17aa09b04d73c05953d454ad86321da38d5787436a162f9681d"
    "33f1a30c833087dd479954bb9e6909c90a83ad08df32e7b6ee95293660b63baebf7b4cc196833e51b1490898"
    "3205590ef944c626b1c7b9ffdaa889b94eae5009fe201bed66899378f298ab28835a6c15e4102e61d0bcb4b6"
    "06aaf423786e3baebf7ba006";

constexpr int kSymbolSamples = 500;  // 4800 Bd at 2.4 MS/s
constexpr int kSymbols = 4800;       // a second
constexpr std::size_t kPreamble = 320;
constexpr float kBt = 0.5F;
constexpr double kDeviation_hz = 2400, kSpacing_hz = 100e3;
constexpr float kAmplitude = 0.01F;
constexpr double kEbN0_db = 20;

// +1 and -1: preamble, frame (each byte's lowest bit first), and the preamble's alternation again.
std::vector<float> symbols() {
  std::vector<float> out;
  for (std::size_t i = 0; i < kPreamble; ++i) out.push_back(i % 2 == 0 ? -1.0F : 1.0F);
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < kFrame.size(); i += 2) {
    const int byte = digit(kFrame[i]) << 4 | digit(kFrame[i + 1]);
    for (int bit = 0; bit < 8; ++bit) out.push_back((byte >> bit & 1) != 0 ? 1.0F : -1.0F);
  }
  while (out.size() < kSymbols) out.push_back(out.size() % 2 == 0 ? -1.0F : 1.0F);
  return out;
}

// Frequency of each sample over the deviation.
std::vector<float> frequencies() {
  const int span = dsp::gfsk_pulse_span(kBt);
  const auto pulse = dsp::gfsk_frequency_pulse(kBt, kSymbolSamples, span);
  const auto levels = symbols();
  std::vector<float> out(static_cast<std::size_t>(kSymbols) * kSymbolSamples);
  for (std::size_t k = 0; k < levels.size(); ++k) {
    for (std::size_t i = 0; i < pulse.size(); ++i)
      out[(k * kSymbolSamples + i) % out.size()] += levels[k] * pulse[i] * kSymbolSamples;
  }
  return out;
}

}  // namespace

std::vector<std::byte> bench_signal(int sondes) {
  const auto frequency = frequencies();
  std::vector<std::complex<float>> sum(frequency.size());
  const double noise =
      static_cast<double>(kAmplitude * kAmplitude) * kSymbolSamples / std::pow(10.0, kEbN0_db / 10);
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, static_cast<float>(std::sqrt(noise / 2)));
  for (auto& x : sum) x = {normal(random), normal(random)};
  for (int sonde = 0; sonde < sondes; ++sonde) {
    const double centre_hz = (sonde - (sondes - 1) / 2.0) * kSpacing_hz;
    double turns = 0.1 * sonde;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      turns += (centre_hz + kDeviation_hz * static_cast<double>(frequency[i])) / kBenchRate_hz;
      turns -= std::floor(turns);
      sum[i] += std::polar(kAmplitude, static_cast<float>(2 * std::numbers::pi * turns));
    }
  }
  std::vector<std::byte> out;
  out.reserve(2 * sum.size());
  const auto to_byte = [](float x) {
    return static_cast<std::byte>(std::lround(std::clamp(x * 127.5F + 127.5F, 0.0F, 255.0F)));
  };
  for (const auto& x : sum) {
    out.push_back(to_byte(x.real()));
    out.push_back(to_byte(x.imag()));
  }
  return out;
}

}  // namespace omnisonde
