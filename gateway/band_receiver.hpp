// One stream of IQ samples: every sonde in it, found and decoded at once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "decoders/sonde.hpp"
#include "dsp/channelizer.hpp"
#include "dsp/detector.hpp"
#include "dsp/spectrum.hpp"
#include "dsp/wide_detector.hpp"
#include "dsp/workspace.hpp"
#include "gateway/channel_stats.hpp"
#include "gateway/frequency_range.hpp"
#include "gateway/load_guard.hpp"
#include "gateway/search_budget.hpp"
#include "gateway/slice_class.hpp"
#include "gateway/slot.hpp"
#include "gateway/spur_list.hpp"

namespace omnisonde {

/// A frequency that is listened to whatever the spectrum says.
struct FixedChannel {
  double frequency_hz = 0;          ///< absolute
  const SondeType* type = nullptr;  ///< null: all enabled types
};

struct BandPlan {
  double sample_rate_hz = 0;            ///< as dsp::channelizer_supports() takes it
  double centre_hz = 0;                 ///< RF frequency of 0 Hz
  std::vector<const SondeType*> types;  ///< enabled ones
  std::vector<FixedChannel> fixed;
  bool search = true;                   ///< false: only the fixed channels
  std::vector<FrequencyRange> allowed;  ///< empty: everywhere in the stream
  std::vector<FrequencyRange> forbidden;
  std::size_t max_slots = 96;
  /// Fixed channels are searched so at any cost: for recordings.
  bool fixed_always_full = true;
  /// Of a candidate over the noise floor, 1 s average. Noise alone passes 0.8 dB about once a
  /// minute in 2.4 MS/s, 0.5 dB several at every look; an RS41 at Eb/N0 = 3 dB stands 2.5 dB out.
  double min_excess_db = 0.8;
  std::shared_ptr<const OrbitShelf> orbits = {};  ///< handed to every slot; may be null
};

/// A record with the slot it came from.
struct SlotRecord {
  std::uint32_t slot_id = 0;
  Telemetry telemetry;
};

/// What a slot does, for the status page.
struct SlotView {
  std::uint32_t id = 0;
  SlotState state = SlotState::kProbing;
  double frequency_hz = 0;
  const SondeType* type = nullptr;
  FrameCounts counts;
};

/// A carrier that is left alone, for the status page.
struct SpurView {
  double frequency_hz = 0;
  double pause_s = 0;  ///< how long in all, this time
  double left_s = 0;   ///< until it is looked at again; 0: now
};

inline constexpr double kFixedReach_hz = 5400;  ///< carriers of a fixed channel, either side
inline constexpr double kProbeTime_s = 12;      ///< three bursts of the slowest type, and then some

/// One thread. A lost stretch of samples is told by IqBlock::first_index.
class BandReceiver {
 public:
  explicit BandReceiver(BandPlan plan);

  [[nodiscard]] std::size_t block_samples() const noexcept { return band_.block_samples(); }

  /// Takes the next 4 ms; records decoded meanwhile are appended to `out`.
  void process(const dsp::IqBlock& block, std::vector<SlotRecord>& out);

  /// Wall clock of stream time 0; without it records carry no reception time.
  void set_start(UtcMillis start) { start_ = start; }

  /// The window has moved. What is still inside goes on (its samples of the time in between are a
  /// gap, told by the next block's first_index); other slots are dropped, the search begins anew.
  void retune(double centre_hz);

  /// The window is where it was, but its centre is known better: every frequency moves along.
  void correct_centre(double centre_hz);

  /// Leaves out what `what` says until told otherwise; at the start nothing.
  void shed(Shed what) noexcept;

  [[nodiscard]] double centre_hz() const noexcept { return plan_.centre_hz; }
  [[nodiscard]] const dsp::SpectrumAverager& spectrum() const noexcept { return spectrum_; }
  [[nodiscard]] std::vector<SlotView> slots() const;
  /// Carriers seen that are no tracked sonde's.
  [[nodiscard]] std::size_t candidates() const noexcept { return strangers_; }
  /// How often a slot was given up since it heard a stronger sonde's image or intermodulation.
  [[nodiscard]] std::uint64_t images() const noexcept { return images_; }
  /// Power of the receiver's DC offset, full scale 1.0.
  [[nodiscard]] double dc_power() const noexcept { return band_.dc_power(); }
  /// Carriers that were no sondes; one that several widths have tried is there once, with the
  /// longest wait.
  [[nodiscard]] std::vector<SpurView> spurs() const;
  /// All of them are looked at again.
  void clear_spurs() { spurs_.clear(); }
  /// Slots given up since the last call (their tracks get no more frames from them).
  [[nodiscard]] std::vector<std::uint32_t> take_closed_slots();
  [[nodiscard]] ChannelStats channel_stats() const;

