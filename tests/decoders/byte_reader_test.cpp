#include "decoders/byte_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace omnisonde {
namespace {

constexpr std::array<std::uint8_t, 6> kBytes = {0x01, 0x82, 0x03, 0xF4, 0xFF, 0x7F};

TEST(ByteReader, ReadsBothByteOrders) {
  ByteReader r(kBytes);
  EXPECT_EQ(r.u8(1), 0x82);
  EXPECT_EQ(r.i8(1), -126);
  EXPECT_EQ(r.u16_le(0), 0x8201);
  EXPECT_EQ(r.u16_be(0), 0x0182);
  EXPECT_EQ(r.u24_le(0), 0x038201U);
  EXPECT_EQ(r.u24_be(1), 0x8203F4U);
  EXPECT_EQ(r.u32_le(0), 0xF4038201U);
  EXPECT_EQ(r.u32_be(1), 0x8203F4FFU);
  EXPECT_TRUE(r.ok());
}

TEST(ByteReader, KeepsTheSign) {
  ByteReader r(kBytes);
  EXPECT_EQ(r.i16_le(3), -12);
  EXPECT_EQ(r.i16_be(3), -2817);
  EXPECT_EQ(r.i24_le(1), -785534);
  EXPECT_EQ(r.i24_be(1), -8256524);
  EXPECT_EQ(r.i32_le(0), static_cast<std::int32_t>(0xF4038201));
  EXPECT_EQ(r.i32_be(1), static_cast<std::int32_t>(0x8203F4FF));
}

TEST(ByteReader, ReadsUnalignedFloats) {
  constexpr std::array<std::uint8_t, 9> bytes = {0, 0x00, 0x00, 0x20, 0xC1, 0xC1, 0x20, 0, 0};
  ByteReader r(bytes);
  EXPECT_FLOAT_EQ(r.f32_le(1), -10.0F);
  EXPECT_FLOAT_EQ(r.f32_be(5), -10.0F);
}

TEST(ByteReader, ReadingPastTheEndGivesZeroAndIsRemembered) {
  for (const std::size_t at : {std::size_t{3}, std::size_t{6}, std::size_t{1000},
                               std::numeric_limits<std::size_t>::max()}) {
    ByteReader r(kBytes);
    EXPECT_EQ(r.u32_le(at), 0U) << at;
    EXPECT_FALSE(r.ok()) << at;
    EXPECT_EQ(r.u8(0), 1) << "a later read inside still works";
    EXPECT_FALSE(r.ok()) << "and does not wash off the mistake";
  }
}

TEST(ByteReader, GivesSpansOnlyFromInside) {
  ByteReader r(kBytes);
  EXPECT_EQ(r.bytes(2, 4).size(), 4U);
  EXPECT_EQ(r.bytes(6, 0).size(), 0U);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.bytes(2, 5).size(), 0U);
  EXPECT_FALSE(r.ok());
}

}  // namespace
}  // namespace omnisonde
