// What a receiver leaves out while its machine cannot keep up: the dear attempts at weak frames
// first, then the search for sondes, then the picture of the band. What is tracked goes on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace omnisonde {

/// Each leaves out what those before it do.
enum class Shed : std::uint8_t { kNothing, kDeepDecoding, kSearch, kSpectrum };

/// Judges by the queue before the dsp thread: what waits there is what could not be kept up with.
/// One thread writes, any may ask for level and counts.
class LoadGuard {
 public:
  /// After each block of 4 ms.
  /// @param waiting  blocks in the queue     @param room  blocks that it holds
  /// @param busy_s   what the block took
  void after_block(std::size_t waiting, std::size_t room, double busy_s) noexcept;

  [[nodiscard]] Shed level() const noexcept { return level_; }
  /// How often each was begun to be left out, since the start.
  [[nodiscard]] std::uint64_t deep_decoding() const noexcept { return began_[0]; }
  [[nodiscard]] std::uint64_t search() const noexcept { return began_[1]; }
  [[nodiscard]] std::uint64_t spectrum() const noexcept { return began_[2]; }

 private:
  std::atomic<Shed> level_{Shed::kNothing};
  std::atomic<std::uint64_t> began_[3] = {};
  double load_ = 0;               ///< share of the time, smoothed over half a second
  unsigned blocks_at_level_ = 0;  ///< since the last change
};

}  // namespace omnisonde
