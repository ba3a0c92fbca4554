// RS41: the calibration table, which arrives in 51 pieces, one per frame.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace omnisonde::rs41 {

inline constexpr std::size_t kRows = 51;
inline constexpr std::size_t kRowBytes = 16;
inline constexpr std::size_t kTableBytes = kRows * kRowBytes;
inline constexpr std::size_t kConstantBytes = 0x320;  ///< the CRC covers 2 .. this - 1
inline constexpr std::size_t kRuntimeRow = 0x32;      ///< changes during the flight

/// Table addresses that more than one file needs (formats/rs41.md section 5).
namespace address {
inline constexpr std::size_t kFrequency = 0x002, kSerial = 0x00D, kFirmware = 0x015, kType = 0x218,
                             kMainboard = 0x222, kBurstTimer = 0x320;
}

/// One sonde's table. A row that has not been heard is not in it.
class Calibration {
 public:
  void put(std::size_t row, std::span<const std::uint8_t> bytes);
  [[nodiscard]] bool has_rows(std::size_t first, std::size_t last) const;
  [[nodiscard]] bool has_row(std::size_t row) const { return has_rows(row, row); }
  [[nodiscard]] std::span<const std::uint8_t> row(std::size_t index) const {
    return std::span(table_).subspan(index * kRowBytes, kRowBytes);
  }

  /// All rows heard and the table's own CRC holds.
  [[nodiscard]] bool complete() const;

  [[nodiscard]] std::uint16_t u16(std::size_t at) const;
  [[nodiscard]] double f32(std::size_t at) const;
  /// Text up to the first NUL; empty when it holds anything but printable ASCII.
  [[nodiscard]] std::string text(std::size_t at, std::size_t length) const;

  /// Each is absent until its rows are in.
  [[nodiscard]] std::optional<double> frequency_mhz() const;
  [[nodiscard]] std::optional<unsigned> firmware() const;
  [[nodiscard]] std::string type() const;  ///< "RS41-SG"; empty until known
  [[nodiscard]] std::string mainboard() const;
  [[nodiscard]] bool has_pressure_sensor() const;

  /// RFC 4648 base64 of all 816 bytes.
  [[nodiscard]] std::string base64() const;

 private:
  std::array<std::uint8_t, kTableBytes> table_{};
  std::bitset<kRows> heard_;
};

/// The CRC that belongs at address 0. @param table at least kConstantBytes.
[[nodiscard]] std::uint16_t table_crc(std::span<const std::uint8_t> table);

}  // namespace omnisonde::rs41
