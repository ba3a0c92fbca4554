// One sonde on the air: its encoder, flight, symbol clock, carrier and fading, rendered as complex
// baseband at any rate.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "dsp/fft.hpp"
#include "simulator/flight.hpp"
#include "simulator/impairments.hpp"
#include "simulator/scenario.hpp"
#include "simulator/symbol_track.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {

/// Time runs forward only: each call's times lie at or after those of the call before.
class Voice {
 public:
  /// @param plan       the sonde.
  /// @param start      UTC of time 0; bursts begin at whole multiples of their period in UTC.
  /// @param amplitude  of the carrier, full scale 1.
  /// @param seed       of the fading.
  Voice(const SondePlan& plan, std::unique_ptr<Transmitter> transmitter, UtcMillis start,
        double amplitude, std::uint64_t seed);

  /// Renders samples at start_s, start_s + 1/rate_hz, ... with the carrier at carrier_hz() minus
  /// `reference_hz`. Phase goes on from call to call as long as `reference_hz` stays the same.
  void render(double start_s, double rate_hz, double reference_hz, std::span<dsp::Sample> out);

  /// Passes time without making samples: frames are encoded all the same.
  void skip_to(double time_s);

  /// Tells that from now on a receiver can (or cannot) hear this sonde; frames begun meanwhile make
  /// no truth.
  void set_audible(bool audible) { audible_ = audible; }
  /// Drops the truth of frames that are not over yet: the receiver lost samples.
  void spoil_frame_in_progress() { pending_.clear(); }

  /// Adds `cycles` to the carrier's phase (when the reference changes).
  void turn_carrier(double cycles);

  /// Carrier at `time_s`, in Hz.
  [[nodiscard]] double carrier_hz(double time_s) const;
  [[nodiscard]] const dsp::ModemParams& modem() const { return transmitter_->modem(); }

  /// Moves the records of frames that ended at or before `time_s` to `out`, rx filled.
  void take_truth(double time_s, std::vector<Telemetry>& out);

 private:
  struct PendingTruth {
    double end_s;
    Telemetry record;
  };

  /// Makes the frames known that are on the air at `time_s` or begin until then.
  void advance(double time_s);
  void send_frame(double start_s);
  [[nodiscard]] double next_burst_s(double not_before_s) const;
  [[nodiscard]] float keying(double time_s) const noexcept;

  std::unique_ptr<Transmitter> transmitter_;
  Impairments impairments_;
  double nominal_hz_;
  double start_s_;
  std::optional<double> stop_s_;
  float amplitude_;
  UtcMillis start_utc_;
  Flight flight_;
  SymbolTrack track_;
  ChannelGain gain_;

  double on_s_ = 0;          // the carrier is up from here ...
  double off_s_ = 0;         // ... to here, ramps outside
  double period_s_ = 0;      // of bursts; 0 = continuous
  double next_frame_s_ = 0;  // of a burst type
  bool finished_ = false;
  bool audible_ = true;
  double carrier_cycles_ = 0;
  std::deque<PendingTruth> pending_;
};

}  // namespace omnisonde::sim
