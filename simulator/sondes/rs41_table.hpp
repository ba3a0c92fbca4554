// RS41 test encoder: a calibration table to send.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "decoders/sondes/rs41_calibration.hpp"

namespace omnisonde::sim::rs41 {

using Table = std::array<std::uint8_t, omnisonde::rs41::kTableBytes>;

/// What differs from sonde to sonde; the sensors' coefficients are always the same.
struct TableFields {
  std::string serial;
  std::string type;       ///< "RS41-SG"
  std::string mainboard;  ///< "RSM421"
  unsigned firmware = 0;
  unsigned channel = 0;  ///< transmit frequency: steps of 10 kHz above 400 MHz
};

/// A whole table with a good CRC.
[[nodiscard]] Table make_table(const TableFields& fields);

/// Little endian.
void put_u16(Table& table, std::size_t at, unsigned value);

}  // namespace omnisonde::sim::rs41
