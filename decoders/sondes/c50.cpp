// Meteolabor SRS-C50 (and SRS-C34, see c34.cpp).
//
// AFSK, UART bytes, a packet of 9 bytes for each value; see c50_packet.hpp. About a dozen packets
// make a second, position last, altitude at its end: there a record is made.
//   02, 04, 05, 06  further temperatures, degrees Celsius, float
//   03 air temperature, float       10 relative humidity, float      11, 12 heater, oscillator
//   07 C50: ozone cell current in microampere, float; C34: dew point
//   14 date DDMMYY  15 UTC hhmmss   16 latitude  17 longitude  18 altitude, 0.1 m, above the geoid
//   19 speed, 1A course: C50 floats in m/s and degrees; of the C34 no source is sure
//   1B 10000 x HDOP + satellites    64 serial number
// Facts: rs1729/RS (c34dft, c50dft, c50.txt: 3000 and 4800 Hz), radiosonde_auto_rx (issue 170),
// sondedump, dxlAPRS. Some C50 of 2024 send positions that are masked in a way not understood:
// their minutes or degrees are impossible, and they are held.
#include "decoders/sondes/c50.hpp"

#include <array>
#include <cmath>

namespace omnisonde {
namespace c50 {
namespace {

constexpr int kTrials = 5;  // 6 * 2^-16 < 1e-4 with the packet as received
// Words of one second lie closer together than the same word's places in two seconds.
constexpr std::int64_t kSameSecondMs = 900;
constexpr std::int64_t kDateHoldsMs = 600'000;
constexpr std::int64_t kUnixOfGpsEpochMs = 315'964'800'000;

struct Word {
  Packet packet;
  std::int64_t heard_ms = 0;
};

class Decoder final : public SondeDecoder {
 public:
  explicit Decoder(Model model) : model_(model) {}

  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override {
    return c50::frame_bits(model_);
  }

  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return read_packet(llr, model_, effort == Effort::kHard ? 0 : kTrials, out);
  }

  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  [[nodiscard]] const Packet* recent(Id id, std::int64_t within_ms = kSameSecondMs) const;
  [[nodiscard]] std::optional<float> value(Id id, float low, float high) const;
  [[nodiscard]] std::optional<UtcMillis> time() const;
  void add_motion(Telemetry& t) const;
  [[nodiscard]] std::optional<Telemetry> record();
  void learn_serial(std::uint32_t serial);

