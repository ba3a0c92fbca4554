// One sonde type listening on one slot: sync search, demodulation, the decode ladder and the
// flywheel.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "decoders/sonde.hpp"
#include "dsp/frame_demod.hpp"
#include "dsp/sample_ring.hpp"
#include "dsp/sync_search.hpp"
#include "dsp/workspace.hpp"
#include "gateway/orbit_shelf.hpp"

namespace omnisonde {

/// Turns sample indices into times; a value, renewed by whoever owns the stream.
struct StreamClock {
  double rate_hz = 48'000;      ///< of the slot's samples
  double first_s = 0;           ///< stream time of sample 0
  UtcMillis start;              ///< wall clock at stream time 0
  bool has_wall_clock = false;  ///< false: `start` means nothing

  [[nodiscard]] double seconds(double index) const { return first_s + index / rate_hz; }
  [[nodiscard]] UtcMillis wall(double index) const {
    return {start.ms + static_cast<std::int64_t>(seconds(index) * 1000.0)};
  }
};

/// A frame that passed its checks.
struct GoodFrame {
  std::optional<Telemetry> telemetry;  ///< nothing when the frame completed no record
  double start = 0;                    ///< sample index of its first sync bit
  double carrier_hz = 0;               ///< relative to the slot's centre
};

struct FrameCounts {
  std::uint64_t syncs = 0;  ///< places that looked like a sync and were tried as a frame
  std::uint64_t good = 0;   ///< frames that passed their checks
  std::uint64_t bad = 0;    ///< syncs whose frame did not
};

/// One thread. Allocates while growing to its type's frame.
class TypeReceiver {
 public:
  /// @param orbits     what decoders may know of GPS orbits; may be null
  /// @param workspace  of all receivers of the thread; null: its own
  TypeReceiver(const SondeType& type, double rate_hz, dsp::SignalKind kind,
               std::shared_ptr<const OrbitShelf> orbits = nullptr,
               std::shared_ptr<dsp::Workspace> workspace = nullptr);

  [[nodiscard]] const SondeSpec& spec() const noexcept { return *type_->spec; }

  /// Looks through what the ring has gained since the last call.
  /// @param centre_hz   absolute frequency of the slot's 0 Hz
  /// @param reach_hz    while there is no lock, carriers are tried within +-reach of the centre
  /// @param audio       the ring's samples behind an FM discriminator, Hz in the real part: while
  ///                    there is no lock they are searched in place of every carrier, at a tenth of
  ///                    the cost and for strong signals only. Null: every carrier is tried.
  /// @param out         good frames are appended
  void process(const dsp::SampleRing& ring, const StreamClock& clock, double centre_hz,
               double reach_hz, const dsp::SampleRing* audio, std::vector<GoodFrame>& out);

  /// Frames arrive at present.
  [[nodiscard]] bool locked() const noexcept {
    return lock_.has_value() && lock_->missed < kMaxMissed;
  }
  /// Frames have arrived on this slot.
  [[nodiscard]] bool identified() const noexcept { return lock_.has_value(); }
  /// Carrier of the last good frame, relative to the slot's centre.
  [[nodiscard]] double carrier_hz() const noexcept { return lock_ ? lock_->carrier_hz : 0; }
  /// Sample index of the last good frame's start.
  [[nodiscard]] double last_good() const noexcept { return lock_ ? lock_->start : 0; }
  [[nodiscard]] const FrameCounts& counts() const noexcept { return counts_; }

  /// What searching and trying has cost since the last call: see search_budget.hpp.
  [[nodiscard]] double take_search_cost_s() noexcept { return std::exchange(cost_s_, 0); }

  /// The slot's centre has moved by `hz`.
  void recentre(double hz);
  /// Samples were lost: what spans the gap is given up, carrier and identity stay.
  void gap(std::int64_t next_index);

 private:
  static constexpr int kMaxMissed = 4;

