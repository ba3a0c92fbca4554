#include "decoders/sondes/rs41_frame.hpp"

#include "decoders/fec/crc.hpp"

namespace omnisonde::rs41 {

const Block* BlockList::good(std::uint8_t kind, std::size_t length) const {
  for (const Block& block : all()) {
    if (block.kind == kind && block.crc_ok && block.length >= length) return &block;
  }
  return nullptr;
}

BlockList walk_blocks(std::span<const std::uint8_t> frame) {
  BlockList list;
  std::size_t at = kBlocksAt;
  while (at + 4 <= frame.size() && list.count < list.blocks.size()) {
    Block& block = list.blocks[list.count];
    block = {frame[at], at + 2, frame[at + 1], false};
    const std::size_t end = block.at + block.length;
    if (end + 2 > frame.size()) break;
    const unsigned crc = frame[end] | frame[end + 1] << 8;
    block.crc_ok = fec::crc16_ccitt_false(frame.subspan(block.at, block.length)) == crc;
    ++list.count;
    at = end + 2;
  }
  list.complete = at == frame.size();
  return list;
}

std::span<const Layout> known_layouts(std::size_t frame_bytes) {
  static constexpr std::array<Layout, 4> kNormal = {{
      {{{{kStatus, 0x28},
         {kMeasurement, 0x2A},
         {kGpsInfo, 0x1E},
         {kGpsRaw, 0x59},
         {kPosition, 0x15},
         {kPadding, 0x11}}},
       6},
      {{{{kStatus, 0x28},
         {kShortMeasurement, 0x1B},
         {kGpsInfo, 0x1E},
         {kGpsRaw, 0x59},
         {kPosition, 0x15},
         {kPadding, 0x20}}},
       6},
      {{{{kStatus, 0x28}, {kEncrypted, 0xA7}, {kPadding, 0x2C}}}, 3},
      {{{{kStatus, 0x28},
         {kMeasurement, 0x2A},
         {kUnknown96, 0x0A},
         {kUtcPosition, 0x26},
         {kSatellites, 0x29},
         {kPadding, 0x44}}},
       6},
  }};
  static constexpr std::array<Layout, 2> kExtended = {{
      {{{{kStatus, 0x28},
         {kMeasurement, 0x2A},
         {kGpsInfo, 0x1E},
         {kGpsRaw, 0x59},
         {kPosition, 0x15}}},
       5},
      {{{{kStatus, 0x28},
         {kMeasurement, 0x2A},
         {kUnknown96, 0x0A},
         {kUtcPosition, 0x26},
         {kSatellites, 0x29}}},
       5},
  }};
  if (frame_bytes == kNormalBytes) return kNormal;
  return kExtended;
}

Layout layout_of(const BlockList& blocks) {
  Layout layout;
  for (const Block& block : blocks.all()) {
    layout.entries[layout.count++] = {block.kind, static_cast<std::uint8_t>(block.length)};
  }
  return layout;
}

const fec::ReedSolomon& code() {
  static const fec::ReedSolomon kCode{fec::ReedSolomonParams{
      .field_polynomial = 0x11D, .first_root = 0, .root_step = 1, .parity = kParityBytes}};
  return kCode;
}

}  // namespace omnisonde::rs41
