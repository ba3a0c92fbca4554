// CRC-16 in all its dialects, as data: each sonde maker has chosen another one.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace omnisonde::fec {

/// A CRC-16 in the terms of R. Williams, "A painless guide to CRC error detection algorithms".
struct Crc16Params {
  std::uint16_t polynomial = 0x1021;  ///< without the x^16 term, highest power first
  std::uint16_t init = 0xFFFF;
  bool reflected = false;  ///< each byte's lowest bit goes first, and the result is mirrored
  std::uint16_t xor_out = 0;
};

/// Table-driven CRC-16. Immutable; safe to share between threads.
class Crc16 {
 public:
  explicit Crc16(const Crc16Params& params) noexcept;

  /// @returns the checksum of `data`; of nothing: init ^ xor_out.
  [[nodiscard]] std::uint16_t operator()(std::span<const std::uint8_t> data) const noexcept;

 private:
  Crc16Params params_;
  std::array<std::uint16_t, 256> table_{};
};

/// Polynomial 0x1021, start 0xFFFF, highest bit first (Vaisala, and known elsewhere as
/// CRC-16/CCITT-FALSE or CRC-16/IBM-3740).
[[nodiscard]] std::uint16_t crc16_ccitt_false(std::span<const std::uint8_t> data) noexcept;

}  // namespace omnisonde::fec
