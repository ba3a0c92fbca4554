// Frames that a lone 16-bit checksum guards: it cannot correct, but the few weakest decisions can
// be turned round until it holds. Every word that is tried passes by chance once in 65536, so the
// number of words per frame is what must be kept small (docs/adr: effort ladder).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace omnisonde::fec {

/// The words tried for one frame over all rungs of the ladder, which meet the same decisions again
/// and again: a word is counted once.
class TrialLedger {
 public:
  /// @param most  words per frame from which on nothing more is turned round. The ladder brings up
  ///              to two more decisions of its own after that: six in all would be 1e-4 wrong
  ///              acceptances per damaged frame.
  explicit TrialLedger(std::size_t most = 4) : most_(most) {}

  /// Counts a rung's own decisions, which may always be tested: a frame is not to suffer from the
  /// one before. A new frame is recognised by its word: decisions of one frame, taken in several
  /// ways, differ in a few bits; the next frame's counters, checksum and readings in many more.
  void begin(std::span<const std::uint8_t> word);
  /// @returns whether `word` may be tested: it was tested before, or there is budget left.
  [[nodiscard]] bool admit(std::span<const std::uint8_t> word);
  /// The frame is done.
  void clear();

 private:
  void note(std::uint64_t hash);

  std::size_t most_;
  std::vector<std::uint8_t> first_;
  std::vector<std::uint64_t> tried_;  ///< hashes
};

/// A decision that can be turned round: up to two groups of bits.
struct WeakSpot {
  struct Flip {
    std::size_t byte = 0;
    std::uint8_t mask = 0;  ///< 0: none
  };
  float cost = 0;              ///< |log odds| of the decision
  std::uint16_t syndrome = 0;  ///< what turning it changes in (computed ^ received checksum)
  std::array<Flip, 2> flips{};
};

/// Turns round the cheapest one or two of `spots` whose syndromes cancel `syndrome`, going through
/// them by cost for as long as `ledger` and `most_trials` allow.
/// @param spots  in any order; the cheapest six are used; reordered by the call.
/// @returns      whether a word was found; `word` is it then, unchanged otherwise.
bool flip_weakest(std::span<std::uint8_t> word, std::span<WeakSpot> spots, std::uint16_t syndrome,
                  std::size_t most_trials, TrialLedger& ledger);

}  // namespace omnisonde::fec
