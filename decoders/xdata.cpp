// A message is hex digits: kind of instrument (2), place in the chain (2), data, highest byte
// first. Kinds are NOAA's "XDATA instrument ID allocation". Layouts: ECC (V7 board) and OIF411 from
// the DFM, iMet and RS41 sheets and Vaisala's M211486EN, whose worked examples the tests hold;
// COBALD and PCFH from the descriptions in the SondeHub wiki, "XDATA Decoding".
//
//   01 ECC       I 4 nA   T 4 signed 0.01 C   pump 2 mA   battery 2 0.1 V
//   05 OIF411    T 4 signed 0.01 C   I 5 0.1 nA   battery 2 0.1 V   pump 3 mA   external 2 0.1 V
//      or        serial 8 characters   diagnostics 4   version 4   'I'
//   19 COBALD    number 3   T 3 signed 1/8 C   blue, red 6 signed   their monitors 4 signed
//   3C PCFH      packet 2 (01, 02: the two mirrors)   2   mirror, hot side, air, expected frost
//   point
//                3 each, 0.05 C from -125 C   mirror and reference reflectance 4 each, 1/32768
#include "decoders/xdata.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

namespace omnisonde {
namespace {

constexpr std::size_t kMostMessages = 16;

/// Digits of a message, read where they stand. A digit that is none spoils the message.
class Digits {
 public:
  explicit Digits(std::string_view text) : text_(text) {}

