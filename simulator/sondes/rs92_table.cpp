#include "simulator/sondes/rs92_table.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace omnisonde::sim::rs92 {
namespace {

using namespace omnisonde::rs92;  // NOLINT: the frame's vocabulary

struct Entry {
  std::uint8_t index;
  float value;
};
constexpr std::array kKnown = {
    Entry{10, -369.622894F}, Entry{11, 30.7020702F},  Entry{12, 325.799011F},
    Entry{13, -99.0141525F}, Entry{14, 18.0021591F},  Entry{15, -1.29586601F},
    Entry{17, 0.959999979F}, Entry{30, -183.769867F}, Entry{31, 95.9241867F},
    Entry{32, -35.3183708F}, Entry{33, 12.1529903F},  Entry{34, -1.97498202F},
    Entry{35, 0.121827997F}, Entry{37, 0.841624916F}, Entry{40, -2400.64087F},
    Entry{41, 5724.13086F},  Entry{42, -4030.86499F}, Entry{43, 884.923218F},
    Entry{47, 0.959999979F}, Entry{50, -3114.67334F}, Entry{51, 6902.85596F},
    Entry{52, -4687.73486F}, Entry{53, 1008.19202F},  Entry{57, 0.959999979F}};

constexpr std::uint32_t kRef1 = 1'118'092, kRef2 = 1'136'804, kRef3 = 868'844, kRef4 = 869'184;

/// The count between `from` and `to` whose value is nearest; the value falls with the count.
std::uint32_t invert(const Calibration& c, std::size_t base, std::uint32_t low, double value,
                     std::uint32_t from, std::uint32_t to) {
  while (to - from > 1) {
    const std::uint32_t middle = from + (to - from) / 2;
    const double got = sensor_value(c, base, middle, kRef1, low).value_or(0);
    (got > value ? from : to) = middle;
  }
  const auto error = [&](std::uint32_t count) {
    return std::abs(sensor_value(c, base, count, kRef1, low).value_or(1e9) - value);
  };
  return error(from) < error(to) ? from : to;
}

}  // namespace

Table make_table(const std::string& serial, unsigned steps) {
  Table table{};
  std::uint32_t state = steps;
  for (const char c : serial) state = state * 31 + static_cast<unsigned char>(c);
  const auto next = [&state] {
    state = state * 1'664'525U + 1'013'904'223U;
    return static_cast<std::uint8_t>(state >> 24U);
  };
  table[0] = 0x34;
  table[1] = 0x12;
  table[kFrequencyAt] = static_cast<std::uint8_t>(steps & 0xFFU);
  table[kFrequencyAt + 1] = static_cast<std::uint8_t>(steps >> 8U & 0xFFU);
  table[kKillTimerAt] = table[kKillTimerAt + 1] = 0xFF;
  for (std::size_t i = 8; i < kEntriesAt; ++i) table[i] = next();
  for (std::size_t i = 0; i < kEntries; ++i) {
    const std::uint8_t index = kEntryOrder[i];
    const auto* const known = std::ranges::find(kKnown, index, &Entry::index);
    const float value =
        known != kKnown.end() ? known->value : 0.01F * static_cast<float>(next()) - 1;
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::size_t at = kEntriesAt + kEntryBytes * i;
    table[at] = index;
    for (std::size_t k = 0; k < 4; ++k) {
      table[at + 1 + k] = static_cast<std::uint8_t>(bits >> (8 * k) & 0xFFU);
    }
  }
  std::ranges::copy(kConstants,
                    table.begin() + static_cast<std::ptrdiff_t>(kConstantRow * kRowBytes));
  return table;
}

Counts counts_for(const Calibration& c, double temperature_c, double humidity_pct,
                  double pressure_hpa) {
  Counts n;
  n.ref1 = kRef1;
  n.ref2 = kRef2;
  n.ref3 = kRef3;
  n.ref4 = kRef4;
  n.temperature = invert(c, kTemperatureBase, kRef4, std::clamp(temperature_c, -119.0, 79.0),
                         945'000, 1'240'000);
  n.pressure =
      invert(c, kPressureBase, kRef4, std::clamp(pressure_hpa, 1.0, 1190.0), 955'000, 1'087'000);
  const double rh = std::clamp(humidity_pct, 0.0, 100.0);
  n.humidity1 = invert(c, kHumidity1Base, kRef3, rh, 990'000, 1'009'000);
  n.humidity2 = invert(c, kHumidity2Base, kRef3, 0.4 * rh - 2, 990'000, 1'009'000);  // heated
  return n;
}

}  // namespace omnisonde::sim::rs92