  Model model_;
  std::array<std::optional<Word>, 256> words_;
  std::int64_t now_ms_ = 0;
  std::uint32_t serial_ = 0, candidate_ = 0, epoch_ = 0;
};

const Packet* Decoder::recent(Id id, std::int64_t within_ms) const {
  const auto& word = words_[id];
  return word && now_ms_ - word->heard_ms <= within_ms ? &word->packet : nullptr;
}

std::optional<float> Decoder::value(Id id, float low, float high) const {
  const Packet* packet = recent(id);
  if (packet == nullptr) return std::nullopt;
  const float x = packet->as_float();
  return x >= low && x <= high ? std::optional(x) : std::nullopt;
}

// The date comes along with the time; an older one will do while the day lasts.
std::optional<UtcMillis> Decoder::time() const {
  const Packet* clock = recent(kTime);
  const Packet* date = recent(kDate);
  if (clock == nullptr) return std::nullopt;
  if (date == nullptr && clock->value >= 1000) date = recent(kDate, kDateHoldsMs);
  if (date == nullptr) return std::nullopt;
  const auto part = [](std::uint32_t value, std::uint32_t unit) {
    return static_cast<int>(value / unit % 100);
  };
  CivilTime t;
  t.day = part(date->value, 10'000);
  t.month = part(date->value, 100);
  t.year = 2000 + part(date->value, 1);
  t.hour = part(clock->value, 10'000);
  t.minute = part(clock->value, 100);
  t.second = part(clock->value, 1);
  if (date->value > 311'299 || clock->value > 235'959) return std::nullopt;
  if (t.minute > 59 || t.second > 59 || t.month < 1 || t.month > 12 || t.day < 1)
    return std::nullopt;
  const UtcMillis utc = from_civil(t);
  return to_civil(utc).day == t.day ? std::optional(utc) : std::nullopt;
}

void Decoder::add_motion(Telemetry& t) const {
  t.temperature_c = value(kTemperature, -273.0F, 100.0F);
  t.humidity_pct = value(kHumidity, 0.0F, 110.0F);
  if (const Packet* quality = recent(kQuality))
    t.satellites = static_cast<int>(quality->value % 100);
  if (model_ == Model::kC34) return;
  t.velocity_h_mps = value(kSpeed, 0.0F, 200.0F);
  t.heading_deg = value(kCourse, 0.0F, 360.0F);
}

std::optional<Telemetry> Decoder::record() {
  const std::optional<UtcMillis> utc = time();
  const Packet* latitude = recent(kLatitude);
  const Packet* longitude = recent(kLongitude);
  const Packet* altitude = recent(kAltitude);
  if (!utc || latitude == nullptr || longitude == nullptr || altitude == nullptr)
    return std::nullopt;
  Telemetry t;
  t.type = model_ == Model::kC50 ? "SRS-C50" : "SRS-C34";
  t.manufacturer = "Meteolabor";
  t.datetime = utc;
  t.frame_number = static_cast<std::uint32_t>((utc->ms - kUnixOfGpsEpochMs) / 1000);
  t.time_reference = TimeReference::kUtc;
  t.height_reference = HeightReference::kMeanSeaLevel;
  if (serial_ != 0) t.serial = std::to_string(serial_);
  t.identity_epoch = epoch_;
  add_motion(t);
  const double lat = to_degrees(latitude->value, model_, 90);
  const double lon = to_degrees(longitude->value, model_, 180);
  const double height = static_cast<double>(static_cast<std::int32_t>(altitude->value)) * 0.1;
  const bool possible = !std::isnan(lat) && !std::isnan(lon);
  t.position = possible ? GeoPosition{lat, lon, height} : GeoPosition{};
  if (!possible)
    t.hold_reason = "position masked or impossible";
  else if (lat == 0 && lon == 0)
    t.hold_reason = "no position";
  else if (height < -100 || height > 50'000)
    t.hold_reason = "impossible altitude";
  else if (height == 0)
    t.hold_reason = "altitude exactly 0 m";
  else if (t.satellites && *t.satellites < 4)
    t.hold_reason = "fewer than 4 satellites";
  else if (model_ == Model::kC34)
    t.hold_reason = "the hub does not know this type";
  else if (t.serial.empty())
    t.hold_reason = kSerialUnknown;
  return t;
}

// Its checksum has 16 bits: in flight a new number counts when the next packet tells it as well.
void Decoder::learn_serial(std::uint32_t serial) {
  const bool repeated = serial == candidate_;
  candidate_ = serial;
  if (serial == serial_ || (serial_ != 0 && !repeated)) return;
  if (serial_ != 0) ++epoch_;
  serial_ = serial;
}

std::optional<Telemetry> Decoder::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != 5) return std::nullopt;
  now_ms_ = context.received.ms;
  Word word;
  word.heard_ms = now_ms_;
  word.packet.id = frame.bytes[0];
  for (std::size_t i = 1; i < 5; ++i) word.packet.value = word.packet.value << 8 | frame.bytes[i];
  words_[word.packet.id] = word;
  if (word.packet.id == kSerial) learn_serial(word.packet.value);
  return word.packet.id == kAltitude ? record() : std::nullopt;
}

constexpr SondeSpec kSpec{
    .type = "SRS-C50",
    .manufacturer = "Meteolabor",
    .variants = "",
    .fields = "velocity, T, RH, satellites",
    .modem = kModem,
    .sync_bits = kSyncC50,
    .accept_inverted = false,  // tones survive a mirrored spectrum
    .head_bits = frame_bits(Model::kC50),
    .max_frame_bits = frame_bits(Model::kC50),
    .frame_period_s = 0,
    .serial_records = 2,
};

std::unique_ptr<SondeDecoder> make_c50() { return make_decoder(Model::kC50); }

}  // namespace

std::unique_ptr<SondeDecoder> make_decoder(Model model) { return std::make_unique<Decoder>(model); }

}  // namespace c50

namespace sondes {
extern const SondeType c50;
const SondeType c50{&c50::kSpec, &c50::make_c50};
}  // namespace sondes

}  // namespace omnisonde
