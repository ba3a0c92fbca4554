// What stands still from frame to frame as prior knowledge: serials, upper bytes of positions,
// unused fields. Any type whose frames keep their layout may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace omnisonde::fec {

/// Counts for how many frames each bit has been what it is. Not thread-safe.
class StandingBits {
 public:
  explicit StandingBits(std::size_t bits) : bits_(bits) {}

  /// Forgets everything: another sonde.
  void reset();

  /// @param bit   one value (0 or 1) per bit of a frame that passed its checks
  /// @param good  per bit: 0 where no check vouches for it; empty = all good
  void learn(std::span<const std::uint8_t> bit, std::span<const std::uint8_t> good = {});

  /// Adds ln(n + 1) to each soft bit that has stood still for n frames (rule of succession).
  /// Soft bits of another number are left alone.
  void add(std::span<float> llr) const;

 private:
  struct Bit {
    std::uint16_t run = 0;
    std::uint8_t value = 0;
  };
  std::vector<Bit> state_;
  std::size_t bits_;
};

}  // namespace omnisonde::fec
