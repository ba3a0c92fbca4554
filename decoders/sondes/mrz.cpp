// Meteo-Radiy MRZ-N1, also MP3-H1.
//
// 2400 chips/s Manchester FSK, six copies of a frame back to back (0.34 or 0.32 s each), new data
// every 2 s; see mrz_frame.hpp for the frame. Two layouts are known: ECEF position and velocity, or
// latitude, longitude, height, speed and course. Little endian throughout.
//
//   body byte   ECEF: 4        fraction of a second, 0     latlon: 4, 8   i32 lat, lon 1e-6 deg
//                     5, 9, 13  i32 X, Y, Z cm                     12      i32 height cm
//                     17..      3 x i16 velocity cm/s              16, 18  i16 cm/s, u16 0.01 deg
//                     23        satellites                         20
//                     26, 28    i16 0.01 C, 0.01 %                 23, 25
//                     30        u16 0xFFFF (no pressure)           27
//                     32, 36    u32 raw counts                     29, 33
// Of the 16 configuration words 0..8 calibrate the raw counts (the sonde sends the results as well,
// which are used here), 12 and 13 are the two halves of the serial number, 15 is the date DDMMYY.
//
// Facts: rs1729/RS (mp3h1mod), sondedump, rdz_ttgo_sonde, dxlAPRS. That the layout follows from the
// place of 0xFFFF is theirs; here the checksum decides. Whether the heights of the latlon layout
// are above sea level is their belief, not proven.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numbers>
#include <string>
#include <utility>

#include "decoders/byte_reader.hpp"
#include "decoders/geo/ecef.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/mrz_frame.hpp"

namespace omnisonde {
namespace mrz {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kForgetMs = 60'000;
constexpr std::int64_t kClockSetMs = 946'684'800'000;  // a receiver without a clock says 1970
constexpr double kMinAltitudeM = -1000, kMaxAltitudeM = 80'000;
// Priors for bits that seldom change from one group of copies to the next.
constexpr float kPriorLlr = 3;

/// Body bytes that change slowly: the high bytes of positions and measurements.
constexpr std::array<std::uint8_t, 22> kSlowEcef = {1,  2,  4,  7,  8,  11, 12, 15, 16, 18, 20,
                                                    23, 24, 25, 27, 29, 30, 31, 34, 35, 38, 39};
constexpr std::array<std::uint8_t, 18> kSlowLatLon = {1,  2,  6,  7,  10, 11, 14, 15, 17,
                                                      20, 21, 22, 24, 26, 27, 28, 31, 32};

struct Fix {
  GeoPosition position;
  bool has_place = false;
  float speed_mps = 0, heading_deg = 0;
  std::optional<float> climb_mps;
};

Fix read_ecef(ByteReader& body) {
  Fix fix;
  geo::Ecef x{}, v{};
  for (std::size_t i = 0; i < 3; ++i) {
    x[i] = body.i32_le(5 + 4 * i) * 0.01;
    v[i] = body.i16_le(17 + 2 * i) * 0.01;
  }
  fix.has_place = x[0] != 0 || x[1] != 0 || x[2] != 0;
  if (!fix.has_place) return fix;
  fix.position = geo::to_geodetic(x);
  const geo::LocalVelocity local = geo::to_local(v, fix.position);
  fix.speed_mps = static_cast<float>(geo::ground_speed_mps(local));
  fix.heading_deg = static_cast<float>(geo::heading_deg(local));
  fix.climb_mps = static_cast<float>(local.up_mps);
  return fix;
}

Fix read_latlon(ByteReader& body) {
  Fix fix;
  fix.position = {body.i32_le(4) * 1e-6, body.i32_le(8) * 1e-6, body.i32_le(12) * 0.01};
  fix.has_place = fix.position.latitude_deg != 0 || fix.position.longitude_deg != 0;
  fix.speed_mps = static_cast<float>(body.i16_le(16)) * 0.01F;
  fix.heading_deg = static_cast<float>(body.u16_le(18)) * 0.01F;
  return fix;
}

// Decimal DDMMYY as days since 1970.
std::optional<std::int64_t> read_date(std::uint32_t word) {
  const auto day = static_cast<int>(word / 10'000);
  const auto month = static_cast<int>(word / 100 % 100);
  const auto year = 2000 + static_cast<int>(word % 100);
  if (day < 1 || day > 31 || month < 1 || month > 12) return std::nullopt;
  const std::int64_t days = days_from_civil(year, month, day);
  if (to_civil({days * kDayMs}).day != day) return std::nullopt;
  return days;
}

// The time of day on the day that brings it nearest to `about`.
UtcMillis nearest(std::int64_t time_of_day_ms, UtcMillis about) {
  const std::int64_t days = (about.ms - time_of_day_ms + kDayMs / 2) / kDayMs;
  return {days * kDayMs + time_of_day_ms};
}

class Mrz final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float> head) const override {
    return frames_.bits_of(head);
  }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return frames_.decode(llr, effort, out);
  }
  void add_priors(std::span<float> llr) const override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  void forget();
  void learn_word(std::uint8_t number, std::uint32_t word, std::int64_t time_of_day_ms);
  void tell_time(std::int64_t time_of_day_ms, const ReceiveContext& context);
  Telemetry make_record(ByteReader& body, bool ecef) const;