 private:
  struct Active {
    std::unique_ptr<Slot> slot;
    int centre_bin = 0;
    const SliceClass* slices = nullptr;
    bool strong = false;     ///< the quick search should find what is there
    bool thorough = false;   ///< its turn for the full search
    double served_s = -1e9;  ///< when its last turn began
    bool paused = false;     ///< looks for a sonde and has to wait: the budget is empty
    double heard_s = 0;      ///< so long it has listened for one
    double turn_s = 0;       ///< and so long in this turn
    double spent_s = 0;      ///< of the budget
    bool echo = false;       ///< hears a sonde that another slot hears much better
  };
  struct Heard {
    std::uint32_t slot_id = 0;
    float snr_db = 0;
    double at_s = 0;
  };
  struct Sighting {
    double offset_hz, first_s, last_s;
  };
  /// Looks for signals as wide as a class of slices.
  struct WideSearch {
    const SliceClass* slices;
    dsp::WideDetector detector;
    std::vector<float> floor;
    std::vector<Sighting> sightings;
  };
  [[nodiscard]] bool inside(double frequency_hz, double width_hz) const;
  void open_fixed();
  void open_channel(const FixedChannel& channel);
  Active& open_slot(const SliceClass& slices, SlotPlan plan);
  void share_search();
  void share_listening();
  void share_full_search();
  [[nodiscard]] bool always_thorough(const Active& active) const;
  [[nodiscard]] bool wants_full_search(const Active& active) const;
  [[nodiscard]] bool counts_as_search(const Active& active) const;
  [[nodiscard]] bool heard_out(const Active& active) const;
  void close_slot(std::size_t index);
  void run_slots(const dsp::IqBlock& block, std::vector<SlotRecord>& out);
  void collect(Active& active, std::vector<SlotRecord>& out);
  void follow_carrier(Active& active) const;
  void compare_echoes(Active& active, const Telemetry& record);
  void look_for_candidates();
  void look_for_wide(std::span<const float> power);
  void blank(const Slot& slot, std::span<const float> floor);
  [[nodiscard]] bool lasting(WideSearch& wide, double offset_hz, double least_s) const;
  void consider(const dsp::Candidate& candidate);
  void probe(const SliceClass& slices, const dsp::Candidate& candidate);
  [[nodiscard]] bool unknown_to(const SliceClass& slices, double frequency_hz) const;
  [[nodiscard]] bool welcome(double frequency_hz) const;
  [[nodiscard]] bool covered(const SliceClass& slices, double frequency_hz) const;
  [[nodiscard]] bool tracked(double frequency_hz) const;
  [[nodiscard]] bool duplicate(const Slot& slot) const;
  bool make_room();
  void review_slots();
  [[nodiscard]] std::span<const float> weights(const Active& active);
  [[nodiscard]] double now_s() const noexcept {
    return static_cast<double>(next_index_) / plan_.sample_rate_hz;
  }

  BandPlan plan_;
  std::shared_ptr<dsp::Workspace> workspace_ = std::make_shared<dsp::Workspace>();
  std::optional<UtcMillis> start_;
  dsp::BandFft band_;
  std::vector<SliceClass> classes_;
  std::vector<SliceClass> fixed_classes_;  ///< of fixed channels' types that are not enabled
  dsp::SpectrumAverager spectrum_;
  dsp::Detector detector_;
  std::vector<WideSearch> wide_;
  std::map<const SliceClass*, SpurList> spurs_;
  SearchBudget budget_;
  Shed shed_ = Shed::kNothing;
  ChannelStats stats_;
  /// By the slice's bins and two-sided width in 100 Hz.
  std::map<std::pair<std::size_t, int>, std::vector<float>> weights_;
  std::vector<Active> slots_;
  std::map<std::string, Heard> heard_;  ///< best slot of each sonde, by type and serial
  std::vector<std::uint32_t> closed_;
  std::vector<float> floor_, rest_;
  std::vector<dsp::Candidate> candidates_, quick_;
  std::vector<GoodFrame> frames_;
  std::size_t strangers_ = 0;
  std::uint64_t looks_ = 0;
  std::uint64_t images_ = 0;
  std::uint64_t next_index_ = 0, blocks_ = 0;
  std::uint32_t next_id_ = 1;
};

}  // namespace omnisonde
