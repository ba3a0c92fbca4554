// InterMet iMet-54 and iMet-50 (a pilot sonde without sensors).
//
//   offset  bytes  big-endian, after the code of imet54_frame.hpp
//     0x00      4  serial
//     0x04      4  UTC as decimal hhmmssmmm
//     0x08    4+4  latitude, longitude: (degrees + minutes/100) x 1e6
//     0x10      4  height above the sea, 0.1 m
//     0x14    4+4  optional MS5607 pressure sensor: temperature, pressure (0.01 C, 0.01 hPa)
//     0x1C    4x3  float: air temperature, relative humidity at the humidity sensor's temperature,
//                  that temperature; 1e9 where no sensor is fitted
//     0x28      1  number of the fragment at 0x2C, where the sonde sends fragments
//     0x29      1  satellites used
//     0x2A      2  status; bits 4, 5: GPS good
//     0x2C      8  fragment 0..10 of a table; 2 begins with the battery voltage, 0.01 V
//     0x34      4  continuous variant: CRC-32 of header octet and 0x00..0x33
//     0x64..0x6B   burst variant: check value (imet54_frame.hpp)
//
// 4798 symbols/s by measurement, 4800 by the maker; started halfway between the two, the
// receiver learns either clock. One burst a second. Facts: rs1729/RS (imet54mod),
// radiosonde_auto_rx (decode rules, issue 567 with frames of an iMet-50), formats/imet54.md. From
// ra-firmware (analysis of the sonde's firmware), where the sheet is silent: satellites, fragments,
// the pressure sensor's words, and that the continuous variant's start value 77CDE91A is a CRC-32
// from FFFFFFFF over the header octet 43; headers 03 and C3 mark other lengths. 13, 12 and 16
// satellites in published frames agree. The unit of pressure is that of the sensor's data sheet; it
// is reported only where it fits the height. Where XDATA stands in the continuous variant's second
// half has not been published.
#include <cmath>
#include <string>

#include "decoders/byte_reader.hpp"
#include "decoders/geo/clock_date.hpp"
#include "decoders/physics/atmosphere.hpp"
#include "decoders/sondes/imet54_frame.hpp"

namespace omnisonde {
namespace imet54 {
namespace {

constexpr SondeSpec kSpec{.type = "iMet-54",
                          .manufacturer = "Intermet Systems",
                          .variants = "iMet-54, iMet-50, burst and continuous",
                          .fields = "T, RH, P, battery, satellites",
                          .aliases = "iMet-50",
                          .modem = {.symbol_rate_hz = 4799,
                                    .deviation_hz = 1920,
                                    .bt = 1.0F,
                                    .channel_rate_hz = 48'000,
                                    .bandwidth_hz = 11'000,
                                    .line_code = dsp::LineCode::kNrz},
                          .sync_bits = kSyncBits,
                          .accept_inverted = true,
                          .head_bits = kFrameBits,
                          .max_frame_bits = kFrameBits,
                          .frame_period_s = 1.0,
                          .grain = {.time_s = 0.1}};

constexpr double kLowest_m = -400, kHighest_m = 60'000;
constexpr float kColdest_c = -120, kHottest_c = 80;
constexpr int kFewestSatellites = 4, kMostSatellites = 64;
constexpr unsigned kGpsGood = 0x30;
constexpr std::uint8_t kBatteryFragment = 2;
constexpr double kLogPressureScatter = 0.2;  // weather, and a sensor out of its range
constexpr unsigned kLongestRun = 600;        // frames

/// Hours, minutes, seconds and milliseconds as decimal digits. @returns ms of the day
std::optional<std::int64_t> time_of_day(std::uint32_t digits) {
  const std::uint32_t hour = digits / 10'000'000, minute = digits / 100'000 % 100;
  const std::uint32_t ms = digits % 100'000;
  if (hour > 23 || minute > 59 || ms > 59'999) return {};
  return std::int64_t{hour * 60 + minute} * 60'000 + ms;
}

/// Degrees from (degrees + minutes/100) x 1e6.
double degrees(std::int32_t value) {
  const std::int32_t whole = value / 1'000'000;
  return whole + (value - whole * 1'000'000) / 600'000.0;
}

bool valid_temperature(float c) { return c > kColdest_c && c < kHottest_c; }

/// Humidity at the air's temperature from that at the warmer sensor's.
std::optional<float> humidity(float raw_pct, float sensor_c, float air_c) {
  const bool fitted = raw_pct >= 0 && raw_pct < 1000;  // 1e9: no sensor
  if (!fitted || !valid_temperature(sensor_c) || !valid_temperature(air_c)) return {};
  const double raw = std::min(static_cast<double>(raw_pct), 100.0);
  const double ratio = physics::saturation_pressure_pa(static_cast<double>(sensor_c)) /
                       physics::saturation_pressure_pa(static_cast<double>(air_c));
  return static_cast<float>(std::min(raw * ratio, 100.0));
}

class Imet54 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kFrameBits; }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return decode(llr, effort, out);
  }
  void add_priors(std::span<float> llr) const override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  void learn(const Frame& frame, std::uint32_t serial);
  static void read_fix(ByteReader& r, const ReceiveContext& context, Telemetry& t);
  static void read_sensors(ByteReader& r, Telemetry& t);
  static const char* model(const Frame& frame, ByteReader& r, bool continuous);

