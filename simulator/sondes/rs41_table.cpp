#include "simulator/sondes/rs41_table.hpp"

namespace omnisonde::sim::rs41 {
namespace {

using omnisonde::rs41::kTableBytes;

// The table of the worked example in formats/rs41.md: plausible coefficients of an RS41-SGP.
constexpr char kExample[] =
    "2ecf004b0300000e00000000005831323334353637f64e000058021205b43c0006148732000000ffff00000000001e"
    "23"
    "0000000000000000000000000000803b44008089440000000000003c422ae973c35f28403ebb92093771d7a33f6949"
    "5d"
    "bd982d743b00000000000000000000000000000000cb1e344257d1a140e17929bb52980fc05fc41e41c39f67c0e96b"
    "59"
    "42339abac28ed24e42c37b1b42f86f5143f037bdc3a8c51241933d9c41eb41164314e816c345288cc3094b36434ff6"
    "4a"
    "456f3a7f45869169c3f1afac438d3748437b1fc2c3871a62c50000000054d76143f40c69c300000000000000000000"
    "00"
    "00000000008920bac20000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00"
    "00000000002ae973c35f28403ebb920937eed1a73f2d16c9bc1d1da43b000000000000000000000000000000000000"
    "00"
    "00000000000000cb1e3442000000000000000000000000000000000000000000000000000000000000000000000000"
    "00"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00"
    "33b37c449af97c44525334312d534750000052534d3432310000000053333131303331340030303030303030303030"
    "00"
    "0000005032363730393632000000000000000000006669b43f0000000000a0136ac371a60ec3e5727f43441f85c225"
    "27"
    "214167eb16bf0000803feeb1db3d846d18bdbc5a0bbbfc3ec83953d7103a5cff9fb90000000000000000461a93b62e"
    "6c"
    "af3500000000d5caa43d5da365397f872239000000000000000009feb7bcc896e53e31991abf12dada3eb68468c167"
    "55"
    "5742d6c5aac1849ec7c1fdbc3e411e164cc27cb88b41bb32f441000000000000000000000000000000000000000000"
    "00"
    "000000000000000000000000000000006c9c07b1003c88770000000000000000ffffe0015b020700fcfaa301010200"
    "00";
static_assert(sizeof kExample == 2 * kTableBytes + 1);

std::uint8_t nibble(char c) { return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10); }

void put_text(Table& table, std::size_t at, std::size_t length, const std::string& text) {
  for (std::size_t i = 0; i < length; ++i) {
    table[at + i] = i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  }
}

}  // namespace

void put_u16(Table& table, std::size_t at, unsigned value) {
  table[at] = static_cast<std::uint8_t>(value & 0xFFU);
  table[at + 1] = static_cast<std::uint8_t>(value >> 8 & 0xFFU);
}

Table make_table(const TableFields& fields) {
  Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i] =
        static_cast<std::uint8_t>(nibble(kExample[2 * i]) << 4 | nibble(kExample[2 * i + 1]));
  }
  namespace address = omnisonde::rs41::address;
  put_u16(table, address::kFrequency, fields.channel << 6 | (table[2] & 0x3FU));
  put_text(table, address::kSerial, 8, fields.serial);
  put_u16(table, address::kFirmware, fields.firmware);
  put_text(table, address::kType, 10, fields.type);
  put_text(table, address::kMainboard, 10, fields.mainboard);
  put_u16(table, 0, omnisonde::rs41::table_crc(table));
  return table;
}

}  // namespace omnisonde::sim::rs41
