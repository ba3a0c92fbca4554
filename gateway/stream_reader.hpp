// Pulls samples from a Source and cuts them into blocks of one size in the dsp's own format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dsp/convert.hpp"
#include "gateway/base/expected.hpp"
#include "gateway/source.hpp"

namespace omnisonde {

/// One thread.
class StreamReader {
 public:
  StreamReader(Source& source, std::size_t block_samples);

  struct Block {
    std::span<const dsp::Sample> samples;  ///< block_samples values; empty at the end
    std::uint64_t first_index = 0;         ///< counted in samples of the source, lost ones included
    std::size_t valid = 0;                 ///< the last block of a file is filled up with zeros
    bool end = false;
  };

  /// Reads until a block is full or the source ends. A fault of the source is reported after the
  /// samples before it. @returns an empty block without `end` when a live source has nothing.
  Expected<Block> next();

  [[nodiscard]] std::uint64_t samples_in() const noexcept { return samples_in_; }
  [[nodiscard]] std::uint64_t samples_lost() const noexcept { return lost_; }
  [[nodiscard]] std::uint64_t samples_clipped() const noexcept { return clipped_; }

 private:
  Block take_block();

  Source& source_;
  std::size_t block_, width_;
  std::vector<std::byte> raw_;
  std::size_t filled_ = 0;  ///< whole samples in raw_
  std::uint64_t next_index_ = 0, samples_in_ = 0, lost_ = 0, clipped_ = 0;
  bool ended_ = false;
  std::vector<dsp::Sample> samples_;
  Expected<void> fault_;
};

}  // namespace omnisonde
