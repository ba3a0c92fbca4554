#include "decoders/sondes/rs92_frame.hpp"

#include <algorithm>

#include "decoders/fec/crc.hpp"

namespace omnisonde::rs92 {

std::array<std::uint8_t, 2> checksum(std::span<const std::uint8_t> payload) {
  const unsigned crc = fec::crc16_ccitt_false(payload);
  return {static_cast<std::uint8_t>(crc & 0xFFU), static_cast<std::uint8_t>(crc >> 8U)};
}

bool is_good(std::span<const std::uint8_t> frame, const Block& block) {
  return frame.size() >= kFrameBytes && frame[block.at - 2] == block.kind &&
         2U * frame[block.at - 1] == block.length &&
         std::ranges::equal(checksum(block.of(frame)), frame.subspan(block.at + block.length, 2));
}

const fec::ReedSolomon& code() {
  static const fec::ReedSolomon kCode{fec::ReedSolomonParams{
      .field_polynomial = 0x11D, .first_root = 0, .root_step = 1, .parity = kParityBytes}};
  return kCode;
}

}  // namespace omnisonde::rs92
