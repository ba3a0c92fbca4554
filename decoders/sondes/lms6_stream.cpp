#include "decoders/sondes/lms6_stream.hpp"

#include <algorithm>

#include "decoders/byte_reader.hpp"
#include "decoders/sondes/lockheed.hpp"

namespace omnisonde::lms6 {
namespace {

constexpr auto kMessage = static_cast<std::int64_t>(kMessageBytes);
constexpr auto kBlock = static_cast<std::int64_t>(kBlockBytes);
constexpr auto kFrame = static_cast<std::int64_t>(kFrameBytes);
constexpr auto kPeriod = static_cast<std::int64_t>(kFramePeriodBytes);
constexpr auto kHead = static_cast<std::int64_t>(kSync.size());

// LLRs of predicted bits. Nothing rests on them alone: a block that they help to decode must still
// be a Reed-Solomon word with evidence of its own.
constexpr float kCertain = 12, kLikely = 6, kUnchanged = 3;

struct Prediction {
  DataFrame bytes;
  std::array<float, kFrameBytes> confidence{};
};

void put_be(Prediction& p, std::size_t at, std::size_t count, std::uint32_t value, float sure) {
  for (std::size_t i = 0; i < count; ++i) {
    p.bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
    p.confidence[at + i] = sure;
  }
}

// The frame `elapsed` seconds after `last`.
Prediction frame_after(const DataFrame& last, const std::optional<DataFrame>& before,
                       std::int64_t elapsed) {
  Prediction p{last, {}};
  for (std::size_t i = 0; before && i < kFrameBytes; ++i) {
    p.confidence[i] = last[i] == (*before)[i] ? kUnchanged : 0.0F;
  }
  std::fill_n(p.confidence.begin(), 8, kCertain);  // marker and serial
  ByteReader r(last);
  const auto n = static_cast<std::uint32_t>(elapsed);
  put_be(p, 8, 2, r.u16_be(8) + n, kCertain);
  put_be(p, 10, 4, r.u32_be(10) + 1000 * n, kLikely);
  p.confidence[kFrameBytes - 2] = p.confidence[kFrameBytes - 1] = 0;  // checksum
  return p;
}

}  // namespace

Model model_of(std::span<const std::uint8_t> frame) noexcept {
  if (frame.size() < 4 || frame[0] != 0x24 || frame[2] != (frame[1] == 0x46 ? 0x05 : 0x00)) {
    return Model::kNone;
  }
  if (frame[1] == 0x46) return frame[3] == 0x00 ? Model::kLmsx : Model::kNone;
  if (frame[1] != 0x54) return Model::kNone;
  return frame[3] == 0x00 ? Model::kLms6 : frame[3] == 0x05 ? Model::kLms6Two : Model::kNone;
}

bool is_data_frame(std::span<const std::uint8_t> bytes) noexcept {
  return bytes.size() == kFrameBytes && model_of(bytes) != Model::kNone &&
         lockheed::checksum_holds(bytes);
}

std::optional<Stream::Found> Stream::find(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at + kFrameBytes <= bytes.size(); ++at) {
    const auto frame = bytes.subspan(at, kFrameBytes);
    const Model model = model_of(frame);
    if (model == Model::kNone || model == Model::kLmsx || !is_data_frame(frame)) continue;
    Found found{{}, at};
    std::ranges::copy(frame, found.bytes.begin());
    return found;
  }
  return {};
}

std::optional<DataFrame> Stream::append(Message message) {
  waiting_.insert(waiting_.end(), message.begin(), message.end());
  appended_ += static_cast<std::int64_t>(message.size());
  const std::optional<Found> found = find(waiting_);
  if (found) {
    learn(*found);
    waiting_.erase(waiting_.begin(),
                   waiting_.begin() + static_cast<std::ptrdiff_t>(found->begin + kFrameBytes));
  }
  if (waiting_.size() >= kFrameBytes) {
    waiting_.erase(waiting_.begin(), waiting_.end() - static_cast<std::ptrdiff_t>(kFrameBytes - 1));
  }
  if (!found) return {};
  return found->bytes;
}

void Stream::skip(std::size_t blocks) {
  waiting_.clear();
  appended_ += static_cast<std::int64_t>(blocks) * kMessage;
}

std::optional<DataFrame> Stream::preview(Message message) const {
  std::vector<std::uint8_t> bytes = waiting_;
  bytes.insert(bytes.end(), message.begin(), message.end());
  const std::optional<Found> found = find(bytes);
  if (!found) return {};
  return found->bytes;
}

// The first message byte at or after byte `index` on air (sync and parity are stepped over).
std::int64_t Stream::place_of(std::int64_t index) {
  const std::int64_t block = index / kBlock;
  const std::int64_t within = index % kBlock - kHead;
  return block * kMessage + std::clamp<std::int64_t>(within, 0, kMessage);
}

void Stream::learn(const Found& found) {
  before_last_ = last_;
  last_ = found.bytes;
  const std::span<const std::uint8_t> all = waiting_;
  const auto repeated = [&](std::size_t at) {
    if (at + 1 < all.size() && all[at] == all[at + 1]) filler_ = all[at];
  };
  if (found.begin >= 2) repeated(found.begin - 2);
  repeated(found.begin + kFrameBytes);
  last_begin_ =
      appended_ - static_cast<std::int64_t>(all.size()) + static_cast<std::int64_t>(found.begin);
  const std::int64_t within = last_begin_ % kMessage;
  const std::int64_t on_air = last_begin_ / kMessage * kBlock + kHead + within;
  if (within != 0) {
    phase_ = on_air;
  } else if (phase_ && *phase_ <= on_air) {
    // It was due somewhere between the message before and this byte.
    *phase_ += (on_air - *phase_) / kPeriod * kPeriod;
    if (place_of(*phase_) != last_begin_) phase_.reset();
  } else {
    phase_.reset();
  }
}

bool Stream::predict(std::size_t ahead, std::span<float> out) const {
  std::ranges::fill(out, 0.0F);
  if (!phase_ || !last_ || out.size() < 8 * kMessageBytes) return false;
  const auto put = [&](std::int64_t byte, std::uint8_t value, float sure) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      out[static_cast<std::size_t>(8 * byte) + bit] = (value >> bit & 1U) != 0 ? sure : -sure;
    }
  };
  if (filler_) {
    for (std::int64_t i = 0; i < kMessage; ++i) put(i, *filler_, kLikely);
  }
  const std::int64_t first = appended_ + static_cast<std::int64_t>(ahead) * kMessage;
  constexpr std::int64_t kFurthest = 20;  // seconds; what was learnt longer ago is of little use
  for (std::int64_t n = 1; n <= kFurthest; ++n) {
    const std::int64_t begin = place_of(*phase_ + n * kPeriod);
    if (begin >= first + kMessage) return true;
    if (begin + kFrame <= first) continue;
    const Prediction p = frame_after(*last_, before_last_, n);
    for (std::int64_t m = std::max(begin, first); m < std::min(begin + kFrame, first + kMessage);
         ++m) {
      const auto i = static_cast<std::size_t>(m - begin);
      put(m - first, p.bytes[i], p.confidence[i]);
    }
  }
  return false;
}

}  // namespace omnisonde::lms6
