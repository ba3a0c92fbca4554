#include "dsp/unit_bank.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <string>
#include <vector>

#include "dsp/gfsk_pulse.hpp"

namespace omnisonde::dsp {
namespace {

constexpr double kRate_hz = 48'000;
constexpr double kTwoPi = 2 * std::numbers::pi;

struct Shape {
  const char* name;
  ModemParams modem;
};

// The carrier's phase in turns, `samples` after the start of the middle unit of `context`, by the
// closed form of the frequency pulse's integral (which the bank does not use).
double phase_turns(const ModemParams& modem, int context, int context_bits, double samples) {
  std::vector<int> sign;
  int first = 0;
  for (int bit = context_bits - 1; bit >= 0; --bit) {
    if (bit == (context_bits - 1) / 2) first = static_cast<int>(sign.size());
    const int high = ((context >> bit) & 1) != 0 ? 1 : -1;
    if (modem.line_code == LineCode::kManchester) sign.push_back(-high);
    sign.push_back(high);
  }
  const double u = samples * modem.symbol_rate_hz / kRate_hz;
  double turns = 0;
  for (int j = 0; j < static_cast<int>(sign.size()); ++j) {
    const double middle = j - first + 0.5;
    turns += sign[static_cast<std::size_t>(j)] *
             (gfsk_phase_pulse(modem.bt, u - middle) - gfsk_phase_pulse(modem.bt, -middle));
  }
  return turns * modem.deviation_hz / modem.symbol_rate_hz;
}

struct Waveform {
  std::vector<Sample> samples;
  double energy = 0;
};

Waveform waveform(const UnitBank& bank, const ModemParams& modem, int context, int fraction) {
  Waveform w;
  w.samples.resize(static_cast<std::size_t>(bank.length()));
  for (int n = 0; n < bank.length(); ++n) {
    const double t = n - static_cast<double>(fraction) / UnitBank::kFractions;
    if (t < 0 || t >= bank.unit_samples() - 1e-9) continue;
    w.samples[static_cast<std::size_t>(n)] =
        Sample(std::polar(1.0, kTwoPi * phase_turns(modem, context, bank.context_bits(), t)));
    w.energy += 1;
  }
  return w;
}

class UnitBankOf : public ::testing::TestWithParam<Shape> {};

TEST_P(UnitBankOf, OwnWaveformGivesItsFullEnergyAndNoPhase) {
  const ModemParams& modem = GetParam().modem;
  const UnitBank bank(modem, modem.deviation_hz, kRate_hz);
  std::vector<Sample> out(static_cast<std::size_t>(bank.contexts()));
  for (int context = 0; context < bank.contexts(); ++context) {
    for (int fraction = 0; fraction < UnitBank::kFractions; ++fraction) {
      const Waveform w = waveform(bank, modem, context, fraction);
      bank.correlate(w.samples.data(), fraction, out.data());
      const std::complex<double> own(out[static_cast<std::size_t>(context)]);
      EXPECT_NEAR(own.real(), w.energy, 2e-3 * w.energy) << context << " at " << fraction;
      EXPECT_NEAR(own.imag(), 0, 1e-2 * w.energy) << context << " at " << fraction;
      for (int other = 0; other < bank.contexts(); ++other) {
        EXPECT_LE(std::abs(out[static_cast<std::size_t>(other)]), w.energy * 1.001);
        const Sample one = bank.correlate_one(w.samples.data(), fraction, other);
        EXPECT_NEAR(std::abs(one - out[static_cast<std::size_t>(other)]), 0, 1e-3)
            << other << " for " << context;
      }
    }
  }
}

TEST_P(UnitBankOf, UnwindTakesOutWhatTheUnitTurnsTheCarrier) {
  const ModemParams& modem = GetParam().modem;
  const UnitBank bank(modem, modem.deviation_hz, kRate_hz);
  for (int context = 0; context < bank.contexts(); ++context) {
    const double turns = phase_turns(modem, context, bank.context_bits(), bank.unit_samples());
    const std::complex<double> left =
        std::complex<double>(bank.unwind(context)) * std::polar(1.0, kTwoPi * turns);
    EXPECT_NEAR(std::abs(left - 1.0), 0, 0.01) << context;
  }
}

TEST_P(UnitBankOf, OppositeBitsDiffer) {
  const ModemParams& modem = GetParam().modem;
  const UnitBank bank(modem, modem.deviation_hz, kRate_hz);
  std::vector<Sample> out(static_cast<std::size_t>(bank.contexts()));
  const int all_ones = bank.contexts() - 1;
  const Waveform w = waveform(bank, modem, all_ones, 5);
  bank.correlate(w.samples.data(), 5, out.data());
  EXPECT_LT(std::abs(out[0]), 0.6 * w.energy);
}

INSTANTIATE_TEST_SUITE_P(
    Modems, UnitBankOf,
    ::testing::Values(
        Shape{"GaussianNrz", {.symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F}},
        Shape{"PlainNrz", {.symbol_rate_hz = 9600, .deviation_hz = 4800}},
        Shape{"OddClock", {.symbol_rate_hz = 2400.7, .deviation_hz = 2100, .bt = 0.5F}},
        Shape{"PlainManchester",
              {.symbol_rate_hz = 2500, .deviation_hz = 2400, .line_code = LineCode::kManchester}},
        Shape{"GaussianManchester",
              {.symbol_rate_hz = 4800,
               .deviation_hz = 2400,
               .bt = 0.5F,
               .line_code = LineCode::kManchester}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace omnisonde::dsp
