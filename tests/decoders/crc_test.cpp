#include "decoders/fec/crc.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace omnisonde::fec {
namespace {

const std::vector<std::uint8_t> kDigits = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};

// The check values of the catalogue of parametrised CRC algorithms (G. Cook), text "123456789".
TEST(Crc16, GivesTheCatalogueCheckValues) {
  EXPECT_EQ(crc16_ccitt_false(kDigits), 0x29B1);                       // IBM-3740
  EXPECT_EQ(Crc16({0x1021, 0x0000, false, 0x0000})(kDigits), 0x31C3);  // XMODEM
  EXPECT_EQ(Crc16({0x1021, 0x1D0F, false, 0x0000})(kDigits), 0xE5CC);  // SPI-FUJITSU
  EXPECT_EQ(Crc16({0x1021, 0xFFFF, false, 0xFFFF})(kDigits), 0xD64E);  // GENIBUS
  EXPECT_EQ(Crc16({0x1021, 0xFFFF, true, 0xFFFF})(kDigits), 0x906E);   // IBM-SDLC
  EXPECT_EQ(Crc16({0x1021, 0x0000, true, 0x0000})(kDigits), 0x2189);   // KERMIT
  EXPECT_EQ(Crc16({0x8005, 0x0000, true, 0x0000})(kDigits), 0xBB3D);   // ARC
  EXPECT_EQ(Crc16({0x8005, 0xFFFF, true, 0x0000})(kDigits), 0x4B37);   // MODBUS
  EXPECT_EQ(Crc16({0x1021, 0x89EC, true, 0x0000})(kDigits), 0x26B1);   // TMS37157: mirrored init
}

TEST(Crc16, OfNothingIsTheInitialValue) { EXPECT_EQ(crc16_ccitt_false({}), 0xFFFF); }

TEST(Crc16, SeesEveryBurstUpToSixteenBits) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> data(40);
  for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
  const std::uint16_t good = crc16_ccitt_false(data);
  for (std::size_t bit = 0; bit + 16 <= data.size() * 8; ++bit) {
    auto bad = data;
    const unsigned burst = (random() & 0xFFFFU) | 0x8000U;
    for (std::size_t i = 0; i < 16; ++i) {
      if (((burst >> (15 - i)) & 1U) != 0) {
        bad[(bit + i) / 8] ^= static_cast<std::uint8_t>(0x80U >> ((bit + i) % 8));
      }
    }
    ASSERT_NE(crc16_ccitt_false(bad), good) << "burst at bit " << bit;
  }
}

}  // namespace
}  // namespace omnisonde::fec
