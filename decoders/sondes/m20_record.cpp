// M20, all firmware. What differs between them: where the firmware's number stands, where XDATA
// begins, and whether bytes 16-17 are a second checksum or the low byte of the pressure.
#include <cmath>
#include <cstdio>
#include <string>

#include "decoders/byte_reader.hpp"
#include "decoders/sondes/m10_frame.hpp"
#include "decoders/sondes/m10_record.hpp"
#include "decoders/sondes/m10_sensors.hpp"

namespace omnisonde::m10 {
namespace {

constexpr std::uint8_t kEarly = 0x43, kNormal = 0x45;  // length bytes without XDATA
constexpr unsigned kPressureByte = 7;                  // firmware that sends it

struct Layout {
  unsigned firmware = 0;  ///< 0: not told
  std::size_t xdata_at = 0, xdata_bytes = 0;
};

/// Firmware up to 5 overwrites its own number with XDATA: its frames are as long as an early one
/// and the XDATA.
Layout layout_of(ByteReader& r) {
  const unsigned length = r.u8(0), xdata = r.u8(0x2B);
  constexpr unsigned kHighestFirmware = 0x20;
  Layout out;
  if (xdata > 0 && length == kEarly + xdata) {
    out.xdata_at = 0x42;
    out.xdata_bytes = xdata;
    return out;
  }
  out.firmware = r.u8(length < kNormal ? length - 2 : 0x43);
  if (out.firmware > kHighestFirmware) out.firmware = 0;
  if (length > kNormal) {
    out.xdata_at = 0x44;
    out.xdata_bytes = length - kNormal;
  }
  return out;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789ABCDEF"[byte >> 4U];
    text += "0123456789ABCDEF"[byte & 0xFU];
  }
  return text;
}

void read_sensors(ByteReader& r, const Layout& layout, Telemetry& t) {
  const unsigned thermistor = r.u16_le(0x04);
  if (const auto c = air_temperature_c(thermistor >> 12 & 3U, thermistor & 0xFFFU)) {
    t.temperature_c = static_cast<float>(*c);
  }
  if (const auto sensor_c = m20_sensor_temperature_c(r.u16_le(0x06) & 0xFFFU)) {
    if (const auto rh = m20_humidity_pct(r.u16_le(0x02), r.u16_le(0x2F), *sensor_c)) {
      t.humidity_pct = static_cast<float>(*rh);
    }
  }
  constexpr double kHighest_hpa = 2560;
  const unsigned low = layout.firmware >= kPressureByte ? r.u8(0x16) : 0U;
  const double hpa = (r.u16_le(0x24) * 256U + low) / 4096.0;
  if (hpa > 0 && hpa <= kHighest_hpa) t.pressure_hpa = static_cast<float>(hpa);
  t.battery_v = static_cast<float>(r.u8(0x26) * 3.3 / 255);
}

/// "911-2-00059". A sonde that was never programmed gets a made-up one, as the network's main
/// client makes it: the difference of frame number and counter stays the same over a flight.
std::string serial_of(ByteReader& r, std::optional<std::uint32_t> frame_number) {
  const unsigned word = r.u24_le(0x12);
  char text[32];
  int n = 0;
  if (word == 0) {
    if (!frame_number) return {};
    n = std::snprintf(text, sizeof text, "000-0-00000-%03u", (*frame_number - r.u8(0x15)) & 0xFFU);
  } else {
    const unsigned date = word & 0x7FU, lot = (word >> 7 & 7U) + 1;
    constexpr unsigned kMonths = 12, kDates = 10 * kMonths;
    if (date >= kDates) return {};
    n = std::snprintf(text, sizeof text, "%u%02u-%u-%u%04u", date / kMonths, date % kMonths + 1,
                      lot, word >> 23, word >> 10 & 0x1FFFU);
  }
  return {text, static_cast<std::size_t>(n)};
}

std::string hold_reason(const Telemetry& t) {
  if (t.serial.empty()) return "serial not of the form 911-2-00059";
  if (const std::string fault = position_fault(t.position); !fault.empty()) return fault;
  return t.datetime ? "" : "no time";
}

}  // namespace

Telemetry read_m20(std::span<const std::uint8_t> frame, const ReceiveContext& context) {
  ByteReader r(frame);
  const Layout layout = layout_of(r);
  Telemetry t;
  t.type = "M20";
  t.manufacturer = "Meteomodem";
  t.time_reference = TimeReference::kGps;  // the frame has no leap seconds
  t.height_reference = HeightReference::kEllipsoid;
  const geo::GpsTime time{full_week(r.u16_be(0x1A), context.received), r.u24_be(0x0F) * 1000LL};
  if (r.u16_be(0x1A) <= 4000 && time.tow_ms < geo::kWeek_ms) {
    t.datetime = geo::gps_clock(time);
    t.frame_number = static_cast<std::uint32_t>((time.week * geo::kWeek_ms + time.tow_ms) / 1000);
  }
  put_position({r.i32_be(0x1C) * 1e-6, r.i32_be(0x20) * 1e-6, r.i24_be(0x08) * 1e-2}, t);
  if (t.position) {
    put_velocity(r.i16_be(0x0B) * 1e-2, r.i16_be(0x0D) * 1e-2, r.i16_be(0x18) * 1e-2, t);
  }
  read_sensors(r, layout, t);
  t.serial = serial_of(r, t.frame_number);
  t.xdata = hex(r.bytes(layout.xdata_at, layout.xdata_bytes));
  t.hold_reason = hold_reason(t);
  return t;
}

}  // namespace omnisonde::m10
