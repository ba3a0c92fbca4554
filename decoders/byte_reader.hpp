// Reads numbers from bytes that came from the air. Bounds are checked here and nowhere else:
// reading past the end gives zero and is remembered, so that a parser asks ok() once.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace omnisonde {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  /// Whether every read so far was inside.
  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] std::uint8_t u8(std::size_t at) {
    return static_cast<std::uint8_t>(little_endian(at, 1));
  }
  [[nodiscard]] std::int8_t i8(std::size_t at) { return static_cast<std::int8_t>(u8(at)); }

  [[nodiscard]] std::uint16_t u16_le(std::size_t at) {
    return static_cast<std::uint16_t>(little_endian(at, 2));
  }
  [[nodiscard]] std::int16_t i16_le(std::size_t at) {
    return static_cast<std::int16_t>(u16_le(at));
  }
  [[nodiscard]] std::uint32_t u24_le(std::size_t at) { return little_endian(at, 3); }
  [[nodiscard]] std::int32_t i24_le(std::size_t at) { return sign24(u24_le(at)); }
  [[nodiscard]] std::uint32_t u32_le(std::size_t at) { return little_endian(at, 4); }
  [[nodiscard]] std::int32_t i32_le(std::size_t at) {
    return static_cast<std::int32_t>(u32_le(at));
  }
  [[nodiscard]] float f32_le(std::size_t at) { return std::bit_cast<float>(u32_le(at)); }

  [[nodiscard]] std::uint16_t u16_be(std::size_t at) {
    return static_cast<std::uint16_t>(big_endian(at, 2));
  }
  [[nodiscard]] std::int16_t i16_be(std::size_t at) {
    return static_cast<std::int16_t>(u16_be(at));
  }
  [[nodiscard]] std::uint32_t u24_be(std::size_t at) { return big_endian(at, 3); }
  [[nodiscard]] std::int32_t i24_be(std::size_t at) { return sign24(u24_be(at)); }
  [[nodiscard]] std::uint32_t u32_be(std::size_t at) { return big_endian(at, 4); }
  [[nodiscard]] std::int32_t i32_be(std::size_t at) {
    return static_cast<std::int32_t>(u32_be(at));
  }
  [[nodiscard]] float f32_be(std::size_t at) { return std::bit_cast<float>(u32_be(at)); }

  /// The bytes [at, at + count), or nothing when they reach past the end.
  [[nodiscard]] std::span<const std::uint8_t> bytes(std::size_t at, std::size_t count) {
    return inside(at, count) ? bytes_.subspan(at, count) : std::span<const std::uint8_t>{};
  }

 private:
  bool inside(std::size_t at, std::size_t count) {
    if (at <= bytes_.size() && count <= bytes_.size() - at) return true;
    ok_ = false;
    return false;
  }
  std::uint32_t little_endian(std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    if (!inside(at, count)) return 0;
    for (std::size_t i = count; i > 0; --i) value = (value << 8) | bytes_[at + i - 1];
    return value;
  }
  std::uint32_t big_endian(std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    if (!inside(at, count)) return 0;
    for (std::size_t i = 0; i < count; ++i) value = (value << 8) | bytes_[at + i];
    return value;
  }
  static std::int32_t sign24(std::uint32_t value) {
    return static_cast<std::int32_t>(value << 8) >> 8;
  }

  std::span<const std::uint8_t> bytes_;
  bool ok_ = true;
};

}  // namespace omnisonde
