#include "simulator/stream_generator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <vector>

#include "simulator/burst.hpp"
#include "simulator/quantise.hpp"
#include "tests/simulator/plain_transmitter.hpp"

namespace omnisonde::sim {
namespace {

using testing::band_power;
using testing::generator_of;
using testing::plan_of;
using testing::power_spectrum;

constexpr double kNoNoise_dbfs = -140;
constexpr double kClean_ebn0_db = 150;  // with this noise: about -17 dBFS at 2.4 MS/s

Scenario scenario_of(double rate_hz, double noise_dbfs) {
  Scenario scenario;
  scenario.stream.sample_rate_hz = rate_hz;
  scenario.stream.noise_dbfs = noise_dbfs;
  return scenario;
}

std::vector<dsp::Sample> take(StreamGenerator& generator, double seconds) {
  std::vector<dsp::Sample> samples(
      static_cast<std::size_t>(std::llround(seconds * generator.sample_rate_hz())));
  generator.next_block(samples);
  return samples;
}

/// Power of what is left of `samples` after the best multiple of `model` is taken away, in dB of
/// `samples`.
double residual_db(std::span<const dsp::Sample> samples, std::span<const dsp::Sample> model) {
  std::complex<double> cross;
  double own = 0, other = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::complex<double> a = samples[i], b = model[i];
    cross += a * std::conj(b);
    own += std::norm(a);
    other += std::norm(b);
  }
  return 10 * std::log10((own - std::norm(cross) / other) / own);
}

struct SynthCase {
  double rate_hz, offset_hz, drift_hz_per_s, clock_ppm;
};

class StreamGeneratorAtRate : public ::testing::TestWithParam<SynthCase> {};

// The wide signal is the one that the definition gives, sample by sample: right place, time and
// phase, images and spurs 70 dB down, no step where the slice follows a drifting carrier.
TEST_P(StreamGeneratorAtRate, EqualsDirectModulation) {
  const SynthCase& c = GetParam();
  Scenario scenario = scenario_of(c.rate_hz, kNoNoise_dbfs);
  SondePlan plan = plan_of("BURST", 403e6, kClean_ebn0_db);
  plan.impairments.offset_hz = c.offset_hz;
  plan.impairments.drift_hz_per_s = c.drift_hz_per_s;
  plan.impairments.clock_ppm = c.clock_ppm;
  scenario.sondes.push_back(plan);
  StreamGenerator generator = generator_of(scenario);
  const auto wide = take(generator, 0.5);

  BurstOptions options{.rate_hz = c.rate_hz, .lead_s = 0, .tail_s = 0};
  options.impairments = plan.impairments;
  const auto direct =
      modulate_burst(testing::random_symbols(2880, 77), testing::kBurstModem, options);
  ASSERT_GE(direct.size(), wide.size());
  // The start has the carrier's ramp before time 0 cut off.
  const std::size_t from = wide.size() / 100;
  EXPECT_LT(residual_db(std::span(wide).subspan(from),
                        std::span(direct).subspan(from, wide.size() - from)),
            -70);
}

INSTANTIATE_TEST_SUITE_P(
    Rates, StreamGeneratorAtRate,
    ::testing::Values(SynthCase{2.4e6, 0, 0, 0}, SynthCase{2.4e6, -1'123'456.7, 0, 40},
                      SynthCase{2.048e6, 333'333.3, 9000, -100}, SynthCase{48e3, 1234, -50, 0},
                      SynthCase{250e3, -70'000, 50, 0}, SynthCase{1.001e6, 99'999, 3000, 0}));

TEST(StreamGenerator, PlainFskStaysClean) {
  Scenario scenario = scenario_of(1e6, kNoNoise_dbfs);
  scenario.sondes.push_back(plan_of("STEADY", 403.2e6, kClean_ebn0_db));
  StreamGenerator generator = generator_of(scenario);
  const auto spectrum = power_spectrum(take(generator, 1), 1e6);
  const double signal = band_power(spectrum, 150e3, 250e3);
  EXPECT_LT(10 * std::log10(band_power(spectrum, -500e3, 150e3) / signal), -70);
  EXPECT_LT(10 * std::log10(band_power(spectrum, 250e3, 500e3) / signal), -70);
}

double ebn0_of(std::span<const double> spectrum, double offset_hz, double symbol_rate_hz,
               double density) {
  const double power = band_power(spectrum, offset_hz - 10e3, offset_hz + 10e3) - density * 20e3;
  return 10 * std::log10(power / symbol_rate_hz / density);
}

// Through 8-bit numbers, as a file has them.
TEST(StreamGenerator, TenSondesHaveTheirPlaceAndEbN0) {
  Scenario scenario = scenario_of(2.4e6, -30);
  const double offsets_hz[] = {-1.1e6, -700e3, -402e3, -90e3,   3e3,
                               60e3,   200e3,  437e3,  800.2e3, 1.1e6};
  for (int i = 0; i < 10; ++i) {
    scenario.sondes.push_back(
        plan_of(i % 2 == 0 ? "LONG" : "STEADY", 403e6 + offsets_hz[i], 12 + 2 * i));
  }
  StreamGenerator generator = generator_of(scenario);
  auto samples = take(generator, 2);
  std::vector<std::byte> bytes(samples.size() * 2);
  quantise(dsp::SampleFormat::kCu8, samples, bytes);
  dsp::convert(dsp::SampleFormat::kCu8, bytes, samples);

  const auto spectrum = power_spectrum(samples, 2.4e6);
  const double density = band_power(spectrum, -350e3, -150e3) / 200e3;
  EXPECT_NEAR(10 * std::log10(density * 2.4e6), -30, 0.2);
  for (int i = 0; i < 10; ++i) {
    EXPECT_NEAR(ebn0_of(spectrum, offsets_hz[i], i % 2 == 0 ? 4800 : 2500, density), 12 + 2 * i,
                0.2)
        << i;
  }
}

TEST(StreamGenerator, RepeatsBitForBitHoweverItIsRead) {
  Scenario scenario = scenario_of(240e3, -30);
  scenario.sondes.push_back(plan_of("BURST", 403.01e6, 20));
  scenario.sondes.push_back(plan_of("STEADY", 402.95e6, 20));
  scenario.sondes[1].impairments.fade_hz = 3;
  StreamGenerator a = generator_of(scenario);
  StreamGenerator b = generator_of(scenario);
  const auto whole = take(a, 0.5);
  std::vector<dsp::Sample> pieces(whole.size());
  for (std::size_t at = 0, size = 1; at < pieces.size(); at += size, size = (size * 7) % 2999) {
    size = std::min(size, pieces.size() - at);
    b.next_block(std::span(pieces).subspan(at, size));
  }
  EXPECT_EQ(whole, pieces);
  scenario.stream.seed = 2;
  StreamGenerator c = generator_of(scenario);
  EXPECT_NE(whole, take(c, 0.5));
}

TEST(StreamGenerator, GoesOnInStepAfterASkip) {
  Scenario scenario = scenario_of(240e3, kNoNoise_dbfs);
  scenario.sondes.push_back(plan_of("BURST", 403e6, kClean_ebn0_db));
  StreamGenerator whole = generator_of(scenario);
  StreamGenerator skipping = generator_of(scenario);
  const auto all = take(whole, 4);
  take(skipping, 0.1);
  skipping.skip(240'000 * 2 + 12'345);
  EXPECT_NEAR(skipping.time_s(), 2.1 + 12'345 / 240e3, 1e-9);
  const auto rest = take(skipping, 0.4);
  const std::size_t at = 240'000 / 10 + 240'000 * 2 + 12'345;
  EXPECT_LT(residual_db(std::span(rest), std::span(all).subspan(at, rest.size())), -60);
}

TEST(StreamGenerator, RetunesAndChangesRateInFlight) {
  Scenario scenario = scenario_of(240e3, -40);
  scenario.sondes.push_back(plan_of("LONG", 403.05e6, 30));
  StreamGenerator generator = generator_of(scenario);
  const auto power_at = [&](double offset_hz) {
    const auto spectrum = power_spectrum(take(generator, 0.2), generator.sample_rate_hz());
    return 10 * std::log10(band_power(spectrum, offset_hz - 5e3, offset_hz + 5e3));
  };
  const double before_db = power_at(50e3);
  generator.set_centre_hz(403.1e6);
  EXPECT_NEAR(power_at(-50e3), before_db, 0.3);
  EXPECT_LT(power_at(50e3), before_db - 20);
  ASSERT_TRUE(generator.set_sample_rate_hz(1e6).ok());
  EXPECT_NEAR(power_at(-50e3), before_db, 0.3);
  generator.set_centre_hz(404e6);
  EXPECT_LT(power_at(-50e3), before_db - 20);
  EXPECT_FALSE(generator.set_sample_rate_hz(1.2345e6 + 0.5).ok());
  EXPECT_FALSE(generator.set_sample_rate_hz(0).ok());
}

TEST(StreamGenerator, TellsTheTruthOfWholeFramesOnly) {
  Scenario scenario = scenario_of(48e3, -30);
  SondePlan plan = plan_of("BURST", 403e6, 20);
  plan.start_s = 0.3;
  plan.stop_s = 5.5;
  plan.impairments.outages_s = {{3.2, 3.3}};
  plan.flight.wind = {{0, 10, 270}};
  scenario.sondes.push_back(plan);
  StreamGenerator generator = generator_of(scenario);
  take(generator, 2.5);
  std::vector<Telemetry> truth = generator.take_truth();
  ASSERT_EQ(truth.size(), 1U);  // of the burst at 1 s; that at 2 s is still on the air
  take(generator, 6);
  for (Telemetry& record : generator.take_truth()) truth.push_back(record);
  std::vector<double> starts_s;
  Flight flight(plan.flight, generator.start_utc());
  for (const Telemetry& record : truth) {
    starts_s.push_back(record.rx.t_s);
    const FlightState state = flight.at(record.rx.t_s);
    EXPECT_EQ(record.datetime, state.utc);
    EXPECT_EQ(record.rx.received, state.utc);
    EXPECT_DOUBLE_EQ(record.position->longitude_deg, state.position.longitude_deg);
    EXPECT_DOUBLE_EQ(record.rx.frequency_hz, 403e6);
  }
  EXPECT_EQ(starts_s, (std::vector<double>{1, 2, 4, 5}));
}

TEST(StreamGenerator, EncodesContinuousFramesAtTheirExactTimes) {
  Scenario scenario = scenario_of(48e3, -30);
  scenario.sondes.push_back(plan_of("STEADY", 403e6, 20));
  scenario.sondes[0].impairments.clock_ppm = 50;
  StreamGenerator generator = generator_of(scenario);
  take(generator, 30);
  const auto truth = generator.take_truth();
  ASSERT_EQ(truth.size(), 133U);  // 30 s / 0.224 s
  for (std::size_t i = 0; i < truth.size(); ++i) {
    EXPECT_NEAR(truth[i].rx.t_s, static_cast<double>(i) * 0.224 / 1.00005, 1e-9);
  }
}

TEST(StreamGenerator, KeepsSilentAboutSondesOutsideTheBand) {
  Scenario scenario = scenario_of(240e3, -30);
  scenario.sondes.push_back(plan_of("BURST", 403.5e6, 20));
  StreamGenerator generator = generator_of(scenario);
  take(generator, 2.7);
  EXPECT_TRUE(generator.take_truth().empty());
  generator.set_centre_hz(403.5e6);
  take(generator, 1);
  EXPECT_EQ(generator.take_truth().size(), 1U);
}

// The whole way with a real encoder, judged by formats/rs41.md: 320 symbols of preamble from the
// whole second on, then the sync as it stands there.
TEST(StreamGenerator, SendsTheSyncOfAnRs41WhereTheFormatHasIt) {
  Scenario scenario = scenario_of(2.4e6, -30);
  scenario.stream.start = UtcMillis{1'800'000'000'250};
  scenario.sondes.push_back(plan_of("RS41", 403.4e6, 35));
  StreamGenerator generator = StreamGenerator::create(scenario).value();
  const auto wide = take(generator, 1);
  // Down to 48 kHz by a plain moving sum over 50 samples.
  std::vector<std::complex<double>> narrow(wide.size() / 50);
  for (std::size_t i = 0; i < narrow.size() * 50; ++i) {
    const double turns = std::fmod(400e3 / 2.4e6 * static_cast<double>(i), 1.0);
    narrow[i / 50] +=
        std::complex<double>(wide[i]) * std::polar(1.0, -2 * 3.14159265358979 * turns);
  }
  const std::string sync = "0000100001101101010100111000100001000100011010010100100000011111";
  for (std::size_t bit = 0; bit < sync.size(); ++bit) {
    const double start_s = 0.75 + static_cast<double>(320 + bit) / 4800;
    const auto from = static_cast<std::size_t>(std::lround(start_s * 48e3));
    double turn = 0;
    for (std::size_t i = from + 1; i < from + 10; ++i) {
      turn += std::arg(narrow[i] * std::conj(narrow[i - 1]));
    }
    EXPECT_EQ(turn > 0 ? '1' : '0', sync[bit]) << bit;
  }
}

TEST(StreamGenerator, NamesATypeWithoutEncoder) {
  Scenario scenario;
  scenario.sondes.push_back(plan_of("KITE", 403e6, 20));
  scenario.sondes[0].origin = "x.ini:3";
  const auto made = StreamGenerator::create(scenario, &testing::make_plain, UtcMillis{});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().what.find("x.ini:3"), std::string::npos);
  EXPECT_NE(made.error().what.find("KITE"), std::string::npos);
}

}  // namespace
}  // namespace omnisonde::sim
