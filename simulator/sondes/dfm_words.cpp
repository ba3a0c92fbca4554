#include "simulator/sondes/dfm_words.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace omnisonde::sim::dfm {
namespace {

using Probe = Variant::Probe;

constexpr std::array<Variant, 9> kVariants = {{
    {"DFM17B", "DFM17", 0xB, true, Probe::kT, 332e3, 21017642},
    {"DFM06", "DFM06", 0x6, true, Probe::kT, 220e3, 219892},
    {"DFM06P", "DFM06P", 0x8, true, Probe::kP, 220e3, 835210},
    {"PS-15", "PS-15", 0x7, true, Probe::kPs15, 220e3, 1234567},
    {"DFM09", "DFM09", 0xA, false, Probe::kT, 220e3, 16026543},
    {"DFM09P", "DFM09P", 0xC, false, Probe::kP, 220e3, 17010203},
    {"DFM17A", "DFM17", 0xA, true, Probe::kT, 332e3, 23004711},
    {"DFM17C", "DFM17", 0xC, true, Probe::kT, 332e3, 22040506},
    {"DFM17P", "DFM17P", 0xD, true, Probe::kP, 332e3, 24050607},
}};

// Twelve satellites; the first ten are those of the sheet's example.
constexpr std::array<std::uint8_t, 12> kPrns = {1, 2, 5, 8, 16, 19, 20, 23, 26, 28, 3, 10};
constexpr int kGeoidCm = -4713;  // mean sea level minus ellipsoid

ConfWord word_of(unsigned channel, std::uint32_t value) {
  ConfWord word{};
  word[0] = static_cast<std::uint8_t>(channel);
  for (std::size_t i = 6; i > 0; --i, value >>= 4U) word[i] = value & 0xFU;
  return word;
}

// Exponent nibble and 20-bit mantissa, value = mantissa / 2^exponent, as precise as it goes.
std::uint32_t measured(double value, bool coarse) {
  unsigned exponent = 15;
  while (exponent > 0 && std::ldexp(value, static_cast<int>(exponent)) >= 1048575.5) --exponent;
  auto mantissa =
      static_cast<std::uint32_t>(std::lround(std::ldexp(value, static_cast<int>(exponent))));
  if (coarse) mantissa &= 0xFFFF0U;
  return exponent << 20U | mantissa;
}

std::uint32_t decimal_digits(std::uint32_t value) {
  std::uint32_t digits = 0;
  for (unsigned shift = 0; shift < 24; shift += 4, value /= 10) digits |= value % 10 << shift;
  return digits;
}

std::uint32_t serial_value(const Variant& variant, std::uint32_t serial, unsigned turn) {
  if (variant.highest == 6 || variant.highest == 8) return decimal_digits(serial);
  const std::uint32_t first = variant.probe == Probe::kPs15 ? 0 : 0xCU;
  const std::uint32_t half = turn % 2 == 0 ? serial >> 16U : serial & 0xFFFFU;
  return first << 20U | half << 4U | turn % 2;
}

// The processor's own values: 16 bits from the second nibble.
std::uint32_t processor_value(unsigned offset, unsigned frame, const FlightState& state) {
  switch (offset) {
    case 0:
      return static_cast<std::uint32_t>(std::lround(state.battery_v * 1000)) << 4U;
    case 1:
      return 29'150U << 4U;  // 18.35 C
    case 2:
      return (600 + frame * 224 / 1000) << 4U;  // up for ten minutes before the first frame
    default:
      return (0x1230U + offset) << 4U;  // unknown meaning
  }
}

double thermistor_value(const Variant& variant, double series, double reference, double celsius) {
  const double ohm = 5000.0 * std::exp(3260.0 * (1.0 / (celsius + 273.15) - 1.0 / 298.15));
  return ohm * reference / variant.reference_ohm + series;
}

void put(DatWord& word, std::size_t byte, std::size_t bytes, std::uint32_t value) {
  for (std::size_t i = 2 * (byte + bytes); i > 2 * byte; --i, value >>= 4U)
    word[i - 1] = value & 0xFU;
}

void put_date(DatWord& word, const Second& second, bool sends_count) {
  const CivilTime t = to_civil(second.utc);
  put(word, 0, 4,
      static_cast<std::uint32_t>(t.year) << 20U | static_cast<std::uint32_t>(t.month) << 16U |
          static_cast<std::uint32_t>(t.day) << 11U | static_cast<std::uint32_t>(t.hour) << 6U |
          static_cast<std::uint32_t>(t.minute));
  if (sends_count) put(word, 4, 1, static_cast<std::uint32_t>(second.satellites));
}

std::uint32_t ms_of_minute(const Second& second) {
  const CivilTime t = to_civil(second.utc);
  return static_cast<std::uint32_t>(t.second * 1000 + t.millisecond);
}

void put_classic(DatWord& word, const Second& s, unsigned number) {
  const auto count =
      std::min<std::size_t>(kPrns.size(), static_cast<std::size_t>(std::max(s.satellites, 0)));
  switch (number) {
    case 0:
      put(word, 2, 4, 0x02000204U | std::uint32_t{s.counter} << 16U);
      break;
    case 1: {
      std::uint32_t mask = 0;
      for (std::size_t i = 0; i < count; ++i) mask |= 1U << (kPrns[i] - 1U);
      put(word, 0, 4, mask);
      put(word, 4, 2, ms_of_minute(s));
      break;
    }
    case 2:
      put(word, 0, 4, static_cast<std::uint32_t>(s.latitude_e7));
      put(word, 4, 2, s.speed_cmps);
      break;
    case 3:
      put(word, 0, 4, static_cast<std::uint32_t>(s.longitude_e7));
      put(word, 4, 2, s.heading_cdeg);
      break;
    case 4:
      put(word, 0, 4, static_cast<std::uint32_t>(s.altitude_cm));
      put(word, 4, 2, static_cast<std::uint16_t>(s.climb_cmps));
      break;
    case 5:
      put(word, 0, 2, static_cast<std::uint16_t>(kGeoidCm));
      put(word, 2, 2, 480);
      put(word, 4, 2, 690);
      break;
    default:  // 6 and 7: satellite numbers in one second, their levels in the next
      for (std::size_t i = 0; i < 6; ++i) {
        const std::size_t at = i + (number == 7 ? 6 : 0);
        const std::uint32_t prn = at < count ? kPrns[at] : 0U;
        put(word, i, 1, s.counter % 2 != 0 ? 0x40U | prn : 0x80U | (prn == 0 ? 0U : 30U + prn % 8));
      }
  }
}

// Modes 3 and 4, blocks 0..3, and 5..7 of mode 3.
void put_new(DatWord& word, const Second& s, unsigned number, unsigned mode) {
  const std::int32_t msl_cm = s.altitude_cm + kGeoidCm;
  switch (number) {
    case 0:
      put(word, 0, 2, ms_of_minute(s));
      put(word, 2, 2, mode << 8U | s.counter);
      put(word, 4, 2, s.speed_cmps);
      break;
    case 1:
    case 5:
      put(word, 0, 4, static_cast<std::uint32_t>(s.latitude_e7));
      put(word, 4, 2, number == 1 ? s.heading_cdeg : s.speed_cmps);
      break;
    case 2:
    case 6:
      put(word, 0, 4, static_cast<std::uint32_t>(s.longitude_e7));
      put(word, 4, 2, number == 2 ? static_cast<std::uint16_t>(s.climb_cmps) : s.heading_cdeg);
      break;
    case 3:
    case 7:
      put(word, 0, 4, static_cast<std::uint32_t>(msl_cm));
      if (number == 7) put(word, 4, 2, static_cast<std::uint16_t>(s.climb_cmps));
      break;
    default:
      break;
  }
}

void put_xdata(DatWord& word, unsigned number, const std::array<std::uint8_t, 26>& xdata) {
  if (number == 3) {
    for (std::size_t i = 0; i < 2; ++i) put(word, 4 + i, 1, xdata[i]);
    return;
  }
  for (std::size_t i = 0; i < 6; ++i) put(word, i, 1, xdata[2 + 6 * (number - 4U) + i]);
}

// a b c d, then the parity of all but a, all but b, all but c, all but d.
std::array<std::uint8_t, 8> codeword(std::uint8_t nibble) {
  std::array<std::uint8_t, 8> bits{};
  const unsigned parity =
      static_cast<unsigned>(nibble ^ nibble >> 1U ^ nibble >> 2U ^ nibble >> 3U) & 1U;
  for (std::size_t i = 0; i < 4; ++i) {
    bits[i] = nibble >> (3U - i) & 1U;
    bits[4 + i] = static_cast<std::uint8_t>(parity ^ bits[i]);
  }
  return bits;
}

template <std::size_t N>
void append_interleaved(std::vector<std::uint8_t>& out,
                        const std::array<std::uint8_t, N>& nibbles) {
  const std::size_t start = out.size();
  out.resize(start + 8 * N);
  for (std::size_t i = 0; i < N; ++i) {
    const auto bits = codeword(nibbles[i]);
    for (std::size_t j = 0; j < 8; ++j) out[start + N * j + i] = bits[j];
  }
}

}  // namespace

