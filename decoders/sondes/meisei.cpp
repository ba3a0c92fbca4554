// Meisei iMS-100 and RS-11G: one signal, told apart by the model byte in word A7.
//
// 1200 bit/s biphase-space FSK, frames of 600 bits back to back, two a second; see meisei_frame.hpp
// for the frame, meisei_config.hpp for the configuration. Even and odd frames (by the counter) hold
// different things; a pair makes a record:
//
//   A0 counter, A1 reference count if counter mod 4 = 0, A2 A3 configuration value counter mod 64,
//   A5 temperature count, A6 humidity count (iMS-100, counter mod 4 = 3: reference count), A7 model
//   iMS-100 even: A10 ms of the minute, A11 hour, minute, B0 day month year's last digit, B1..B4
//     latitude, longitude DDMM.mmmm, B5 B6 height cm (24 bits), B9 course, B10 speed 0.01 knot
//   iMS-100 odd:  B1 climb 0.1 knot, 0 = none; both: B11 sum of A10, A11, B0..B10
//   RS-11G even:  B1..B6 latitude, longitude 1e-7 deg, height cm, B7 B8 B9 speed, course, climb,
//     B10 year - 1792, B11 month, day
//   RS-11G odd:   A10 ms of the minute (low byte first), A11 hour, minute
//
// Facts: rs1729/RS (meisei100mod), sondedump, dxlAPRS; frames off air quoted there. The height of
// an iMS-100 is taken as signed (sondedump), so that stations below sea level are possible; up to
// 83 km it makes no difference. Temperature and humidity as rs1729 has them. The RS-11G has no
// checksum: BCH and parities must carry it, softly here, so single blocks may be corrected.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "decoders/sonde.hpp"
#include "decoders/sondes/meisei_config.hpp"
#include "decoders/sondes/meisei_frame.hpp"

namespace omnisonde {
namespace meisei {
namespace {

constexpr std::int64_t kForgetMs = 60'000;
constexpr std::int64_t kClockSetMs = 946'684'800'000;  // a receiver without a clock says 1970
constexpr std::int64_t kYear2020Ms = 1'577'836'800'000;
constexpr double kMaxSpeedMps = 300;
constexpr double kMetresPerDegree = 111'195;
constexpr float kValueCertain = 12;  // log odds of a block whose value need not come twice

/// The words of a frame and which may be used.
struct Content {
  Words words{};
  std::array<float, kWords> log_odds{};
  std::array<bool, kWords> ok{};
  std::uint16_t counter = 0;

