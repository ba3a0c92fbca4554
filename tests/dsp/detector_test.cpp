#include "dsp/detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include "dsp/spectrum.hpp"
#include "tests/support/fsk_signal.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kRate_hz = 240'000;
constexpr float kMinExcess_db = 0.8F;  // as the receiver asks for

const ModemParams kGaussianNrz{.symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F};
const ModemParams kPlainManchester{
    .symbol_rate_hz = 2500, .deviation_hz = 2400, .line_code = LineCode::kManchester};

struct Carrier {
  const ModemParams* modem;
  double offset_hz;
  double ebn0_db;
};

// A second of noise (power 1 over the band) and carriers in it.
std::vector<Sample> air(std::span<const Carrier> carriers) {
  const auto samples = static_cast<std::size_t>(kRate_hz);
  auto x = testing::white_noise(samples, 1, 17);
  testing::Channel channel;
  channel.rate_hz = kRate_hz;
  channel.lead_s = 0;
  for (const Carrier& c : carriers) {
    channel.carrier_hz = c.offset_hz;
    ++channel.seed;
    const auto bits =
        testing::random_bits(static_cast<std::size_t>(c.modem->bit_rate_hz()), channel.seed);
    const auto s =
        testing::fsk_signal(*c.modem, testing::line_symbols(bits, c.modem->line_code), channel);
    const auto amplitude = static_cast<float>(
        std::sqrt(c.modem->symbol_rate_hz / kRate_hz * std::pow(10, c.ebn0_db / 10)));
    for (std::size_t i = 0; i < samples; ++i) x[i] += amplitude * s[i];
  }
  return x;
}

std::vector<Candidate> find_in(std::span<const Sample> x) {
  BandFft band(kRate_hz);
  SpectrumAverager averager(band.bins());
  const std::size_t block = band.block_samples();
  for (std::size_t at = 0; at + block <= x.size(); at += block) {
    band.process({x.subspan(at, block), at, 0});
    averager.add(band);
  }
  std::vector<float> floor(band.bins());
  noise_floor(averager.slow(), floor);
  Detector detector;
  std::vector<Candidate> found;
  detector.find(averager.slow(), floor, kMinExcess_db, found);
  return found;
}

double nearest(std::span<const Candidate> found, double offset_hz) {
  double best = 1e9;
  for (const Candidate& c : found) {
    if (std::abs(c.offset_hz - offset_hz) < std::abs(best - offset_hz)) best = c.offset_hz;
  }
  return best;
}

TEST(Detector, FindsNeighbours10kHzApartAnd18dBDifferent) {
  const std::vector<std::vector<Carrier>> cases = {
      {{&kGaussianNrz, -20'300, 30}, {&kPlainManchester, -10'300, 12}},
      {{&kGaussianNrz, 41'110, 12}, {&kPlainManchester, 51'110, 30}},
      {{&kGaussianNrz, -90'050, 12}, {&kGaussianNrz, -80'050, 30}},
      {{&kPlainManchester, 5'000, 30}, {&kPlainManchester, 15'000, 12}},
  };
  for (const auto& carriers : cases) {
    const auto found = find_in(air(carriers));
    for (const Carrier& c : carriers) {
      EXPECT_NEAR(nearest(found, c.offset_hz), c.offset_hz, 700) << c.ebn0_db << " dB";
    }
    EXPECT_LE(found.size(), 2U) << "at " << carriers.front().offset_hz;
  }
}

TEST(Detector, FindsAWeakSonde) {
  const std::vector<Carrier> carriers = {{&kGaussianNrz, 33'333, 4},
                                         {&kPlainManchester, -61'000, 6}};
  const auto found = find_in(air(carriers));
  ASSERT_EQ(found.size(), 2U);
  for (const Carrier& c : carriers) {
    EXPECT_NEAR(nearest(found, c.offset_hz), c.offset_hz, 700);
  }
  EXPECT_GE(found[0].excess_db, found[1].excess_db);
}

TEST(Detector, ASondeIsOneCandidate) {
  for (const double ebn0_db : {10.0, 25.0, 40.0}) {
    const std::vector<Carrier> carriers = {{&kPlainManchester, -7'000, ebn0_db}};
    EXPECT_EQ(find_in(air(carriers)).size(), 1U) << ebn0_db;
  }
}

TEST(Detector, FindsNothingInHalfAMinuteOfNoise) {
  BandFft band(kRate_hz);
  SpectrumAverager averager(band.bins());
  std::vector<float> floor(band.bins());
  Detector detector;
  std::vector<Candidate> found;
  const std::size_t block = band.block_samples();
  for (int second = 0; second < 31; ++second) {
    const auto x = testing::white_noise(block * 250, 1e-3, static_cast<std::uint64_t>(second));
    for (std::size_t at = 0; at + block <= x.size(); at += block) {
      band.process({std::span(x).subspan(at, block), at, 0});
      if (!averager.add(band) || !averager.slow_complete()) continue;
      noise_floor(averager.slow(), floor);
      detector.find(averager.slow(), floor, kMinExcess_db, found);
      EXPECT_TRUE(found.empty()) << "at " << found.front().offset_hz << " Hz, "
                                 << found.front().excess_db << " dB, second " << second;
    }
  }
}

TEST(Detector, BearsASpectrumSmallerThanItsWindow) {
  Detector detector;
  std::vector<Candidate> found;
  for (const std::size_t bins : {0U, 1U, 40U, 60U}) {
    const std::vector<float> power(bins, 1.0F);
    detector.find(power, power, kMinExcess_db, found);
    EXPECT_TRUE(found.empty()) << bins;
  }
}

// What is no sonde by its shape: a bare carrier, and the inside of something wide.
TEST(Detector, TellsABareCarrierAndAPlateauFromASonde) {
  std::vector<Sample> x = air({{{&kGaussianNrz, -60'000, 20}}});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double turns = std::fmod(20'100.0 / kRate_hz * static_cast<double>(i), 1.0);
    x[i] += Sample(std::polar(0.3F, static_cast<float>(2 * std::numbers::pi * turns)));
  }
  bool sonde = false, line = false;
  for (const Candidate& c : find_in(x)) {
    if (std::abs(c.offset_hz + 60'000) < 1000) {
      sonde = true;
      EXPECT_LT(c.line_share, 0.6F);
      EXPECT_LT(c.valley, 0.2F);
    }
    if (std::abs(c.offset_hz - 20'100) < 1000) {
      line = true;
      EXPECT_GT(c.line_share, 0.85F);
    }
  }
  EXPECT_TRUE(sonde && line);

  std::vector<float> power(1200, 1.0F), floor(1200, 1.0F);
  std::fill(power.begin() + 500, power.begin() + 700, 6.0F);  // 40 kHz, flat
  power[600] = 7.0F;
  std::vector<Candidate> found;
  Detector().find(power, floor, kMinExcess_db, found);
  const auto inside =
      std::ranges::find_if(found, [](const Candidate& c) { return std::abs(c.offset_hz) < 3000; });
  ASSERT_NE(inside, found.end());
  EXPECT_GT(inside->valley, 0.5F);
}

}  // namespace
}  // namespace omnisonde::dsp