  std::uint32_t serial_ = 0, epoch_ = 0;
  std::optional<float> battery_v_;
  std::array<std::uint8_t, kNibbles> last_{};  ///< nibbles of the flight's last frame...
  std::array<unsigned, kNibbles> run_{};       ///< ...and for how many frames they have been so
};

// A nibble that has stood still for n frames stands still once more with odds of n + 1 against each
// of the 15 others; spread over the four bits in which two words differ at least.
void Imet54::add_priors(std::span<float> llr) const {
  if (llr.size() != kFrameBits) return;
  for (std::size_t i = 0; i < kNibbles; ++i) {
    if (run_[i] == 0) continue;
    const float strength = std::log(15.0F * static_cast<float>(run_[i] + 1)) / 4;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const bool one = (kWords[last_[i]] >> bit & 1U) != 0;
      llr[word_bit(i, bit)] += one ? strength : -strength;
    }
  }
}

void Imet54::learn(const Frame& frame, std::uint32_t serial) {
  if (serial != serial_) {
    if (serial_ != 0) ++epoch_;
    serial_ = serial;
    battery_v_.reset();
    run_.fill(0);
  }
  for (std::size_t i = 0; i < kNibbles; ++i) {
    const std::uint8_t byte = frame.bytes[i / 2];
    const auto nibble = static_cast<std::uint8_t>(i % 2 == 0 ? byte >> 4 : byte & 0xFU);
    if (frame.byte_ok[i / 2] == 0) {
      run_[i] = 0;
    } else {
      run_[i] = run_[i] > 0 && nibble == last_[i] ? std::min(run_[i] + 1, kLongestRun) : 1;
    }
    last_[i] = nibble;
  }
}

const char* Imet54::model(const Frame& frame, ByteReader& r, bool continuous) {
  bool bare = (r.u16_be(0x2A) & 0x0F0FU) == 0;
  for (const std::size_t at : {0x1C, 0x20, 0x24}) bare = bare && r.u32_be(at) == 0x4E6E6B28U;
  for (std::size_t at = 0x2C; at < 0x52; ++at) {
    const bool checksum = continuous && at >= kMainBytes;
    bare = bare && (frame.bytes[at] == 0 || frame.byte_ok[at] == 0 || checksum);
  }
  return bare ? "iMet-50" : "iMet-54";
}

void Imet54::read_fix(ByteReader& r, const ReceiveContext& context, Telemetry& t) {
  const auto time_ms = time_of_day(r.u32_be(4));
  if (time_ms) {
    t.frame_number = static_cast<std::uint32_t>((*time_ms + 500) / 1000);
    t.datetime = geo::with_date(*time_ms, context.received);
  }
  if (const int used = r.u8(0x29); used > 0 && used <= kMostSatellites) t.satellites = used;
  if ((r.u16_be(0x2A) & kGpsGood) != kGpsGood) {
    t.hold_reason = "no fix";
    return;
  }
  const GeoPosition place{degrees(r.i32_be(8)), degrees(r.i32_be(12)), r.i32_be(16) * 0.1};
  if (place.latitude_deg == 0 && place.longitude_deg == 0) {
    t.hold_reason = "no position";
  } else if (std::fabs(place.latitude_deg) > 90 || std::fabs(place.longitude_deg) > 180) {
    t.hold_reason = "impossible position";
  } else if (place.altitude_m < kLowest_m || place.altitude_m > kHighest_m) {
    t.hold_reason = "altitude outside -400..60000 m";
  } else if (t.satellites && *t.satellites < kFewestSatellites) {
    t.hold_reason = "fewer than 4 satellites";
  } else if (!time_ms) {
    t.hold_reason = "impossible time";
  } else if (!t.datetime) {
    t.hold_reason = "date not known: the receiver's clock is not set";
  }
  const bool possible =
      std::fabs(place.latitude_deg) <= 90 && std::fabs(place.longitude_deg) <= 180;
  if (possible && t.hold_reason != "no position") t.position = place;
}

void Imet54::read_sensors(ByteReader& r, Telemetry& t) {
  const float air_c = r.f32_be(0x1C), raw_pct = r.f32_be(0x20), sensor_c = r.f32_be(0x24);
  if (valid_temperature(air_c)) t.temperature_c = air_c;
  t.humidity_pct = humidity(raw_pct, sensor_c, air_c);
  const double hpa = r.i32_be(0x18) * 0.01;
  if (hpa < 1 || hpa > 1200 || !t.position) return;
  const double expected_hpa = physics::isa_pressure_hpa(t.position->altitude_m);
  if (std::fabs(std::log(hpa / expected_hpa)) < kLogPressureScatter) {
    t.pressure_hpa = static_cast<float>(hpa);
  }
}

std::optional<Telemetry> Imet54::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != kFrameBytes || frame.byte_ok.size() != kFrameBytes) return {};
  ByteReader r(frame.bytes);
  const std::uint32_t serial = r.u32_be(0);
  if (frame.byte_ok[0] == 0 || serial == 0) return {};
  learn(frame, serial);
  const bool continuous = frame.byte_ok[0x34] != 0 && frame.byte_ok[0x38] == 0;
  if (continuous && r.u8(0x28) == kBatteryFragment) {
    const float volts = static_cast<float>(r.u16_be(0x2E)) * 0.01F;
    if (volts > 1 && volts < 15) battery_v_ = volts;
  }
  Telemetry t;
  t.subtype = model(frame, r, continuous);
  t.type = t.subtype;
  t.manufacturer = kSpec.manufacturer;
  t.serial = std::to_string(serial);
  t.identity_epoch = epoch_;
  t.time_reference = TimeReference::kUtc;
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.battery_v = battery_v_;
  read_fix(r, context, t);
  read_sensors(r, t);
  return t;
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Imet54>(); }

}  // namespace
}  // namespace imet54

namespace sondes {
extern const SondeType imet54;
const SondeType imet54{&omnisonde::imet54::kSpec, &omnisonde::imet54::make};
}  // namespace sondes

}  // namespace omnisonde
