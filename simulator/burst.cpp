#include "simulator/burst.hpp"

#include <cmath>
#include <memory>
#include <utility>

#include "simulator/gaussian.hpp"
#include "simulator/voice.hpp"

namespace omnisonde::sim {
namespace {

/// Sends the given symbols and nothing else (the plan's stop_s sees to that).
class GivenSymbols final : public Transmitter {
 public:
  GivenSymbols(std::span<const std::uint8_t> symbols, const dsp::ModemParams& modem)
      : symbols_(symbols.begin(), symbols.end()), modem_(modem) {}

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<std::uint8_t> next_frame(const FlightState&) override { return symbols_; }
  std::vector<Telemetry> take_truth() override { return {}; }

 private:
  std::vector<std::uint8_t> symbols_;
  dsp::ModemParams modem_;
};

}  // namespace

std::vector<dsp::Sample> modulate_burst(std::span<const std::uint8_t> symbols,
                                        const dsp::ModemParams& modem,
                                        const BurstOptions& options) {
  const double symbol_rate_hz = modem.symbol_rate_hz * (1 + options.impairments.clock_ppm * 1e-6);
  const double on_s = static_cast<double>(symbols.size()) / symbol_rate_hz;
  const double total_s = options.lead_s + on_s + options.tail_s;
  std::vector<dsp::Sample> samples(static_cast<std::size_t>(std::ceil(total_s * options.rate_hz)));
  if (!symbols.empty()) {
    SondePlan plan;
    plan.identity.frequency_hz = 0;
    plan.impairments = options.impairments;
    plan.start_s = options.lead_s;
    plan.stop_s = options.lead_s + 0.5 * on_s;  // no second round
    Voice voice(plan, std::make_unique<GivenSymbols>(symbols, modem), UtcMillis{},
                options.amplitude, options.seed + 1);
    voice.render(0, options.rate_hz, 0, samples);
  }
  if (options.ebn0_db) {
    const double symbol_energy = options.amplitude * options.amplitude / modem.symbol_rate_hz;
    const double density = symbol_energy / std::pow(10.0, *options.ebn0_db / 10);
    GaussianSource noise(options.seed);
    noise.add_noise(static_cast<float>(std::sqrt(density * options.rate_hz / 2)), samples);
  }
  return samples;
}

}  // namespace omnisonde::sim
