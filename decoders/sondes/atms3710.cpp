// Azista ATMS-3710 (UAII 2022): position only. The hub has no such type: detected and shown, never
// uploaded.
//
//   bit    width   from 24 bits before the 2D of 55 55 55 2D D4 on, most significant bit first
//   194    5, 5    day, hour (UTC)
//   204    6, 4    year - 2000, month
//   214    6, 6    minute, second
//   259    16      height, m
//   275    32, 32  latitude, longitude as DDMM.mmmm x 1e4
//   370    14      counter, perhaps
//   432    16      CRC-16 (8005, start 0) of bytes 5..53
//
// 2400 symbols/s FSK about 100 kHz wide. Facts: rs1729/RS (UAII 2022), formats/uaii2022-minor.md.
// Nobody has named a serial field or the deviation: 40 kHz follow from the width.
#include <cmath>

#include "decoders/fec/crc.hpp"
#include "decoders/geo/clock_date.hpp"
#include "decoders/sonde.hpp"

namespace omnisonde {
namespace atms3710 {
namespace {

constexpr std::size_t kBytes = 56, kBits = 8 * kBytes;

constexpr SondeSpec kSpec{.type = "ATMS-3710",
                          .manufacturer = "Azista",
                          .variants = "shown only",
                          .modem = {.symbol_rate_hz = 2400,
                                    .deviation_hz = 40'000,
                                    .bt = 0,
                                    .channel_rate_hz = 240'000,
                                    .bandwidth_hz = 110'000,
                                    .line_code = dsp::LineCode::kNrz},
                          .sync_bits = "0101010101010101010101010010110111010100",
                          .accept_inverted = true,
                          .head_bits = kBits,
                          .max_frame_bits = kBits,
                          .frame_period_s = 0};

std::uint32_t field(std::span<const std::uint8_t> bytes, std::size_t first, std::size_t width) {
  std::uint32_t value = 0;
  for (std::size_t i = first; i < first + width; ++i) {
    value = value << 1 | (bytes[i / 8] >> (7 - i % 8) & 1U);
  }
  return value;
}

/// DDMM.mmmm x 1e4 as degrees.
double degrees(std::uint32_t value) {
  const auto number = static_cast<std::int32_t>(value);
  const std::int32_t whole = number / 1'000'000;
  return whole + (number - whole * 1'000'000) / 600'000.0;
}

std::optional<UtcMillis> time_of(std::span<const std::uint8_t> bytes) {
  const CivilTime t{static_cast<int>(2000 + field(bytes, 204, 6)),
                    static_cast<int>(field(bytes, 210, 4)),
                    static_cast<int>(field(bytes, 194, 5)),
                    static_cast<int>(field(bytes, 199, 5)),
                    static_cast<int>(field(bytes, 214, 6)),
                    static_cast<int>(field(bytes, 220, 6)),
                    0};
  const bool date = t.month >= 1 && t.month <= 12 && t.day >= 1;
  if (!date || t.hour > 23 || t.minute > 59 || t.second > 59) return {};
  return from_civil(t);
}

std::optional<GeoPosition> position_of(std::span<const std::uint8_t> bytes) {
  const GeoPosition place{degrees(field(bytes, 275, 32)), degrees(field(bytes, 307, 32)),
                          static_cast<double>(field(bytes, 259, 16))};
  if (std::fabs(place.latitude_deg) > 90 || std::fabs(place.longitude_deg) > 180) return {};
  return place;
}

/// At most 5 of the 40 bits that are known.
bool sync_holds(std::span<const std::uint8_t> bytes) {
  int wrong = 0;
  for (std::size_t i = 0; i < kSpec.sync_bits.size(); ++i) {
    wrong += field(bytes, i, 1) != (kSpec.sync_bits[i] == '1' ? 1U : 0U) ? 1 : 0;
  }
  return wrong <= 5;
}

class Atms3710 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kBits; }

  /// The checksum alone, on signs: one trial of 16 bits, and of random content one in 600
  /// has a time and a place on earth.
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    if (llr.size() != kBits || effort != Effort::kHard) return false;
    std::vector<std::uint8_t> bytes(kBytes);
    out.reliability.assign(kBytes, 1e6F);
    for (std::size_t i = 0; i < kBits; ++i) {
      const float x = std::isfinite(llr[i]) ? llr[i] : 0.0F;
      if (x > 0) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 0x80U >> i % 8);
      out.reliability[i / 8] = std::min(out.reliability[i / 8], std::fabs(x));
    }
    static const fec::Crc16 kCrc(
        {.polynomial = 0x8005, .init = 0, .reflected = false, .xor_out = 0});
    const unsigned sent = static_cast<unsigned>(bytes[54] << 8 | bytes[55]);
    if (kCrc(std::span(bytes).subspan(5, 49)) != sent || !time_of(bytes)) return false;
    if (!sync_holds(bytes) || !position_of(bytes)) return false;
    out.bytes = std::move(bytes);
    out.byte_ok.assign(kBytes, 1);
    out.bits_corrected = 0;
    return true;
  }

  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext&) override {
    if (frame.bytes.size() != kBytes) return {};
    Telemetry t;
    t.type = kSpec.type;
    t.manufacturer = kSpec.manufacturer;
    t.frame_number = field(frame.bytes, 370, 14);
    t.datetime = time_of(frame.bytes);
    t.position = position_of(frame.bytes);
    t.height_reference = HeightReference::kMeanSeaLevel;
    t.hold_reason = "the hub does not know this type";
    return t;
  }
};

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Atms3710>(); }

}  // namespace
}  // namespace atms3710

namespace sondes {
extern const SondeType atms3710;
const SondeType atms3710{&omnisonde::atms3710::kSpec, &omnisonde::atms3710::make};
}  // namespace sondes

}  // namespace omnisonde