  [[nodiscard]] bool all_ok(std::size_t from, std::size_t to) const {
    return std::all_of(ok.begin() + static_cast<std::ptrdiff_t>(from),
                       ok.begin() + static_cast<std::ptrdiff_t>(to), [](bool b) { return b; });
  }
  [[nodiscard]] std::int16_t i16(std::size_t i) const {
    return static_cast<std::int16_t>(words[i]);
  }
  [[nodiscard]] std::int32_t i32(std::size_t i) const {
    return static_cast<std::int32_t>(std::uint32_t{words[i]} << 16U | words[i + 1]);
  }
};

struct Fix {
  GeoPosition position;
  float speed_mps = 0, heading_deg = 0;
  std::optional<float> climb_mps;
  std::optional<UtcMillis> utc;
};

// DDMM.mmmm times 10^4.
double from_nmea(std::int32_t value) {
  const int degrees = value / 1'000'000;
  return degrees + (value % 1'000'000) / 1e4 / 60;
}

std::optional<UtcMillis> moment(int year, int month, int day, int hour, int minute, int ms) {
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || ms > 59'999)
    return std::nullopt;
  const UtcMillis utc{from_civil({year, month, day, hour, minute, 0, 0}).ms + ms};
  if (to_civil(utc).day != day) return std::nullopt;  // no 31 April
  return utc;
}

// The year's last digit, completed to be nearest to our clock.
int year_near(int digit, UtcMillis received) {
  const int now = to_civil({received.ms < kClockSetMs ? kYear2020Ms : received.ms}).year;
  int year = now - now % 10 + digit;
  if (received.ms < kClockSetMs) return year;
  if (year > now + 5) year -= 10;
  if (year < now - 5) year += 10;
  return year;
}

Fix ims100_fix(const Content& even, const Content* odd, UtcMillis received) {
  const Words& w = even.words;
  Fix fix;
  const auto altitude = static_cast<std::int32_t>(std::uint32_t{w[kB + 5]} << 16U | w[kB + 6]) >> 8;
  fix.position = {from_nmea(even.i32(kB + 1)), from_nmea(even.i32(kB + 3)), altitude * 0.01};
  fix.heading_deg = static_cast<float>(w[kB + 9]) * 0.01F;
  fix.speed_mps = static_cast<float>(w[kB + 10] / 194.384);
  if (odd != nullptr && odd->ok[kB + 1] && odd->words[kB + 1] != 0)
    fix.climb_mps = static_cast<float>(odd->i16(kB + 1) / 19.4384);
  fix.utc = moment(year_near(w[kB] % 10, received), w[kB] / 10 % 100, w[kB] / 1000, w[11] >> 8U,
                   w[11] & 0xFF, w[10]);
  return fix;
}

Fix rs11g_fix(const Content& even, const Content& odd) {
  const Words& w = even.words;
  Fix fix;
  fix.position = {even.i32(kB + 1) * 1e-7, even.i32(kB + 3) * 1e-7, even.i32(kB + 5) * 0.01};
  fix.speed_mps = static_cast<float>(w[kB + 7]) * 0.01F;
  fix.heading_deg = static_cast<float>(w[kB + 8]) * 0.01F;
  fix.climb_mps = static_cast<float>(even.i16(kB + 9)) * 0.01F;
  const int ms = (odd.words[10] & 0xFF) << 8U | odd.words[10] >> 8U;
  fix.utc = moment(1792 + (w[kB + 10] & 0xFF), w[kB + 11] >> 8U, w[kB + 11] & 0xFF,
                   odd.words[11] >> 8U, odd.words[11] & 0xFF, ms);
  return fix;
}

Content read(const Frame& frame) {
  Content c;
  for (std::size_t i = 0; i < kWords; ++i) {
    c.words[i] =
        static_cast<std::uint16_t>(frame.bytes[2 * i] << 8U | unsigned{frame.bytes[2 * i + 1]});
    c.ok[i] = frame.byte_ok.size() != frame.bytes.size() || frame.byte_ok[2 * i] != 0;
    c.log_odds[i] = frame.reliability.size() == frame.bytes.size() ? frame.reliability[2 * i] : 0;
  }
  c.counter = c.words[0];
  return c;
}

/// Where a record was, for the next one to continue.
struct Place {
  std::uint16_t counter = 0;
  GeoPosition position;
  UtcMillis utc;
};

// Counter, clock and position go on together, or one of them was received wrong.
bool continues(const Place& last, const Place& now) {
  const double dt = 0.5 * static_cast<std::uint16_t>(now.counter - last.counter);
  const double clock_s = static_cast<double>(now.utc.ms - last.utc.ms) * 1e-3;
  const double north = (now.position.latitude_deg - last.position.latitude_deg) * kMetresPerDegree;
  const double east =
      std::remainder(now.position.longitude_deg - last.position.longitude_deg, 360) *
      kMetresPerDegree * std::cos(now.position.latitude_deg / 57.29577951308232);
  const double up = now.position.altitude_m - last.position.altitude_m;
  return std::fabs(clock_s - dt) < 2.5 && std::hypot(north, east, up) < 100 + kMaxSpeedMps * dt;
}

class Meisei final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override {
    return kFrameChips;
  }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return frames_.decode(llr, effort, expected_, out);
  }
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  void forget();
  void learn(const Content& frame);
  void expect(const Content& frame);
  Telemetry make_record(const Content& even, const Content* odd, UtcMillis received) const;
  void hold_jumps(Telemetry& record);
  std::optional<Telemetry> finish(const Content* odd, UtcMillis received);
  [[nodiscard]] std::optional<double> ratio(std::uint16_t count) const;

