// The byte stream that the messages of successive LMS6 blocks make up, and the data frames in it.
//
// A data frame has 223 bytes and begins every 300 bytes on air (one second), while a block takes
// 260: frames straddle blocks, with filler between them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "decoders/sondes/lms6_block.hpp"

namespace omnisonde::lms6 {

inline constexpr std::size_t kFrameBytes = 223;
inline constexpr std::size_t kFramePeriodBytes = 300;  ///< on air

using DataFrame = std::array<std::uint8_t, kFrameBytes>;
using Message = std::span<const std::uint8_t>;

/// Which sonde a data frame's first four bytes name.
enum class Model : std::uint8_t { kNone, kLms6, kLms6Two, kLmsx };
[[nodiscard]] Model model_of(std::span<const std::uint8_t> frame) noexcept;

/// Whether these are the 223 bytes of a data frame: marker and checksum.
[[nodiscard]] bool is_data_frame(std::span<const std::uint8_t> bytes) noexcept;

class Stream {
 public:
  /// Appends a block's message. @returns the data frame that it completes, if one does. (There is
  /// never more than one: frames begin at least 223 message bytes apart.)
  std::optional<DataFrame> append(Message message);

  /// Blocks are missing: what was begun cannot be completed.
  void skip(std::size_t blocks);

  /// What append() would return, without changing anything.
  [[nodiscard]] std::optional<DataFrame> preview(Message message) const;

  /// Of what is known about the next block but `ahead`, LLRs of its message's bits.
  /// @returns false while nothing is known. @param out  8 * kMessageBytes values
  bool predict(std::size_t ahead, std::span<float> out) const;

 private:
  struct Found {
    DataFrame bytes;
    std::size_t begin;  ///< in waiting_
  };
  [[nodiscard]] static std::optional<Found> find(std::span<const std::uint8_t> bytes);
  [[nodiscard]] static std::int64_t place_of(std::int64_t index);
  void learn(const Found& found);

  std::vector<std::uint8_t> waiting_;  ///< stream bytes that may still belong to a frame
  std::int64_t appended_ = 0;          ///< message bytes so far, those skipped included
  // Where on air frames begin, one of each 300 bytes, and the last two whole ones.
  std::optional<std::int64_t> phase_;
  std::optional<DataFrame> last_, before_last_;
  std::int64_t last_begin_ = 0;  ///< message byte at which the last one began
  std::optional<std::uint8_t> filler_;
};

}  // namespace omnisonde::lms6
