#include "decoders/sondes/rs41_calibration.hpp"

#include <algorithm>

#include "decoders/byte_reader.hpp"
#include "decoders/fec/crc.hpp"

namespace omnisonde::rs41 {

void Calibration::put(std::size_t row, std::span<const std::uint8_t> bytes) {
  if (row >= kRows || bytes.size() < kRowBytes) return;
  std::copy_n(bytes.begin(), kRowBytes,
              table_.begin() + static_cast<std::ptrdiff_t>(row * kRowBytes));
  heard_.set(row);
}

bool Calibration::has_rows(std::size_t first, std::size_t last) const {
  for (std::size_t row = first; row <= last; ++row) {
    if (row >= kRows || !heard_.test(row)) return false;
  }
  return true;
}

bool Calibration::complete() const { return heard_.all() && table_crc(table_) == u16(0); }

std::uint16_t Calibration::u16(std::size_t at) const { return ByteReader(table_).u16_le(at); }

double Calibration::f32(std::size_t at) const {
  return static_cast<double>(ByteReader(table_).f32_le(at));
}

std::string Calibration::text(std::size_t at, std::size_t length) const {
  std::string text;
  for (const std::uint8_t c : ByteReader(table_).bytes(at, length)) {
    if (c == 0) break;
    if (c < 0x20 || c > 0x7E) return {};
    text.push_back(static_cast<char>(c));
  }
  return text;
}

std::optional<double> Calibration::frequency_mhz() const {
  if (!has_row(0x00)) return {};
  return 400.0 + (u16(address::kFrequency) >> 6) * 0.01;
}

std::optional<unsigned> Calibration::firmware() const {
  if (!has_row(0x01)) return {};
  return u16(address::kFirmware);
}

std::string Calibration::type() const {
  const std::string name = has_rows(0x21, 0x22) ? text(address::kType, 10) : std::string{};
  return name.starts_with("RS41") ? name : std::string{};
}

std::string Calibration::mainboard() const {
  return has_row(0x22) ? text(address::kMainboard, 10) : std::string{};
}

bool Calibration::has_pressure_sensor() const {
  return has_row(0x21) && text(address::kType, 8) == "RS41-SGP";
}

std::string Calibration::base64() const {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static_assert(kTableBytes % 3 == 0, "no '=' padding needed");
  std::string out;
  out.reserve(kTableBytes / 3 * 4);
  for (std::size_t i = 0; i < kTableBytes; i += 3) {
    const unsigned bits = unsigned{table_[i]} << 16 | unsigned{table_[i + 1]} << 8 | table_[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) out.push_back(kDigits[bits >> shift & 63U]);
  }
  return out;
}

std::uint16_t table_crc(std::span<const std::uint8_t> table) {
  return fec::crc16_ccitt_false(table.subspan(2, kConstantBytes - 2));
}

}  // namespace omnisonde::rs41