  FrameDecoder frames_;
  Expected expected_;
  Configuration config_;
  std::optional<Model> model_;
  std::uint16_t reference_ = 0;
  std::optional<Content> even_;         ///< waits for its odd frame
  std::optional<Place> last_, before_;  ///< of the last record, held or not
  std::int64_t heard_ms_ = 0;
  std::uint32_t silences_ = 0;
};

void Meisei::forget() {
  config_.clear();
  model_.reset();
  reference_ = 0;
  even_.reset();
  last_.reset();
  before_.reset();
  expected_ = {};
  ++silences_;
}

void Meisei::learn(const Content& frame) {
  const Words& w = frame.words;
  if (frame.all_ok(0, kWords)) {
    const Model model = is_ims100(w[7]) ? Model::kIms100 : Model::kRs11g;
    if (model_ && *model_ != model) forget();
    model_ = model;
  }
  if (!model_) return;
  if (frame.ok[2] && frame.ok[3]) {
    config_.add(*model_, frame.counter, w[2], w[3], frame.log_odds[2] >= kValueCertain);
  }
  const unsigned phase = frame.counter % 4;
  if (phase == 0 && frame.ok[1] && w[1] != 0) reference_ = w[1];
  if (phase == 3 && *model_ == Model::kIms100 && frame.ok[6] && w[6] != 0) reference_ = w[6];
}

// What changes slowly or not at all from one frame to the next but one.
void Meisei::expect(const Content& frame) {
  const std::size_t odd = frame.counter % 2;
  Words& value = expected_.value[odd];
  Words& mask = expected_.mask[odd];
  const auto steady = [&](std::size_t word, std::uint16_t bits) {
    if (!frame.ok[word]) return;
    value[word] = frame.words[word];
    mask[word] = bits;
  };
  steady(0, 0xFF00);
  steady(4, 0xFFFF);
  steady(5, 0xFF00);
  if (odd == 0) steady(6, 0xFF00);
  steady(7, 0xFFFF);
  steady(11, 0xFFF8);
  const bool ims100 = model_ == Model::kIms100;
  if (odd == 1) {
    for (std::size_t i = kB; !ims100 && i < kB + 11; ++i) steady(i, 0xFFFF);
    for (std::size_t i = kB + 2; ims100 && i < kB + 11; ++i) steady(i, 0xFFFF);
    return;
  }
  steady(kB, 0xFFFF);
  steady(kB + 1, 0xFFF0);
  steady(kB + 3, 0xFFF0);
  steady(kB + 5, ims100 ? 0xFF00 : 0xFFFF);
  if (ims100) return;
  steady(kB + 10, 0xFFFF);
  steady(kB + 11, 0xFFFF);
}

std::optional<Telemetry> Meisei::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != 2 * kWords) return std::nullopt;
  const std::int64_t now_ms = context.received.ms;
  if (heard_ms_ != 0 && std::abs(now_ms - heard_ms_) > kForgetMs) forget();
  heard_ms_ = now_ms;
  const Content content = read(frame);
  if (!content.ok[0]) return std::nullopt;
  learn(content);
  if (!model_) return std::nullopt;
  expect(content);
  if (content.counter % 2 == 1) {
    const bool pair = even_ && content.counter == static_cast<std::uint16_t>(even_->counter + 1);
    return finish(pair ? &content : nullptr, context.received);
  }
  std::optional<Telemetry> earlier = finish(nullptr, context.received);  // its odd frame is lost
  if (content.all_ok(kB, kWords) && (*model_ == Model::kRs11g || content.all_ok(10, 12)))
    even_ = content;
  return earlier;
}

