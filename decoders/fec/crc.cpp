#include "decoders/fec/crc.hpp"

namespace omnisonde::fec {
namespace {

std::uint16_t mirror16(unsigned value) {
  unsigned out = 0;
  for (int bit = 0; bit < 16; ++bit) out |= ((value >> bit) & 1U) << (15 - bit);
  return static_cast<std::uint16_t>(out);
}

/// The remainder that one byte leaves, highest bit first.
std::uint16_t forward_entry(unsigned byte, unsigned polynomial) {
  unsigned rest = byte << 8;
  for (int bit = 0; bit < 8; ++bit) {
    rest = (rest & 0x8000U) != 0 ? (rest << 1) ^ polynomial : rest << 1;
  }
  return static_cast<std::uint16_t>(rest & 0xFFFFU);
}

/// The same, lowest bit first; `polynomial` is mirrored already.
std::uint16_t reflected_entry(unsigned byte, unsigned polynomial) {
  unsigned rest = byte;
  for (int bit = 0; bit < 8; ++bit) {
    rest = (rest & 1U) != 0 ? (rest >> 1) ^ polynomial : rest >> 1;
  }
  return static_cast<std::uint16_t>(rest);
}

}  // namespace

Crc16::Crc16(const Crc16Params& params) noexcept : params_(params) {
  const unsigned mirrored = mirror16(params.polynomial);
  for (unsigned byte = 0; byte < table_.size(); ++byte) {
    table_[byte] =
        params.reflected ? reflected_entry(byte, mirrored) : forward_entry(byte, params.polynomial);
  }
}

std::uint16_t Crc16::operator()(std::span<const std::uint8_t> data) const noexcept {
  unsigned crc = params_.reflected ? mirror16(params_.init) : params_.init;
  if (params_.reflected) {
    for (const std::uint8_t byte : data) crc = (crc >> 8) ^ table_[(crc ^ byte) & 0xFFU];
  } else {
    for (const std::uint8_t byte : data) {
      crc = ((crc << 8) & 0xFFFFU) ^ table_[((crc >> 8) ^ byte) & 0xFFU];
    }
  }
  return static_cast<std::uint16_t>(crc ^ params_.xor_out);
}

std::uint16_t crc16_ccitt_false(std::span<const std::uint8_t> data) noexcept {
  static const Crc16 kCrc{Crc16Params{}};
  return kCrc(data);
}

}  // namespace omnisonde::fec