const Variant& find_variant(std::string_view name) {
  const auto same = [](char a, char b) {
    return std::toupper(static_cast<unsigned char>(a)) ==
           std::toupper(static_cast<unsigned char>(b));
  };
  for (const Variant& variant : kVariants) {
    if (std::ranges::equal(variant.name, name, same)) return variant;
  }
  return kVariants.front();
}

unsigned frames_per_turn(const Variant& variant) {
  switch (variant.probe) {
    case Probe::kT:
      return 3 * (variant.highest - 1);  // 0 1 s, s = 2..highest
    case Probe::kP:
      return 6 * (variant.highest - 4);  // 0 1 2 3 4 s, s = 5..highest
    default:
      return 8;
  }
}

unsigned channel_of(const Variant& variant, unsigned frame) {
  switch (variant.probe) {
    case Probe::kT:
      return frame % 3 < 2 ? frame % 3 : 2 + frame / 3 % (variant.highest - 1);
    case Probe::kP:
      return frame % 6 < 5 ? frame % 6 : 5 + frame / 6 % (variant.highest - 4);
    default:
      return frame % 8;
  }
}

ConfWord conf_word(const Variant& variant, std::uint32_t serial, unsigned frame,
                   const FlightState& state) {
  const unsigned channel = channel_of(variant, frame);
  const bool decimal = variant.highest == 6 || variant.highest == 8;
  if (channel == variant.highest) {
    return word_of(channel, serial_value(variant, serial, frame / frames_per_turn(variant)));
  }
  if (channel + 1 == variant.highest) return word_of(channel, decimal ? 0xA00000U : 0);
  const unsigned first_processor = variant.probe == Probe::kP ? 7 : 5;
  if (variant.highest >= 0xA && channel >= first_processor) {
    return word_of(channel, processor_value(channel - first_processor, frame, state));
  }
  const bool p_probe = variant.probe == Probe::kP;
  const double series = variant.highest == 6 ? 10.013 : 20.026;
  const double reference = variant.reference_ohm > 300e3 ? 332.4316 : 220.317;
  double value = 60.98 + 30.0 * channel + 0.2 * state.humidity_pct;  // no public meaning
  if (channel == (p_probe ? 1U : 0U)) {
    value = thermistor_value(variant, series, reference, state.temperature_c);
  } else if (channel == (p_probe ? 5U : 3U)) {
    value = series;
  } else if (channel == (p_probe ? 6U : 4U)) {
    value = reference;
  }
  return word_of(channel, measured(value, decimal));  // DFM-06: the lowest nibble is 0
}

