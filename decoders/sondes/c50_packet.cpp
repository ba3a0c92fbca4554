#include "decoders/sondes/c50_packet.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace omnisonde::c50 {
namespace {

constexpr std::size_t kBody = 2;  // first byte after 00 FF
constexpr std::size_t kWeakBits = 6;

bool check_holds(std::span<const std::uint8_t, 7> packet) {
  const auto check = check_bytes(packet.first<5>());
  return packet[5] == check[0] && packet[6] == check[1];
}

// What packets say in flight; others are not worth a trial.
bool known_id(std::uint8_t id) {
  return (id >= 0x02 && id <= 0x07) || (id >= 0x10 && id <= 0x1B) || id == kSerial;
}

// Start and stop bits and the two bytes ahead. The sums bear a shift by a bit nearly unharmed, so
// that they alone would pass a packet read one bit early.
bool well_framed(std::span<const float> llr, Model model) {
  constexpr int kMostWrong = 5;  // of 34 bits and more
  const std::size_t pitch = byte_bits(model);
  int wrong = 0;
  for (std::size_t i = 0; i < kBytes * pitch; ++i) {
    const std::size_t byte = i / pitch, place = i % pitch;
    const bool frame_bit = place == 0 || place > 8;
    if (!frame_bit && byte >= kBody) continue;
    const bool one = frame_bit ? place > 8 : byte == 1;
    wrong += (llr[i] > 0) != one ? 1 : 0;
  }
  return wrong <= kMostWrong;
}

double degrees_of(std::int64_t value, Model model, int most) {
  const std::int64_t per_degree = model == Model::kC50 ? 10'000'000 : 1'000'000;
  const double per_minute = model == Model::kC50 ? 1e5 : 1e4;
  const std::int64_t whole = value / per_degree;
  const double minutes = static_cast<double>(value - whole * per_degree) / per_minute;
  const double degrees = static_cast<double>(whole) + minutes / 60;
  const bool possible = std::abs(minutes) < 60 && std::abs(degrees) <= most;
  return possible ? degrees : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::array<std::uint8_t, 2> check_bytes(std::span<const std::uint8_t, 5> body) {
  unsigned s1 = 0, s2 = 0;
  for (const std::uint8_t byte : body) {
    s1 += byte;
    s2 += s1;
  }
  return {static_cast<std::uint8_t>(s1), static_cast<std::uint8_t>(~s2)};
}

bool read_packet(std::span<const float> llr, Model model, int trials, Frame& out) {
  out.bytes.clear();
  out.reliability.clear();
  out.byte_ok.clear();
  out.bits_corrected = 0;
  const std::size_t pitch = byte_bits(model);
  if (llr.size() < frame_bits(model) || !well_framed(llr, model)) return false;
  const auto bit = [&](std::size_t i) { return llr[(kBody + i / 8) * pitch + 1 + i % 8]; };
  std::array<std::uint8_t, 7> packet{};
  for (std::size_t i = 0; i < 56; ++i)
    packet[i / 8] = static_cast<std::uint8_t>(packet[i / 8] | (bit(i) > 0 ? 1U : 0U) << i % 8);

  bool good = known_id(packet[0]) && check_holds(packet);
  if (!good && trials > 0) {
    // One weak bit, or two neighbours: the audio's phase makes errors come in pairs.
    struct Turn {
      float cost;
      std::size_t first, last;
    };
    std::vector<Turn> turns;
    for (std::size_t i = 0; i < 56; ++i) {
      turns.push_back({std::abs(bit(i)), i, i});
      if (i % 8 < 7) turns.push_back({std::max(std::abs(bit(i)), std::abs(bit(i + 1))), i, i + 1});
    }
    std::partial_sort(turns.begin(), turns.begin() + kWeakBits, turns.end(),
                      [](const Turn& a, const Turn& b) { return a.cost < b.cost; });
    for (std::size_t t = 0; t < kWeakBits && trials > 0 && !good; ++t) {
      auto other = packet;
      for (std::size_t i = turns[t].first; i <= turns[t].last; ++i)
        other[i / 8] = static_cast<std::uint8_t>(other[i / 8] ^ 1U << i % 8);
      if (!known_id(other[0])) continue;
      --trials;
      good = check_holds(other);
      if (!good) continue;
      packet = other;
      out.bits_corrected = static_cast<int>(turns[t].last - turns[t].first + 1);
    }
  }
  if (!good) return false;
  for (std::size_t byte = 0; byte < 5; ++byte) {
    float weakest = std::abs(bit(8 * byte));
    for (std::size_t i = 1; i < 8; ++i) weakest = std::min(weakest, std::abs(bit(8 * byte + i)));
    out.bytes.push_back(packet[byte]);
    out.reliability.push_back(weakest);
  }
  return true;
}

double to_degrees(std::uint32_t value, Model model, int most) {
  const double plain = degrees_of(static_cast<std::int32_t>(value), model, most);
  if (!std::isnan(plain) || (value & 0x80000000U) == 0) return plain;
  return degrees_of(-std::int64_t{value & 0x7FFFFFFFU}, model, most);
}

}  // namespace omnisonde::c50
