#include "simulator/burst.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "dsp/gfsk_pulse.hpp"
#include "simulator/quantise.hpp"
#include "tests/simulator/plain_transmitter.hpp"

namespace omnisonde::sim {
namespace {

using testing::kBurstModem;
using testing::kSteadyModem;
using testing::random_symbols;

TEST(GfskPulse, IsASmoothedRectangleOfAreaOne) {
  for (const float bt : {0.0F, 0.3F, 0.5F, 0.7F}) {
    const int span = dsp::gfsk_pulse_span(bt);
    const std::vector<float> pulse = dsp::gfsk_frequency_pulse(bt, 40, span);
    double sum = 0;
    for (std::size_t i = 0; i < pulse.size(); ++i) {
      sum += static_cast<double>(pulse[i]);
      EXPECT_NEAR(pulse[i], pulse[pulse.size() - 1 - i], 1e-6F) << bt;
    }
    EXPECT_NEAR(sum, 1, 1e-5) << bt;
    if (bt == 0) continue;
    // BT says where the filter alone has lost 3 dB: the pulse's spectrum over the rectangle's.
    std::complex<double> response;
    for (std::size_t i = 0; i < pulse.size(); ++i) {
      const double t = (static_cast<double>(i) + 0.5) / 40;
      const double turn = -2 * std::numbers::pi * static_cast<double>(bt) * t;
      response += std::polar(static_cast<double>(pulse[i]), turn);
    }
    const double x = std::numbers::pi * static_cast<double>(bt);
    EXPECT_NEAR(std::abs(response) / (std::sin(x) / x), std::sqrt(0.5), 0.002) << bt;
  }
}

TEST(ModulateBurst, MovesThePhaseByTheModulationIndexPerSymbol) {
  for (const dsp::ModemParams& modem : {kBurstModem, kSteadyModem}) {
    const std::vector<std::uint8_t> ones(100, 1);
    const double rate_hz = 50 * modem.symbol_rate_hz;
    const auto samples = modulate_burst(ones, modem, {.rate_hz = rate_hz, .lead_s = 0});
    const dsp::Sample turn = samples[50 * 60] * std::conj(samples[50 * 60 - 1]);
    const double frequency_hz =
        static_cast<double>(std::arg(turn)) * rate_hz / (2 * std::numbers::pi);
    EXPECT_NEAR(frequency_hz, modem.deviation_hz, 1);
  }
}

TEST(ModulateBurst, KeepsEnvelopeAndPhaseContinuous) {
  const auto symbols = random_symbols(2000, 3);
  const auto samples = modulate_burst(symbols, kBurstModem, {.rate_hz = 1e6, .lead_s = 0.01});
  const double most = 2 * std::numbers::pi * 2400 / 1e6 * 1.001;
  for (std::size_t i = 10'000; i < samples.size() - 20'100; ++i) {
    ASSERT_NEAR(std::abs(samples[i]), 1, 1e-4) << i;
    ASSERT_LE(std::abs(std::arg(samples[i] * std::conj(samples[i - 1]))), most) << i;
  }
  EXPECT_EQ(samples.front(), dsp::Sample{});
  EXPECT_EQ(samples.back(), dsp::Sample{});
}

// Middle of the symbol, found from the discriminator's zero crossings, against the clock.
TEST(ModulateBurst, HoldsTheSymbolClockOverAMinuteAtAnOddRate) {
  constexpr double kRate_hz = 22'050;
  for (const double ppm : {-100.0, 0.0, 100.0}) {
    std::vector<std::uint8_t> symbols(60 * 2500);
    for (std::size_t i = 0; i < symbols.size(); ++i) symbols[i] = (i / 2) % 2;
    BurstOptions options{.rate_hz = kRate_hz, .lead_s = 0.0123};
    options.impairments.clock_ppm = ppm;
    const auto samples = modulate_burst(symbols, kSteadyModem, options);
    // A period of four symbols is a tone in the discriminator: its phase at both ends.
    const double tone_hz = 2500 * (1 + ppm * 1e-6) / 4;
    const auto phase_at = [&](std::size_t from) {
      std::complex<double> sum;
      for (std::size_t i = from; i < from + 4410; ++i) {
        const double step = static_cast<double>(std::arg(samples[i] * std::conj(samples[i - 1])));
        const double t = (static_cast<double>(i) - 0.5) / kRate_hz - options.lead_s;
        sum += step * std::polar(1.0, -2 * std::numbers::pi * tone_hz * t);
      }
      return std::arg(sum) / (2 * std::numbers::pi * tone_hz);  // s
    };
    EXPECT_NEAR(phase_at(1000), phase_at(59 * 22'050), 2e-6) << ppm;
  }
}

TEST(ModulateBurst, HasTheAskedEbN0) {
  const auto symbols = random_symbols(24'000, 4);
  const BurstOptions options{.lead_s = 0, .tail_s = 0, .ebn0_db = 10};
  const auto clean = modulate_burst(symbols, kBurstModem, {.lead_s = 0, .tail_s = 0});
  const auto noisy = modulate_burst(symbols, kBurstModem, options);
  double noise = 0;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    noise += static_cast<double>(std::norm(noisy[i] - clean[i]));
  }
  const double density = noise / static_cast<double>(clean.size()) / 48'000;
  EXPECT_NEAR(10 * std::log10(1.0 / 4800 / density), 10, 0.1);
}

TEST(ModulateBurst, SwapsTonesWhenInverted) {
  const auto symbols = random_symbols(200, 5);
  BurstOptions options;
  const auto upright = modulate_burst(symbols, kBurstModem, options);
  options.impairments.inverted = true;
  const auto inverted = modulate_burst(symbols, kBurstModem, options);
  for (std::size_t i = 0; i < upright.size(); ++i) {
    ASSERT_NEAR(std::abs(upright[i] - std::conj(inverted[i])), 0, 1e-5) << i;
  }
}

TEST(ModulateBurst, FadesWithMeanPowerOne) {
  const std::vector<std::uint8_t> symbols(4800 * 60, 1);
  BurstOptions options{.lead_s = 0, .tail_s = 0};
  options.impairments.fade_hz = 5;
  double power = 0;
  std::size_t deep = 0;
  const auto samples = modulate_burst(symbols, kBurstModem, options);
  for (const dsp::Sample& s : samples) {
    power += static_cast<double>(std::norm(s));
    deep += std::norm(s) < 0.1F ? 1U : 0U;
  }
  const auto count = static_cast<double>(samples.size());
  EXPECT_NEAR(10 * std::log10(power / count), 0, 1);
  EXPECT_NEAR(static_cast<double>(deep) / count, 0.095, 0.04);  // 1 - exp(-0.1)
}

TEST(Quantise, IsUndoneByConvert) {
  std::vector<dsp::Sample> samples;
  for (int i = -100; i <= 100; ++i) {
    samples.emplace_back(static_cast<float>(i) / 101, static_cast<float>(-i) / 103);
  }
  for (const auto format : {dsp::SampleFormat::kCu8, dsp::SampleFormat::kCs8,
                            dsp::SampleFormat::kCs16, dsp::SampleFormat::kCf32}) {
    std::vector<std::byte> bytes(samples.size() * dsp::bytes_per_sample(format));
    quantise(format, samples, bytes);
    std::vector<dsp::Sample> back(samples.size());
    dsp::convert(format, bytes, back);
    const float step = format == dsp::SampleFormat::kCf32   ? 0
                       : format == dsp::SampleFormat::kCs16 ? 1.0F / 32768
                                                            : 1.0F / 127;
    for (std::size_t i = 0; i < back.size(); ++i) {
      ASSERT_LE(std::abs(back[i].real() - samples[i].real()), 0.51F * step);
      ASSERT_LE(std::abs(back[i].imag() - samples[i].imag()), 0.51F * step);
    }
  }
}

TEST(Quantise, ClipsBeyondFullScale) {
  const std::vector<dsp::Sample> samples = {{3, -3}};
  std::vector<std::byte> bytes(4);
  quantise(dsp::SampleFormat::kCu8, samples, bytes);
  EXPECT_EQ(bytes[0], std::byte{255});
  EXPECT_EQ(bytes[1], std::byte{0});
  quantise(dsp::SampleFormat::kCs8, samples, bytes);
  EXPECT_EQ(bytes[0], std::byte{127});
  EXPECT_EQ(bytes[1], std::byte{128});
}

}  // namespace
}  // namespace omnisonde::sim