  std::uint32_t next(std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 4U | digit();
    return value;
  }
  std::int32_t next_signed(std::size_t count) {
    const std::uint32_t value = next(count), sign = 1U << (4 * count - 1);
    return static_cast<std::int32_t>(value) -
           ((value & sign) != 0 ? static_cast<std::int32_t>(2 * sign) : 0);
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::uint32_t digit() {
    const char c = at_ < text_.size() ? text_[at_++] : ' ';
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
    const char letter = static_cast<char>(c & ~0x20);
    if (letter >= 'A' && letter <= 'F') return static_cast<std::uint32_t>(letter - 'A' + 10);
    good_ = false;
    return 0;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool good_ = true;
};

struct Kind {
  unsigned number;
  std::string_view name;
};
constexpr std::array kKinds = {Kind{0x01, "ECC ozonesonde"},
                               Kind{0x05, "OIF411 ozonesonde"},
                               Kind{0x08, "CFH hygrometer"},
                               Kind{0x10, "FPH hygrometer"},
                               Kind{0x19, "COBALD aerosol"},
                               Kind{0x28, "SLW supercooled water"},
                               Kind{0x38, "POPS particles"},
                               Kind{0x39, "OPC particles"},
                               Kind{0x3A, "WVS"},
                               Kind{0x3C, "PCFH hygrometer"},
                               Kind{0x3D, "FLASH-B hygrometer"},
                               Kind{0x3E, "TRAPS"},
                               Kind{0x3F, "SKYDEW hygrometer"},
                               Kind{0x41, "CICANUM"},
                               Kind{0x45, "POPS particles"},
                               Kind{0x80, "tachometer"}};

/// Pump efficiency: factor at a pressure, rising; linear between, constant outside.
struct PumpPoint {
  double pressure_hpa, factor;
};
// Vaisala M211486EN: ECC-6A with 3.0 cm3 of solution, and EN-SCI's model Z.
constexpr std::array kEcc6a = {PumpPoint{2, 1.171},   PumpPoint{3, 1.131},   PumpPoint{5, 1.092},
                               PumpPoint{10, 1.055},  PumpPoint{20, 1.032},  PumpPoint{30, 1.022},
                               PumpPoint{50, 1.015},  PumpPoint{100, 1.011}, PumpPoint{200, 1.008},
                               PumpPoint{300, 1.006}, PumpPoint{500, 1.004}, PumpPoint{1000, 1}};
constexpr std::array kModelZ = {PumpPoint{3, 1.24},    PumpPoint{5, 1.124},   PumpPoint{7, 1.087},
                                PumpPoint{10, 1.066},  PumpPoint{15, 1.048},  PumpPoint{20, 1.041},
                                PumpPoint{30, 1.029},  PumpPoint{50, 1.018},  PumpPoint{70, 1.013},
                                PumpPoint{100, 1.007}, PumpPoint{150, 1.002}, PumpPoint{200, 1}};

double pump_factor(std::span<const PumpPoint> table, double pressure_hpa) {
  if (!(pressure_hpa > table.front().pressure_hpa)) return table.front().factor;
  for (std::size_t i = 1; i < table.size(); ++i) {
    const PumpPoint low = table[i - 1], high = table[i];
    if (pressure_hpa > high.pressure_hpa) continue;
    const double share = (pressure_hpa - low.pressure_hpa) / (high.pressure_hpa - low.pressure_hpa);
    return low.factor + share * (high.factor - low.factor);
  }
  return table.back().factor;
}

// R / 2F with the current in uA, the flow as seconds per 100 ml and the result in mPa. The flow is
// measured before each flight and not sent: 28.5 s is usual, and the background current taken for
// nothing. Good to some percent. Source: WMO GAW report 268, chapter 3.
double ozone_mpa(double current_ua, double pump_c, double factor) {
  constexpr double kFlow_s = 28.5;
  return 4.3085e-4 * current_ua * (pump_c + 273.15) * kFlow_s * factor;
}

void add_ozone(XdataReading& out, std::span<const PumpPoint> table, double current_ua,
               double pump_c, std::optional<double> pressure_hpa) {
  if (!pressure_hpa || !(*pressure_hpa > 0) || pump_c < -50 || pump_c > 80) return;
  const double mpa = ozone_mpa(current_ua, pump_c, pump_factor(table, *pressure_hpa));
  out.values.push_back({"ozone_partial_pressure_mpa", mpa, 2});
}

void read_ecc(Digits& digits, std::optional<double> pressure_hpa, XdataReading& out) {
  const double current_ua = digits.next(4) * 1e-3, pump_c = digits.next_signed(4) * 0.01;
  out.values = {{"cell_current_ua", current_ua, 3}, {"pump_temperature_c", pump_c, 2}};
  out.values.push_back({"pump_current_ma", static_cast<double>(digits.next(2)), 0});
  out.values.push_back({"battery_v", digits.next(2) * 0.1, 1});
  add_ozone(out, kModelZ, current_ua, pump_c, pressure_hpa);
}

void read_oif411(Digits& digits, std::optional<double> pressure_hpa, XdataReading& out) {
  const double pump_c = digits.next_signed(4) * 0.01, current_ua = digits.next(5) * 1e-4;
  out.values = {{"cell_current_ua", current_ua, 4}, {"pump_temperature_c", pump_c, 2}};
  out.values.push_back({"battery_v", digits.next(2) * 0.1, 1});
  out.values.push_back({"pump_current_ma", static_cast<double>(digits.next(3)), 0});
  out.values.push_back({"external_v", digits.next(2) * 0.1, 1});
  add_ozone(out, kEcc6a, current_ua, pump_c, pressure_hpa);
}

bool read_oif411_identity(std::string_view message, XdataReading& out) {
  const std::string_view serial = message.substr(4, 8);
  const auto printable = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  if (message.back() != 'I' || !std::ranges::all_of(serial, printable)) return false;
  out.serial = serial;
  Digits digits(message.substr(12, 8));
  out.values.push_back({"diagnostics", static_cast<double>(digits.next(4)), 0});
  out.values.push_back({"software_version", digits.next(4) * 0.01, 2});
  return digits.good();
}

void read_cobald(Digits& digits, XdataReading& out) {
  out.serial = std::to_string(digits.next(3));
  out.values.push_back({"temperature_c", digits.next_signed(3) / 8.0, 1});
  for (const char* const name : {"blue_backscatter", "red_backscatter"})
    out.values.push_back({name, static_cast<double>(digits.next_signed(6)), 0});
  for (const char* const name : {"blue_monitor", "red_monitor"})
    out.values.push_back({name, static_cast<double>(digits.next_signed(4)), 0});
}

void read_pcfh(Digits& digits, XdataReading& out) {
  const std::uint32_t packet = digits.next(2);
  (void)digits.next(2);
  out.values.push_back({"mirror", static_cast<double>(packet), 0});
  for (const char* const name : {"mirror_temperature_c", "hot_side_temperature_c",
                                 "air_temperature_c", "expected_frost_point_c"})
    out.values.push_back({name, digits.next(3) * 0.05 - 125, 2});
  for (const char* const name : {"mirror_reflectance", "reference_reflectance"})
    out.values.push_back({name, digits.next(4) / 32768.0, 4});
}

// What stands at `message`. @returns false for what is no message of its kind.
bool read_message(std::string_view message, std::optional<double> pressure_hpa, bool padded,
                  XdataReading& out) {
  if (message.size() < 4) return false;
  Digits digits(message);
  out.instrument = digits.next(2);
  out.position = digits.next(2);
  const auto kind = std::ranges::find(kKinds, out.instrument, &Kind::number);
  if (!digits.good()) return false;
  if (kind != kKinds.end()) out.name = kind->name;
  const auto is_long = [&](std::size_t digits_long) {
    return message.size() == digits_long || (padded && message.size() > digits_long);
  };
  if (out.instrument == 0x05 && is_long(21)) {
    XdataReading identity = out;
    if (read_oif411_identity(message.substr(0, 21), identity)) {
      out = std::move(identity);
      return true;
    }
  }
  if (out.instrument == 0x01 && is_long(16)) read_ecc(digits, pressure_hpa, out);
  if (out.instrument == 0x05 && is_long(20)) read_oif411(digits, pressure_hpa, out);
  if (out.instrument == 0x19 && is_long(30)) read_cobald(digits, out);
  const bool regular = message.substr(4, 2) == "01" || message.substr(4, 2) == "02";
  if (out.instrument == 0x3C && is_long(32) && regular) read_pcfh(digits, out);
  return digits.good();
}

}  // namespace

std::vector<XdataReading> read_xdata(std::string_view text, std::optional<double> pressure_hpa,
                                     bool padded) {
  std::vector<XdataReading> out;
  while (!text.empty() && out.size() < kMostMessages) {
    const std::size_t end = std::min(text.find('#'), text.size());
    XdataReading reading;
    if (read_message(text.substr(0, end), pressure_hpa, padded, reading))
      out.push_back(std::move(reading));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::vector<XdataReading> read_xdata(const Telemetry& record, std::optional<double> pressure_hpa) {
  if (record.type == "RS92" || record.type == "M20") return {};
  return read_xdata(record.xdata, pressure_hpa, record.type == "DFM" || record.type == "PS-15");
}

}  // namespace omnisonde