  FrameDecoder frames_;
  std::vector<std::uint8_t> last_body_;
  std::optional<std::uint32_t> serial_c_, serial_d_;
  std::uint64_t change_ = 0;      ///< number and value of a word of the serial that came as another
  std::optional<UtcMillis> utc_;  ///< of the last frame, once the date is known
  bool date_heard_ = false;       ///< from the sonde, not from our clock
  std::optional<std::int64_t> reported_ms_;  ///< time of day of the last record
  std::int64_t heard_ms_ = 0;
  std::uint32_t epoch_ = 0;
};

void Mrz::add_priors(std::span<float> llr) const {
  const bool ecef = last_body_.size() == body_bytes(Layout::kEcef);
  if (last_body_.empty() || llr.size() < 8 * (kSyncBytes + last_body_.size())) return;
  const auto add = [&](std::size_t byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const bool one = (last_body_[byte] << bit & 0x80) != 0;
      llr[8 * (kSyncBytes + byte) + bit] += one ? -kPriorLlr : kPriorLlr;  // complemented on air
    }
  };
  if (ecef) {
    for (const std::uint8_t byte : kSlowEcef) add(byte);
  } else {
    for (const std::uint8_t byte : kSlowLatLon) add(byte);
  }
}

void Mrz::forget() {
  serial_c_.reset();
  serial_d_.reset();
  utc_.reset();
  reported_ms_.reset();
  date_heard_ = false;
  ++epoch_;
}

void Mrz::learn_word(std::uint8_t number, std::uint32_t word, std::int64_t time_of_day_ms) {
  const bool number_fits = word != 0 && word != 0xFFFF'FFFF;
  if ((number == 12 || number == 13) && number_fits) {
    std::optional<std::uint32_t>& part = number == 12 ? serial_c_ : serial_d_;
    if (part && *part != word) {
      // Another sonde. Six copies come; a single one may be an accident.
      const std::uint64_t change = std::uint64_t{number} << 32U | word;
      if (std::exchange(change_, change) != change) return;
      forget();
    }
    change_ = 0;
    part = word;
  } else if (number == 15) {
    const std::optional<std::int64_t> days = read_date(word);
    if (!days) return;
    utc_ = UtcMillis{*days * kDayMs + time_of_day_ms};
    date_heard_ = true;
  }
}

// Across midnight the day goes on by itself; before the sonde has told its date our clock does, if
// it runs.
void Mrz::tell_time(std::int64_t time_of_day_ms, const ReceiveContext& context) {
  if (utc_ && date_heard_) {
    utc_ = nearest(time_of_day_ms, *utc_);
  } else if (context.received.ms >= kClockSetMs) {
    utc_ = nearest(time_of_day_ms, context.received);
  }
}

