#include "gateway/stream_reader.hpp"

#include <algorithm>

namespace omnisonde {

StreamReader::StreamReader(Source& source, std::size_t block_samples)
    : source_(source),
      block_(block_samples),
      width_(dsp::bytes_per_sample(source.info().format)),
      raw_(block_samples * width_),
      samples_(block_samples) {}

StreamReader::Block StreamReader::take_block() {
  const std::size_t valid = filled_;
  clipped_ += dsp::convert(source_.info().format, std::span(raw_).first(valid * width_),
                           std::span(samples_).first(valid));
  std::fill(samples_.begin() + static_cast<std::ptrdiff_t>(valid), samples_.end(), dsp::Sample{});
  // A fault is no end: the next call reports it.
  const Block block{samples_, next_index_, valid, ended_ && fault_.ok()};
  next_index_ += valid;
  filled_ = 0;
  return block;
}

Expected<StreamReader::Block> StreamReader::next() {
  while (!ended_) {
    const auto space = std::span(raw_).subspan(filled_ * width_);
    auto got = source_.read(space);
    if (!got) {
      fault_ = got.error();
      ended_ = true;
      break;
    }
    if (got->lost_before > 0) {
      // The block begun before the gap is dropped with it: a block is one contiguous stretch.
      const std::uint64_t dropped = filled_;
      std::copy_n(raw_.begin() + static_cast<std::ptrdiff_t>(filled_ * width_),
                  got->samples * width_, raw_.begin());
      next_index_ += dropped + got->lost_before;
      lost_ += dropped + got->lost_before;
      filled_ = 0;
    }
    filled_ += got->samples;
    samples_in_ += got->samples;
    ended_ = got->end;
    if (filled_ == block_) return take_block();
    if (got->samples == 0 && !got->end) return Block{.samples = {}, .first_index = next_index_};
  }
  if (filled_ > 0) return take_block();
  if (!fault_) return fault_.error();
  return Block{.samples = {}, .first_index = next_index_, .valid = 0, .end = true};
}

}  // namespace omnisonde
