// RS92: the calibration table, which arrives in 32 pieces, one per frame; and what the NGP does to
// it and to its measurements.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>

#include "decoders/sondes/rs92_frame.hpp"

namespace omnisonde::rs92 {

inline constexpr std::size_t kTableBytes = kRows * kRowBytes;
inline constexpr std::size_t kFrequencyAt = 0x002, kKillTimerAt = 0x004, kEntriesAt = 0x040;
inline constexpr std::size_t kEntries = 66, kEntryBytes = 5;
using Table = std::array<std::uint8_t, kTableBytes>;

/// Order of the entries' indices in every sonde seen (formats/rs92.md section 3).
inline constexpr std::array<std::uint8_t, kEntries> kEntryOrder = {
    10,  11,  12,  13,  14,  15,  17,  20,  21,  22,  23,  27,  60,  61,  62, 63, 70,
    71,  72,  73,  80,  81,  82,  30,  31,  32,  33,  34,  35,  37,  40,  41, 42, 43,
    47,  110, 111, 112, 113, 114, 120, 121, 122, 123, 124, 50,  51,  52,  53, 57, 130,
    131, 132, 133, 134, 140, 141, 142, 143, 144, 151, 152, 153, 154, 157, 167};

/// These bytes are the same in all sondes; from them one tells SGP from NGP.
inline constexpr std::size_t kConstantRow = 0x17;
inline constexpr std::array<std::uint8_t, kRowBytes> kConstants = {
    0x36, 0x98, 0x92, 0x25, 0x6B, 0xB3, 0x99, 0xE1, 0x57, 0x05, 0x30, 0x9A, 0xFE, 0x51, 0xF4, 0xAB};

enum class Kind : std::uint8_t { kUnknown, kSgp, kNgp };

/// Turns an SGP's table into an NGP's or back, with a mask of 16 bytes: entries from 0x040 on have
/// their floats' bytes in another order and are XORed.
void mask_table(Table& table, std::span<const std::uint8_t, kRowBytes> mask);
void unmask_table(Table& table, std::span<const std::uint8_t, kRowBytes> mask);

/// XORs the counts of an NGP's measurement (24 bytes, in place); the inverse is the same.
void mask_counts(std::span<std::uint8_t> payload, const Table& table, std::uint16_t counter);

/// One sonde's table. A row that has not been heard is not in it.
class Calibration {
 public:
  void put(std::size_t row, std::span<const std::uint8_t> bytes);
  [[nodiscard]] bool has_row(std::size_t row) const { return row < kRows && heard_.test(row); }
  [[nodiscard]] bool complete() const { return heard_.all(); }
  [[nodiscard]] std::span<const std::uint8_t> row(std::size_t index) const {
    return std::span(table_).subspan(index * kRowBytes, kRowBytes);
  }
  [[nodiscard]] const Table& bytes() const { return table_; }

  /// SGP as soon as the constants are in; NGP only when the whole table makes sense unmasked.
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::optional<double> frequency_mhz() const;
  /// Coefficient by its index in the table; 0 for one that is not sent. Only with complete() and a
  /// kind.
  [[nodiscard]] double coefficient(std::size_t index) const {
    return index < coefficients_.size() ? coefficients_[index] : 0.0;
  }

 private:
  void read_entries();

  Table table_{};
  std::bitset<kRows> heard_;
  Kind kind_ = Kind::kUnknown;
  std::array<double, 256> coefficients_{};
};

}  // namespace omnisonde::rs92
