// Meteosis MTS01: 1200 baud FSK, a frame of text a second (0.9 s long); see mts01_frame.hpp.
//
//   field 0  serial      3  UTC YYMMDDhhmmss   6  longitude deg   9  speed m/s
//         1  ?           4  battery mV         7  altitude m     10  ? (climb in our example)
//         2  frame       5  latitude deg       8  course deg     11, 12  thermistor
//        13  humidity, no formula known                          14.. ?
//
// Facts: rs1729/RS and radiosonde_auto_rx (mts01mod). Not verified by anybody: that heights are
// above sea level, and what fills the tenth of a second between frames. The thermistor's formula is
// theirs, an approximation. Field 10 is not reported.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "decoders/sonde.hpp"
#include "decoders/sondes/mts01_frame.hpp"

namespace omnisonde {
namespace mts01 {
namespace {

constexpr float kPriorLlr = 3;
constexpr std::size_t kFields = 18;
/// How many leading characters of each field stay from one second to the next, as a rule: all of
/// the serial, the time up to the minutes, hundredths of a degree, hundreds of metres, ...
constexpr std::array<std::size_t, kFields> kSteady = {12, 4, 0, 10, 2, 5, 6, 2, 1,
                                                      0,  0, 2, 2,  1, 1, 1, 1, 1};

std::optional<float> temperature_c(double counts) {
  if (counts <= 0) return std::nullopt;
  const double celsius = 1 / (1 / 273.15 + std::log(counts / 15) / 3000) - 273.15;
  if (!(celsius > -120 && celsius < 80)) return std::nullopt;
  return static_cast<float>(celsius);
}

class Mts01 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kFrameBits; }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override {
    return frames_.decode(llr, effort, out);
  }
  void add_priors(std::span<float> llr) const override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  FrameDecoder frames_;
  std::vector<std::uint8_t> last_;
  std::string serial_;
  std::uint32_t epoch_ = 0;
};

void Mts01::add_priors(std::span<float> llr) const {
  if (last_.empty() || llr.size() < kFrameBits) return;
  const auto add = [&](std::size_t byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const bool one = (last_[byte] << bit & 0x80) != 0;
      llr[8 * (kSyncBytes + byte) + bit] += one ? kPriorLlr : -kPriorLlr;
    }
  };
  std::size_t field = 0, place = 0;
  for (std::size_t byte = 0; byte < kTextBytes; ++byte) {
    const auto c = static_cast<char>(last_[byte]);
    const bool comma = c == ',';
    if (comma || c == '.' || c == '\0' || (field < kFields && place < kSteady[field])) add(byte);
    ++place;
    if (!comma) continue;
    ++field;
    place = 0;
  }
}

// Why a gateway must not send it.
const char* fault(const Telemetry& t) {
  if (!t.position) return "no position";
  const GeoPosition& p = *t.position;
  if (std::fabs(p.latitude_deg) > 90 || std::fabs(p.longitude_deg) > 180 ||
      std::fabs(p.altitude_m) > 80'000 || (t.heading_deg && *t.heading_deg > 360.0F))
    return "impossible position";
  if (!t.datetime) return "date not plausible";
  return t.serial.empty() ? kSerialUnknown : "";
}

// A serial that the hub can take: letters, digits, hyphens.
bool serial_fits(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
  };
  return text.size() >= 4 && std::ranges::all_of(text, fits);
}

std::optional<Telemetry> Mts01::parse(const Frame& frame, const ReceiveContext&) {
  if (frame.bytes.size() != kTextBytes) return std::nullopt;
  std::array<std::string_view, kFields> fields;
  std::array<double, kFields> number{};
  std::array<bool, kFields> is_number{};
  const std::size_t count = split(text_of(frame.bytes), fields);
  for (std::size_t i = 0; i < count; ++i) is_number[i] = read_number(fields[i], number[i]);
  std::int64_t utc_ms = 0;
  const bool has_time = read_time(fields[3], utc_ms);
  if (!is_number[2] || !is_number[5] || !is_number[6] || !is_number[7]) return std::nullopt;
  last_ = frame.bytes;

  Telemetry t;
  t.type = "MTS01";
  t.manufacturer = "Meteosis";
  t.height_reference = HeightReference::kMeanSeaLevel;
  if (serial_fits(fields[0])) t.serial = fields[0];
  if (!t.serial.empty() && t.serial != serial_) {
    if (!serial_.empty()) ++epoch_;
    serial_ = t.serial;
  }
  t.identity_epoch = epoch_;
  if (number[2] >= 0 && number[2] <= double{std::numeric_limits<std::uint32_t>::max()})
    t.frame_number = static_cast<std::uint32_t>(number[2]);
  if (has_time) t.datetime = UtcMillis{utc_ms};
  if (number[5] != 0 || number[6] != 0) {
    t.position = GeoPosition{number[5], number[6], number[7]};
    if (is_number[8] && number[8] >= 0 && number[8] < 1e3)
      t.heading_deg = static_cast<float>(number[8]);
    if (is_number[9] && number[9] >= 0 && number[9] < 1e3)
      t.velocity_h_mps = static_cast<float>(number[9]);
  }
  if (is_number[4] && number[4] > 0 && number[4] < 20'000)
    t.battery_v = static_cast<float>(number[4] / 1000);
  if (is_number[11]) t.temperature_c = temperature_c(number[11]);
  t.hold_reason = fault(t);
  return t;
}

constexpr SondeSpec kSpec{
    .type = "MTS01",
    .manufacturer = "Meteosis",
    .variants = "",
    .fields = "velocity, T, battery",
    .modem = {.symbol_rate_hz = 1200,
              .deviation_hz = 640,
              .bt = 0,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 6'000,
              .line_code = dsp::LineCode::kNrz},
    .sync_bits = kSyncBits,
    .accept_inverted = true,
    .head_bits = kFrameBits,
    .max_frame_bits = kFrameBits,
    .frame_period_s = 1.0,
    .serial_records = 2,
};

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Mts01>(); }

}  // namespace
}  // namespace mts01

namespace sondes {
extern const SondeType mts01;
const SondeType mts01{&mts01::kSpec, &mts01::make};
}  // namespace sondes

}  // namespace omnisonde
