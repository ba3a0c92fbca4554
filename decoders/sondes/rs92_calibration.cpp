#include "decoders/sondes/rs92_calibration.hpp"

#include <algorithm>
#include <cmath>

#include "decoders/byte_reader.hpp"

namespace omnisonde::rs92 {
namespace {

// An entry's bytes: index, b0 .. b3. The NGP sends index, b2, b0, b1, b3.
constexpr std::array<std::size_t, kEntryBytes> kSentOrder = {0, 3, 1, 2, 4};

constexpr std::size_t kHashStart = 0x1D89, kHashedAt = 0x24, kHashedBytes = 4, kKeys = 8;

/// Index bytes that are where they are expected; of 66 a right table has all.
std::size_t indices_in_place(const Table& table) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kEntries; ++i) {
    if (table[kEntriesAt + kEntryBytes * i] == kEntryOrder[i]) ++count;
  }
  return count;
}

/// The mask that makes the constants what was received.
std::array<std::uint8_t, kRowBytes> find_mask(const Table& table) {
  Table plain{};
  const std::size_t at = kConstantRow * kRowBytes;
  std::ranges::copy(kConstants, plain.begin() + static_cast<std::ptrdiff_t>(at));
  constexpr std::array<std::uint8_t, kRowBytes> kNoMask{};
  mask_table(plain, kNoMask);
  std::array<std::uint8_t, kRowBytes> mask{};
  for (std::size_t i = 0; i < kRowBytes; ++i) {
    mask[i] = static_cast<std::uint8_t>(plain[at + i] ^ table[at + i]);
  }
  return mask;
}

void xor_entries(Table& table, std::span<const std::uint8_t, kRowBytes> mask) {
  for (std::size_t i = 0; i < kEntries * kEntryBytes; ++i) table[kEntriesAt + i] ^= mask[i % 16];
}

/// Jenkins's one-at-a-time hash. Source: R. Jenkins, "Hash functions", Dr. Dobb's Journal 1997.
std::uint32_t hash(std::span<const std::uint8_t> bytes) {
  std::uint32_t h = kHashStart;
  for (const std::uint8_t byte : bytes) {
    h += byte;
    h += h << 10U;
    h ^= h >> 6U;
  }
  h += h << 3U;
  h ^= h >> 11U;
  h += h << 15U;
  return h;
}

}  // namespace

void mask_table(Table& table, std::span<const std::uint8_t, kRowBytes> mask) {
  const Table plain = table;
  for (std::size_t e = kEntriesAt; e < kEntriesAt + kEntries * kEntryBytes; e += kEntryBytes) {
    for (std::size_t i = 0; i < kEntryBytes; ++i) table[e + i] = plain[e + kSentOrder[i]];
  }
  xor_entries(table, mask);
}

void unmask_table(Table& table, std::span<const std::uint8_t, kRowBytes> mask) {
  xor_entries(table, mask);
  const Table sent = table;
  for (std::size_t e = kEntriesAt; e < kEntriesAt + kEntries * kEntryBytes; e += kEntryBytes) {
    for (std::size_t i = 0; i < kEntryBytes; ++i) table[e + kSentOrder[i]] = sent[e + i];
  }
}

void mask_counts(std::span<std::uint8_t> payload, const Table& table, std::uint16_t counter) {
  std::array<std::uint8_t, 2 * kKeys> key{};
  for (std::size_t n = 0; n < kKeys; ++n) {
    const std::uint32_t h = hash(std::span(table).subspan(kHashedAt + n, kHashedBytes));
    key[2 * n] = static_cast<std::uint8_t>(h & 0xFFU);
    key[2 * n + 1] = static_cast<std::uint8_t>(h >> 8U & 0xFFU);
  }
  for (std::size_t j = 0; j < payload.size(); ++j) {
    const unsigned count = j % 2 == 0 ? counter & 0xFFU : counter >> 8U;
    payload[j] = static_cast<std::uint8_t>(payload[j] ^ count ^ key[j % key.size()]);
  }
}

void Calibration::put(std::size_t row, std::span<const std::uint8_t> bytes) {
  if (row >= kRows || bytes.size() < kRowBytes) return;
  const auto place = table_.begin() + static_cast<std::ptrdiff_t>(row * kRowBytes);
  const bool news = !heard_.test(row) || !std::equal(place, place + kRowBytes, bytes.begin());
  if (!news) return;
  std::copy_n(bytes.begin(), kRowBytes, place);
  heard_.set(row);
  if (row == kConstantRow || complete()) read_entries();
}

void Calibration::read_entries() {
  kind_ = Kind::kUnknown;
  Table plain = table_;
  if (std::ranges::equal(row(kConstantRow), kConstants)) {
    kind_ = Kind::kSgp;
  } else if (complete()) {
    unmask_table(plain, find_mask(table_));
    if (indices_in_place(plain) == kEntries) kind_ = Kind::kNgp;
  }
  coefficients_.fill(0);
  if (kind_ == Kind::kUnknown || !complete()) return;
  ByteReader r(plain);
  for (std::size_t i = 0; i < kEntries; ++i) {
    const std::size_t at = kEntriesAt + kEntryBytes * i;
    const float value = r.f32_le(at + 1);
    if (std::isfinite(value)) coefficients_[plain[at]] = static_cast<double>(value);
  }
}

std::optional<double> Calibration::frequency_mhz() const {
  if (!has_row(0) || kind_ == Kind::kUnknown) return {};
  const double base_mhz = kind_ == Kind::kNgp ? 1600.0 : 400.0;
  return base_mhz + 0.01 * ByteReader(table_).u16_le(kFrequencyAt);
}

}  // namespace omnisonde::rs92