// A pair is complete, or will not be: an iMS-100 then lacks its climb, an RS-11G its time.
std::optional<Telemetry> Meisei::finish(const Content* odd, UtcMillis received) {
  const std::optional<Content> even = std::exchange(even_, std::nullopt);
  if (!even) return std::nullopt;
  const bool has_time = odd != nullptr && odd->all_ok(10, 12);
  if (*model_ == Model::kRs11g && !has_time) return std::nullopt;
  Telemetry record = make_record(*even, odd, received);
  hold_jumps(record);
  return record;
}

// A record that continues neither the last one nor the one before is held: had the last been wrong,
// the one before is right.
void Meisei::hold_jumps(Telemetry& record) {
  if (!record.position || !record.datetime) return;
  const Place now{static_cast<std::uint16_t>(*record.frame_number), *record.position,
                  *record.datetime};
  const bool jump = last_ && !continues(*last_, now) && !(before_ && continues(*before_, now));
  before_ = last_;
  last_ = now;
  if (jump && (record.hold_reason.empty() || record.hold_reason == kSerialUnknown))
    record.hold_reason = "position or time jump";
}

// Why a gateway must not send it; the most lasting reason first.
const char* fault(const Fix& fix, const std::string& serial) {
  const GeoPosition& p = fix.position;
  if (p.latitude_deg == 0 && p.longitude_deg == 0) return "no position";
  if (std::fabs(p.latitude_deg) > 90 || std::fabs(p.longitude_deg) > 180 ||
      std::fabs(p.altitude_m) > 80'000 || fix.heading_deg > 360.0F)
    return "impossible position";
  if (!fix.utc) return "date not plausible";
  return serial.empty() ? kSerialUnknown : "";
}

std::optional<double> Meisei::ratio(std::uint16_t count) const {
  if (reference_ == 0 || count == 0) return std::nullopt;
  return 4.0 * count / reference_;
}

Telemetry Meisei::make_record(const Content& even, const Content* odd, UtcMillis received) const {
  const bool ims100 = *model_ == Model::kIms100;
  const Fix fix = ims100 ? ims100_fix(even, odd, received) : rs11g_fix(even, *odd);
  Telemetry t;
  t.type = ims100 ? "iMS-100" : "RS-11G";
  t.manufacturer = "Meisei";
  t.serial = config_.serial();
  t.identity_epoch = silences_ + config_.changes();
  t.frame_number = even.counter;
  t.datetime = fix.utc;
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.hold_reason = fault(fix, t.serial);
  if (t.hold_reason != "no position" && t.hold_reason != "impossible position") {
    t.position = fix.position;
    t.velocity_h_mps = fix.speed_mps;
    t.heading_deg = fix.heading_deg;
    t.velocity_v_mps = fix.climb_mps;
  }
  if (const auto f = ratio(even.words[5]); f && even.ok[5])
    t.temperature_c = config_.temperature_c(*model_, *f);
  if (const auto f = ratio(even.words[6]); f && even.ok[6])
    t.humidity_pct = config_.humidity_pct(*f);
  t.tx_frequency_mhz = config_.tx_frequency_mhz(*model_);
  return t;
}

constexpr SondeSpec kSpec{
    .type = "iMS-100",
    .manufacturer = "Meisei",
    .variants = "",
    .fields = "velocity, T, RH, announced frequency",
    .aliases = "RS-11G",
    .modem = {.symbol_rate_hz = 2400,
              .deviation_hz = 3150,
              .bt = 1.2F,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 14'000,
              .line_code = dsp::LineCode::kNrz},
    .sync_bits = kSyncBits,
    .accept_inverted = true,
    .random_polarity = true,
    .head_bits = kFrameChips,
    .max_frame_bits = kFrameChips,
    .frame_period_s = 0.5,
};

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Meisei>(); }

}  // namespace
}  // namespace meisei

namespace sondes {
extern const SondeType meisei;
const SondeType meisei{&meisei::kSpec, &meisei::make};
}  // namespace sondes

}  // namespace omnisonde
