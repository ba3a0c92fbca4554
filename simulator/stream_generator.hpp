// A scenario as samples: every sonde of it on its frequency, the receiver's noise and faults, and
// the truth that a perfect receiver would report.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dsp/fft.hpp"
#include "gateway/base/expected.hpp"
#include "simulator/gaussian.hpp"
#include "simulator/scenario.hpp"
#include "simulator/slice_synth.hpp"
#include "simulator/transmitter.hpp"
#include "simulator/voice.hpp"

namespace omnisonde::sim {

/// Finds the encoder of a type, or null. (make_transmitter; tests may bring their own.)
using TransmitterFactory =
    std::function<std::unique_ptr<Transmitter>(std::string_view type, const SondeIdentity&)>;

/// One object belongs to one thread at a time. The same scenario, start and calls give the same
/// samples, bit for bit, on the same machine.
class StreamGenerator {
 public:
  /// @param factory  makes the encoders.
  /// @param now      UTC of the first sample if the scenario says `start = now`.
  /// @returns an Error when a sonde's type has no encoder.
  static Expected<StreamGenerator> create(const Scenario& scenario,
                                          const TransmitterFactory& factory, UtcMillis now);
  /// The same with the types that the program knows and the system's clock.
  static Expected<StreamGenerator> create(const Scenario& scenario) {
    return create(scenario, &make_transmitter, system_now());
  }
  [[nodiscard]] static UtcMillis system_now();

  /// The next out.size() samples (any number; multiples of block_samples() cost one copy less).
  void next_block(std::span<dsp::Sample> out);

  /// Passes `samples` of the stream unheard: what a receiver lost.
  void skip(std::uint64_t samples);

  /// Records of frames that have ended by now, in order of their ends per sonde: rx.t_s is the
  /// start of the frame on air (preamble included), rx.received its UTC. Frames outside the band,
  /// touched by an outage or by skip() are left out.
  [[nodiscard]] std::vector<Telemetry> take_truth();

  /// Retunes from the next 4 ms block on.
  void set_centre_hz(double centre_hz) { centre_hz_ = centre_hz; }
  [[nodiscard]] double centre_hz() const { return centre_hz_; }

  /// Changes the sample rate from the next block on (samples already made are dropped). The noise
  /// density and the sondes stay as they are. @returns an Error for rates that it cannot make.
  Expected<void> set_sample_rate_hz(double rate_hz);
  [[nodiscard]] double sample_rate_hz() const { return rate_hz_; }

  /// Amplifies signal and noise alike; 1 = the scenario's level.
  void set_gain(float gain) { gain_ = gain; }
  [[nodiscard]] float gain() const { return gain_; }

  /// fs / 250: 4 ms.
  [[nodiscard]] std::size_t block_samples() const { return synth_.block_samples(); }
  /// Time of the next sample, s from the first.
  [[nodiscard]] double time_s() const;
  [[nodiscard]] UtcMillis start_utc() const { return start_utc_; }

 private:
  struct Channel {
    std::unique_ptr<Voice> voice;
    std::size_t bins = 0;             // slice rate / 200 Hz
    std::vector<dsp::Sample> window;  // the slice's samples of this block, old ones first
    std::int64_t bin = 0;             // where in the band the slice is centred
    bool fresh = true;                // the window holds nothing to go on from
    double centre_hz = 0;             // of the band, when `bin` was chosen
  };

  StreamGenerator(const Scenario& scenario, UtcMillis start);

  void make_block(std::span<dsp::Sample> out);
  void add_channel(Channel& channel);
  /// Keeps the slice within a kilohertz of its carrier without a step in phase.
  void follow_carrier(Channel& channel, double window_s);
  void add_receiver_faults(std::span<dsp::Sample> out) const noexcept;

  StreamSpec spec_;
  UtcMillis start_utc_;
  double rate_hz_;
  double centre_hz_;
  double noise_density_;
  float gain_ = 1;
  SliceSynth synth_;
  std::map<std::size_t, SliceFilter> filters_;  // by bins
  std::vector<Channel> channels_;
  GaussianSource noise_;
  std::int64_t block_ = 0;         // number of the next block
  std::vector<dsp::Sample> rest_;  // the block that is partly handed out
  std::size_t rest_used_ = 0;
};

}  // namespace omnisonde::sim