std::optional<Telemetry> Mrz::parse(const Frame& frame, const ReceiveContext& context) {
  const bool ecef = frame.bytes.size() == body_bytes(Layout::kEcef);
  if (!ecef && frame.bytes.size() != body_bytes(Layout::kLatLon)) return std::nullopt;
  ByteReader body(frame.bytes);
  if (body.u8(1) > 23 || body.u8(2) > 59 || body.u8(3) > 59) return std::nullopt;
  if (context.received.ms - heard_ms_ > kForgetMs && heard_ms_ != 0) forget();
  heard_ms_ = context.received.ms;
  last_body_ = frame.bytes;
  const std::int64_t time_of_day_ms =
      ((std::int64_t{body.u8(1)} * 60 + body.u8(2)) * 60 + body.u8(3)) * 1000;
  learn_word(body.u8(0) & 0x0FU, body.u32_le(ecef ? 41 : 38), time_of_day_ms);
  tell_time(time_of_day_ms, context);
  if (reported_ms_ == time_of_day_ms) return std::nullopt;  // one of the other copies
  reported_ms_ = time_of_day_ms;
  return make_record(body, ecef);
}

// Why a gateway must not send it; the most lasting reason first.
const char* fault(const Fix& fix, const Telemetry& t) {
  const GeoPosition& p = fix.position;
  if (!fix.has_place) return "no position";
  if (p.altitude_m < kMinAltitudeM || p.altitude_m > kMaxAltitudeM ||
      std::fabs(p.latitude_deg) > 90 || std::fabs(p.longitude_deg) > 180 || fix.speed_mps < 0 ||
      fix.heading_deg > 360.0F)
    return "impossible position";
  if (*t.satellites < 4) return "fewer than 4 satellites";
  if (!t.datetime) return "date not yet known";
  return t.serial.empty() ? kSerialUnknown : "";
}

Telemetry Mrz::make_record(ByteReader& body, bool ecef) const {
  const Fix fix = ecef ? read_ecef(body) : read_latlon(body);
  const std::size_t shift = ecef ? 0 : 3;
  Telemetry t;
  t.type = "MRZ";
  t.manufacturer = "Meteo-Radiy";
  t.identity_epoch = epoch_;
  if (serial_c_ && serial_d_)
    t.serial = std::to_string(*serial_c_) + "-" + std::to_string(*serial_d_);
  if (utc_) {
    t.datetime = utc_;
    t.frame_number = static_cast<std::uint32_t>((utc_->ms - geo::kGpsEpoch_ms) / 1000);
  }
  t.height_reference = ecef ? HeightReference::kEllipsoid : HeightReference::kMeanSeaLevel;
  if (fix.has_place) {
    t.position = fix.position;
    t.velocity_h_mps = fix.speed_mps;
    t.velocity_v_mps = fix.climb_mps;
    t.heading_deg = fix.heading_deg;
  }
  t.satellites = body.u8(23 - shift);
  const auto temperature_c = static_cast<float>(body.i16_le(26 - shift)) * 0.01F;
  const auto humidity_pct = static_cast<float>(body.i16_le(28 - shift)) * 0.01F;
  if (temperature_c > -120 && temperature_c < 80) t.temperature_c = temperature_c;
  if (humidity_pct >= 0 && humidity_pct <= 110) t.humidity_pct = humidity_pct;
  t.hold_reason = fault(fix, t);
  return t;
}

constexpr SondeSpec kSpec{
    .type = "MRZ",
    .manufacturer = "Meteo-Radiy",
    .variants = "ECEF, latlon",
    .fields = "velocity, T, RH, satellites",
    .modem = {.symbol_rate_hz = 2400,
              .deviation_hz = 2400,
              .bt = 0,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 12'000,
              .line_code = dsp::LineCode::kManchester,
              .other_symbol_rate_hz = 2399},  // nominal rate and the one measured
    .sync_bits = kSyncBits,
    .accept_inverted = true,
    .head_bits = kHeadBits,
    .max_frame_bits = kMaxFrameBits,
    .frame_period_s = 0,  // six copies back to back, then a little filling
};

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Mrz>(); }

}  // namespace
}  // namespace mrz

namespace sondes {
extern const SondeType mrz;
const SondeType mrz{&mrz::kSpec, &mrz::make};
}  // namespace sondes

}  // namespace omnisonde
