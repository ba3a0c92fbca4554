// One slice of the band and what listens on it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "decoders/sonde.hpp"
#include "dsp/sample_ring.hpp"
#include "gateway/type_receiver.hpp"

namespace omnisonde {

enum class SlotState : std::uint8_t {
  kProbing,   ///< all enabled types listen; nothing decoded yet
  kTracking,  ///< frames of one type arrive
  kHolding,   ///< they have stopped; carrier and decoder are kept
};

/// How types without a lock are looked for.
enum class Search : std::uint8_t {
  kQuick,  ///< behind an FM discriminator: strong signals, at a tenth of the cost
  kFull,   ///< at every carrier, as weak as can be decoded
};

/// What a slot is opened for.
struct SlotPlan {
  std::uint32_t id = 0;   ///< unique over the program's life
  double centre_hz = 0;   ///< absolute
  double reach_hz = 900;  ///< carriers are looked for within +-reach of the centre
  bool fixed = false;     ///< asked for by the operator: never released
  std::vector<const SondeType*> types;
  double rate_hz = 48'000;
  dsp::SignalKind kind = dsp::SignalKind::kIq;
  std::shared_ptr<const OrbitShelf> orbits = {};   ///< for sondes that need GPS orbits; may be null
  std::shared_ptr<dsp::Workspace> workspace = {};  ///< of all slots of the thread; may be null
};

/// One thread. The owner feeds it samples of a slice centred on centre_hz().
class Slot {
 public:
  explicit Slot(SlotPlan plan);

  [[nodiscard]] std::uint32_t id() const noexcept { return plan_.id; }
  [[nodiscard]] bool fixed() const noexcept { return plan_.fixed; }
  /// What it was opened for.
  [[nodiscard]] const SlotPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] double centre_hz() const noexcept { return centre_hz_; }
  [[nodiscard]] SlotState state() const noexcept { return state_; }
  /// Absolute carrier: measured while a type is known, else the centre.
  [[nodiscard]] double carrier_hz() const noexcept;
  /// Two-sided width that the slice should have now.
  [[nodiscard]] double bandwidth_hz() const noexcept;
  /// The type that sends here, or null.
  [[nodiscard]] const SondeType* type() const noexcept;
  /// Seconds of stream since the slot was opened, or since its last good frame.
  [[nodiscard]] double silent_s() const noexcept;

  /// Appends samples. @param first_index of samples[0]; a jump means that samples were lost.
  void push(std::span<const dsp::Sample> samples, std::int64_t first_index);

  /// Searches and decodes what has come in; good frames are appended to `out`.
  /// @param search  how a slot that has no sonde yet looks for one
  void process(const StreamClock& clock, Search search, std::vector<GoodFrame>& out);

  /// What looking for a sonde has cost since the last call, in core-seconds as search_budget.hpp
  /// counts them.
  [[nodiscard]] double take_search_cost_s();

  /// The slice is taken `hz` higher from now on; what is held is moved to fit.
  void recentre(double hz);

  /// The slice is the same, but known to lie `hz` higher. A fixed slot keeps the frequency that it
  /// was asked for, for when it starts over.
  void correct_centre(double hz) { centre_hz_ += hz; }

  /// Per type: counts since the slot was opened.
  struct TypeCounts {
    const SondeSpec* spec;
    FrameCounts counts;
  };
  [[nodiscard]] std::vector<TypeCounts> counts() const;

 private:
  struct Listener {
    const SondeType* type;
    std::unique_ptr<TypeReceiver> receiver;  ///< null once another type has the slot
    FrameCounts counts;                      ///< of a receiver that is gone
  };
  void settle();
  void push_audio(std::span<const dsp::Sample> samples);

  SlotPlan plan_;
  double centre_hz_;
  SlotState state_ = SlotState::kProbing;
  dsp::SampleRing ring_;
  std::optional<dsp::SampleRing> audio_;  ///< behind the discriminator; gone once settled
  std::vector<dsp::Sample> discriminated_;
  dsp::Sample last_;
  std::vector<Listener> listeners_;
  std::size_t active_ = 0;  ///< listener that has decoded most; valid unless probing
  bool settled_ = false;    ///< the other listeners are gone
  std::int64_t opened_ = 0;
  bool started_ = false;
  std::uint64_t pushed_ = 0;  ///< samples since the search's cost was last asked for
};

}  // namespace omnisonde
