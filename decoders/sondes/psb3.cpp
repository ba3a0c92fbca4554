// Vikram PS-B3 (UAII 2022): position only. The hub has no such type: detected and shown, never
// uploaded.
//
//   byte   from the sync on (which is F9 A4 in data bits), most significant bit first
//      4   u16 BE  counter
//     20   BCD     month or day, 22: year; 23, 24, 25: hour, minute, second (UTC)
//     26   BCD     latitude: degrees, then minutes with four decimals in three bytes
//     30   BCD     longitude: three digits of degrees, then six of minutes with four decimals
//     36   BCD     height, 0.1 m, three bytes
//
// 770 chips/s Manchester FSK, a 1 is high then low. Facts: rs1729/RS (UAII 2022),
// formats/uaii2022-minor.md; deviation not published, 2.4 kHz assumed. No checksum is known. What
// keeps noise out: 26 nibbles must be decimal and in range (2e-9), every one of their bits must be
// received clearly, and a second frame must follow with the counter and place to match. The date
// comes from the receiver's clock, since nobody knows whether byte 20 is day or month.
#include <algorithm>
#include <array>
#include <cmath>

#include "decoders/geo/clock_date.hpp"
#include "decoders/geo/ecef.hpp"
#include "decoders/sonde.hpp"

namespace omnisonde {
namespace psb3 {
namespace {

constexpr std::size_t kBytes = 48, kBits = 8 * kBytes;

constexpr SondeSpec kSpec{.type = "PS-B3",
                          .manufacturer = "Vikram",
                          .variants = "shown only",
                          .modem = {.symbol_rate_hz = 770,
                                    .deviation_hz = 2400,
                                    .bt = 0,
                                    .channel_rate_hz = 48'000,
                                    .bandwidth_hz = 9'000,
                                    .line_code = dsp::LineCode::kManchester},
                          // Chips 10101010 10010110 10011001 01100101: the demodulator's 1 is low
                          // then high, this type's high then low.
                          .sync_bits = "0000011001011011",
                          .accept_inverted = true,
                          .head_bits = kBits,
                          .max_frame_bits = kBits,
                          .frame_period_s = 0};

/// Nibbles [first, first + count) as a decimal number. @returns nothing if one is not a digit
std::optional<std::uint32_t> decimal(std::span<const std::uint8_t> bytes, std::size_t first,
                                     std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = first; i < first + count; ++i) {
    const unsigned digit = i % 2 == 0 ? bytes[i / 2] >> 4U : bytes[i / 2] & 0xFU;
    if (digit > 9) return {};
    value = value * 10 + digit;
  }
  return value;
}

struct Fix {
  unsigned counter = 0;
  std::int64_t time_of_day_ms = 0;
  GeoPosition position;
};

std::optional<Fix> fix_of(std::span<const std::uint8_t> bytes) {
  const auto month = decimal(bytes, 40, 2), year = decimal(bytes, 44, 2);
  const auto hour = decimal(bytes, 46, 2), minute = decimal(bytes, 48, 2);
  const auto second = decimal(bytes, 50, 2), height = decimal(bytes, 72, 6);
  const auto lat = decimal(bytes, 52, 2), lat_min = decimal(bytes, 54, 6);
  const auto lon = decimal(bytes, 60, 3), lon_min = decimal(bytes, 63, 6);
  if (!month || !year || !hour || !minute || !second || !height) return {};
  if (!lat || !lat_min || !lon || !lon_min) return {};
  if (*month == 0 || *month > 31 || *hour > 23 || *minute > 59 || *second > 59) return {};
  if (*lat_min >= 600'000 || *lon_min >= 600'000) return {};
  Fix fix;
  fix.counter = static_cast<unsigned>(bytes[4] << 8 | bytes[5]);
  fix.time_of_day_ms = std::int64_t{(*hour * 60 + *minute) * 60 + *second} * 1000;
  fix.position = {*lat + *lat_min / 600'000.0, *lon + *lon_min / 600'000.0, *height * 0.1};
  if (fix.position.latitude_deg > 90 || fix.position.longitude_deg > 180) return {};
  return fix;
}

constexpr double kFarthest_m = 400;  // from one frame to the next

bool continues(const Fix& last, const Fix& now) {
  const auto ahead = static_cast<std::uint16_t>(now.counter - last.counter);
  return ahead <= 60 && geo::distance_m(last.position, now.position) < kFarthest_m * (ahead + 1);
}

class PsB3 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kBits; }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  std::optional<Fix> last_;
};

bool PsB3::correct(std::span<float> llr, Effort effort, Frame& out) {
  constexpr double kMostDoubt = 0.1;
  constexpr std::size_t kFirst = 20, kLast = 39;  // bytes that matter
  if (llr.size() != kBits || effort != Effort::kHard) return false;
  std::vector<std::uint8_t> bytes(kBytes);
  out.reliability.assign(kBytes, 1e6F);
  double doubt = 0;
  for (std::size_t i = 0; i < kBits; ++i) {
    const float x = std::isfinite(llr[i]) ? -llr[i] : 0.0F;  // this type's 1 is high then low
    if (x > 0) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 0x80U >> i % 8);
    out.reliability[i / 8] = std::min(out.reliability[i / 8], std::fabs(x));
    if (i / 8 >= kFirst && i / 8 < kLast) {
      doubt += 1 / (1 + std::exp(std::fabs(static_cast<double>(x))));
    }
  }
  const auto fix = fix_of(bytes);
  if (!fix || doubt > kMostDoubt) return false;
  const bool follows = last_ && continues(*last_, *fix);
  last_ = fix;
  if (!follows) return false;
  out.bytes = std::move(bytes);
  out.byte_ok.assign(kBytes, 0);
  std::fill(out.byte_ok.begin() + kFirst, out.byte_ok.begin() + kLast, std::uint8_t{1});
  out.bits_corrected = 0;
  return true;
}

std::optional<Telemetry> PsB3::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != kBytes) return {};
  const auto fix = fix_of(frame.bytes);
  if (!fix) return {};
  Telemetry t;
  t.type = kSpec.type;
  t.manufacturer = kSpec.manufacturer;
  t.frame_number = fix->counter;
  t.datetime = geo::with_date(fix->time_of_day_ms, context.received);
  t.position = fix->position;
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.hold_reason = "the hub does not know this type";
  return t;
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<PsB3>(); }

}  // namespace
}  // namespace psb3

namespace sondes {
extern const SondeType psb3;
const SondeType psb3{&omnisonde::psb3::kSpec, &omnisonde::psb3::make};
}  // namespace sondes

}  // namespace omnisonde
