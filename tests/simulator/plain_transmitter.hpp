// Encoders for tests of the modulator: random symbols, and truth that repeats the flight state it
// was given.
#pragma once

#include <cmath>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/gaussian.hpp"
#include "simulator/stream_generator.hpp"

namespace omnisonde::sim::testing {

inline constexpr dsp::ModemParams kBurstModem{
    .symbol_rate_hz = 4800, .deviation_hz = 2400, .bt = 0.5F};
inline constexpr dsp::ModemParams kSteadyModem{
    .symbol_rate_hz = 2500, .deviation_hz = 2400, .bt = 0};

inline std::vector<std::uint8_t> random_symbols(std::size_t count, std::uint64_t seed) {
  Xoshiro256 random(seed);
  std::vector<std::uint8_t> symbols(count);
  for (std::uint8_t& symbol : symbols) symbol = random.next() >> 63;
  return symbols;
}

class PlainTransmitter final : public Transmitter {
 public:
  PlainTransmitter(const dsp::ModemParams& modem, double period_s, std::size_t frame_symbols,
                   std::string type)
      : modem_(modem), period_s_(period_s), frame_(frame_symbols), type_(std::move(type)) {}

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return period_s_; }

  std::vector<std::uint8_t> next_frame(const FlightState& state) override {
    Telemetry record;
    record.type = type_;
    record.frame_number = count_;
    record.datetime = state.utc;
    record.position = state.position;
    truth_.push_back(record);
    return random_symbols(frame_, 77 + count_++);
  }
  std::vector<Telemetry> take_truth() override { return std::exchange(truth_, {}); }

 private:
  dsp::ModemParams modem_;
  double period_s_;
  std::size_t frame_;
  std::string type_;
  std::uint32_t count_ = 0;
  std::vector<Telemetry> truth_;
};

/// "BURST": 0.6 s each second, as an RS41. "STEADY": frames of 0.224 s back to back, as a DFM.
/// "LONG": the RS41's signal without pauses.
inline std::unique_ptr<Transmitter> make_plain(std::string_view type, const SondeIdentity&) {
  if (type == "BURST") return std::make_unique<PlainTransmitter>(kBurstModem, 1, 2880, "BURST");
  if (type == "STEADY") return std::make_unique<PlainTransmitter>(kSteadyModem, 0, 560, "STEADY");
  if (type == "LONG") return std::make_unique<PlainTransmitter>(kBurstModem, 0, 2880, "LONG");
  return nullptr;
}

inline SondePlan plan_of(std::string type, double frequency_hz, double ebn0_db) {
  SondePlan plan;
  plan.name = type;
  plan.type = std::move(type);
  plan.identity.frequency_hz = frequency_hz;
  plan.ebn0_db = ebn0_db;
  return plan;
}

/// A generator of these encoders; UTC starts on a whole second.
inline StreamGenerator generator_of(Scenario scenario) {
  scenario.stream.start = UtcMillis{1'800'000'000'000};
  return StreamGenerator::create(scenario, &make_plain, UtcMillis{}).value();
}

/// Average power of `samples` per 200 Hz bin (Hann window), lowest frequency first.
inline std::vector<double> power_spectrum(std::span<const dsp::Sample> samples, double rate_hz) {
  const auto size = static_cast<std::size_t>(rate_hz / 200);
  dsp::Fft fft(size, dsp::FftDirection::kForward);
  std::vector<double> power(size);
  std::vector<float> window(size);
  double weight = 0;
  for (std::size_t i = 0; i < size; ++i) {
    window[i] = static_cast<float>(std::pow(
        std::sin(3.14159265358979 * (static_cast<double>(i) + 0.5) / static_cast<double>(size)),
        2));
    weight += static_cast<double>(window[i] * window[i]);
  }
  const std::size_t count = samples.size() / size;
  for (std::size_t block = 0; block < count; ++block) {
    for (std::size_t i = 0; i < size; ++i) {
      fft.input()[i] = samples[block * size + i] * window[i];
    }
    fft.run();
    for (std::size_t k = 0; k < size; ++k) {
      const double value = static_cast<double>(std::norm(fft.output()[k]));
      power[(k + size / 2) % size] += value / (weight * static_cast<double>(size * count));
    }
  }
  return power;
}

/// Sum of a power spectrum over [from_hz, to_hz), relative to the middle of the band.
inline double band_power(std::span<const double> spectrum, double from_hz, double to_hz) {
  const std::size_t middle_bin = spectrum.size() / 2;
  const auto middle = static_cast<double>(middle_bin);
  double sum = 0;
  for (std::size_t k = 0; k < spectrum.size(); ++k) {
    const double frequency_hz = (static_cast<double>(k) - middle) * 200;
    if (frequency_hz >= from_hz && frequency_hz < to_hz) sum += spectrum[k];
  }
  return sum;
}

}  // namespace omnisonde::sim::testing