DatWord dat_word(const Second& second, unsigned number, unsigned mode, bool sends_count,
                 const std::array<std::uint8_t, 26>& xdata) {
  DatWord word{};
  word[12] = static_cast<std::uint8_t>(number);
  if (number == 8) {
    put_date(word, second, sends_count);
  } else if (mode == 2) {
    put_classic(word, second, number);
  } else {
    if (number < 4 || (mode == 3 && number > 4)) put_new(word, second, number, mode);
    if (mode == 4 && number >= 3) put_xdata(word, number, xdata);
  }
  return word;
}

DatWord padding_word() {
  DatWord word{};
  word[12] = 0xF;
  return word;
}

std::vector<std::uint8_t> frame_bits(const ConfWord& conf, const DatWord& dat1,
                                     const DatWord& dat2) {
  std::vector<std::uint8_t> bits;
  bits.reserve(280);
  for (unsigned i = 0; i < 16; ++i) bits.push_back(0x45CFU >> (15U - i) & 1U);
  append_interleaved(bits, conf);
  append_interleaved(bits, dat1);
  append_interleaved(bits, dat2);
  return bits;
}

std::vector<std::uint8_t> manchester(const std::vector<std::uint8_t>& bits, bool inverted) {
  std::vector<std::uint8_t> symbols;
  symbols.reserve(2 * bits.size());
  for (const std::uint8_t bit : bits) {
    const auto second = static_cast<std::uint8_t>(inverted ? bit ^ 1U : bit);
    symbols.push_back(second ^ 1U);
    symbols.push_back(second);
  }
  return symbols;
}

}  // namespace omnisonde::sim::dfm