  struct Pending {
    dsp::FrameFit fit;
    bool inverted = false;
    float score = 0;
    bool predicted = false;  ///< found where the flywheel expected it
    std::size_t bits = 0;    ///< 0 until the head has told
  };
  struct Lock {
    double start = 0;     ///< of the last good frame
    double expected = 0;  ///< of the next one
    double carrier_hz = 0;
    double unit_scale = 1;
    bool inverted = false;
    int missed = 0;  ///< frames in a row
  };

  void find_syncs(const dsp::SampleRing& ring, double reach_hz, const dsp::SampleRing* audio);
  void earn_tokens(double seconds);
  void search(const dsp::SampleRing& ring, std::span<const double> offsets_hz);
  void search_quickly(const dsp::SampleRing& ring, const dsp::SampleRing& audio);
  void confirm(const dsp::SampleRing& ring, const dsp::SampleRing& audio, const dsp::SyncHit& hit);
  bool fill_window(const dsp::SampleRing& ring);
  void search_window(const dsp::SampleRing& ring);
  void count_search(std::size_t samples, std::size_t carriers);
  void count_try(std::size_t bits);
  void add_hit(const dsp::SyncHit& hit, bool predicted);
  [[nodiscard]] bool worth_a_try(float score);
  void finish_pending(const dsp::SampleRing& ring, const StreamClock& clock, double centre_hz,
                      std::vector<GoodFrame>& out);
  bool read_head(const dsp::SampleRing& ring, Pending& pending);
  bool decode(const dsp::SampleRing& ring, const Pending& pending);
  /// Audio has no carrier, and the waveform of AFSK's idle tells it whole.
  [[nodiscard]] bool sync_leaves_carrier_open() const {
    return kind_ != dsp::SignalKind::kFmAudio && spec().modem.modulation != dsp::Modulation::kAfsk;
  }
  void settle_carrier(const dsp::SampleRing& ring, const Pending& pending);
  void choose_carrier(const dsp::SampleRing& ring, const Pending& pending);
  bool decide(const dsp::SampleRing& ring, const Pending& pending);
  bool look(const Pending& pending);
  bool look_behind_discriminator(const dsp::SampleRing& ring, const Pending& pending);
  bool try_other_clock(const dsp::SampleRing& ring, const Pending& pending);
  bool climb(const Pending& pending);
  bool attempt(Effort effort, bool inverted);
  void good_frame(const Pending& pending, const StreamClock& clock, double centre_hz,
                  std::vector<GoodFrame>& out);
  void bad_frame(const Pending& pending);
  [[nodiscard]] double samples(std::size_t bits) const;
  [[nodiscard]] double period() const;

  const SondeType* type_;
  double rate_hz_;
  dsp::SignalKind kind_;
  std::shared_ptr<dsp::Workspace> workspace_;
  dsp::SyncSearch search_;
  std::optional<dsp::SyncSearch> quick_search_;  ///< plain FSK only
  double sync_mean_ = 0;                         ///< of its symbols as +1 and -1
  std::unique_ptr<dsp::FrameDemod> demod_;
  std::unique_ptr<dsp::FrameDemod> other_demod_;  ///< AFSK: the one that is not in use
  std::unique_ptr<SondeDecoder> decoder_;
  std::shared_ptr<const OrbitShelf> orbits_;
  Frame frame_;
  std::optional<Lock> lock_;
  FrameCounts counts_;
  std::vector<double> grid_hz_;  ///< carriers to try within grid_reach_hz_
  double grid_reach_hz_ = -1;
  float threshold_;         ///< score from which a place counts as a sync
  double try_tokens_ = 0;   ///< places that may be tried as a frame before one has decoded
  float best_score_ = 0;    ///< of the places seen of late
  double deep_tokens_ = 0;  ///< frames that may still climb to the dear rungs
  double cost_s_ = 0;       ///< of what it has done since asked
  std::int64_t searched_to_ = 0;
  double decoded_to_ = 0;  ///< end of the last good frame: no sync within it is one
  std::vector<Pending> pending_;
  std::vector<dsp::SyncHit> hits_, quick_hits_;
  std::vector<float> llr_, work_;
};

}  // namespace omnisonde
