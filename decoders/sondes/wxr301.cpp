// Weathex WxR-301D: plain at 4800 baud (Malaysia), PN9-whitened at 5000 baud (UAII 2022,
// Netherlands).
//
//   bit    width   of the block (wxr301_frame.hpp), little-endian
//     0      32    serial
//    32      16    counter, one a second
//    48       8    1: sensors (layout unknown), 2: GPS, then
//    56      18    UTC as decimal hhmmss
//   108      19    height above the sea, 0.1 m
//   127      25    latitude, 1e-5 degrees; 152: 26 bits longitude
//
// FSK with tones 50 kHz apart, two bursts a second with one counter: kind 1, then kind 2. Xor and
// sum are weak checks: noise gets through now and then. A burst counts when its sonde is known or
// when it agrees with one of the other kind in serial and counter, and a record needs both.
// Facts: rs1729/RS (weathex301d), radiosonde_auto_rx, formats/wxr301.md. What follows the block is
// not known. The date comes from the receiver's clock.
#include <cmath>
#include <string>

#include "decoders/geo/clock_date.hpp"
#include "decoders/sondes/wxr301_frame.hpp"

namespace omnisonde {
namespace wxr301 {
namespace {

// The tones are 50 kHz apart by most reports and 60 kHz by one, each found within 3 kHz only: two
// receivers share each name.
constexpr double kUsual_hz = 25'000, kFar_hz = 30'000;

constexpr SondeSpec make_spec(std::string_view type, std::string_view variants, double baud,
                              double deviation_hz, const Layout& layout) {
  return {.type = type,
          .manufacturer = "Weathex",
          .variants = variants,
          .modem = {.symbol_rate_hz = baud,
                    .deviation_hz = deviation_hz,
                    .bt = 0,
                    .channel_rate_hz = 96'000,
                    .bandwidth_hz = 76'000,
                    .line_code = dsp::LineCode::kNrz},
          .sync_bits = layout.sync_bits,
          .accept_inverted = true,
          .head_bits = layout.frame_bits(),
          .max_frame_bits = layout.frame_bits(),
          .frame_period_s = 0};  // two bursts a second, at a distance that nobody has published
}
constexpr SondeSpec plain_spec(double deviation_hz) {
  return make_spec("WxR-301D", "4800 baud, plain", 4800, deviation_hz, kPlain);
}
constexpr SondeSpec pn9_spec(double deviation_hz) {
  return make_spec("WxR-301D-5k", "5000 baud, PN9", 5000, deviation_hz, kPn9);
}
constexpr SondeSpec kPlainSpec = plain_spec(kUsual_hz), kPlainFarSpec = plain_spec(kFar_hz);
constexpr SondeSpec kPn9Spec = pn9_spec(kUsual_hz), kPn9FarSpec = pn9_spec(kFar_hz);

constexpr double kMaxSpeed_mps = 300, kSlack_m = 500, kMetresPerDegree = 111'195;
constexpr double kHighest_m = 50'000;

bool agree(const Head& a, const Head& b) {
  return a.serial == b.serial && a.counter == b.counter && a.kind != b.kind;
}

struct Place {
  std::uint16_t counter = 0;
  GeoPosition position;
};

// Whether a sonde can have come from one place to the other in the counted seconds.
bool reachable(const Place& from, const Place& to) {
  const auto seconds = static_cast<std::uint16_t>(to.counter - from.counter);
  const double lat = to.position.latitude_deg - from.position.latitude_deg;
  const double narrow = std::cos(to.position.latitude_deg * 0.017453292519943295);
  const double lon =
      std::remainder(to.position.longitude_deg - from.position.longitude_deg, 360.0) * narrow;
  const double up = to.position.altitude_m - from.position.altitude_m;
  const double reach = kSlack_m + kMaxSpeed_mps * seconds;
  return std::hypot(lat, lon) * kMetresPerDegree < reach && std::fabs(up) < reach;
}

class Wxr301 final : public SondeDecoder {
 public:
  explicit Wxr301(const SondeSpec& spec, const Layout& layout) : spec_(spec), layout_(layout) {}

  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override {
    return layout_.frame_bits();
  }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  [[nodiscard]] bool trusted(const Head& head) const { return known_ && head.serial == serial_; }
  Telemetry make_record(std::span<const std::uint8_t> block, const ReceiveContext& context);
  [[nodiscard]] const char* fault(const Place& place);

  const SondeSpec& spec_;
  const Layout& layout_;
  bool known_ = false;  ///< two bursts have agreed
  std::uint32_t serial_ = 0, epoch_ = 0;
  using Bytes = std::array<std::uint8_t, kBlockBytes>;
  std::optional<Bytes> candidate_;  ///< last burst that nobody vouches for yet
  std::optional<Bytes> partner_;    ///< last burst whose other half is still to come
  std::optional<Place> last_, before_;
};

bool Wxr301::correct(std::span<float> llr, Effort effort, Frame& out) {
  auto block = read_block(llr, layout_, false);
  if (!block && known_ && effort >= Effort::kErasures) {
    block = read_block(llr, layout_, true);
    if (block && !trusted(head_of(block->bytes))) block.reset();
  }
  if (!block) return false;
  const Head head = head_of(block->bytes);
  if (!trusted(head)) {
    const bool pair = candidate_ && agree(head_of(*candidate_), head);
    if (!pair) {
      candidate_ = block->bytes;
      return false;
    }
    partner_ = candidate_;
    candidate_.reset();
  }
  out.bytes.assign(block->bytes.begin(), block->bytes.end());
  out.reliability.assign(block->reliability.begin(), block->reliability.end());
  out.byte_ok.assign(kBlockBytes, 1);
  out.bits_corrected = block->repaired_bits;
  out.effort = effort;
  return true;
}

std::optional<Telemetry> Wxr301::parse(const Frame& frame, const ReceiveContext& context) {
  if (frame.bytes.size() != kBlockBytes) return {};
  const Head head = head_of(frame.bytes);
  if (!known_ || head.serial != serial_) {
    if (known_) ++epoch_;
    known_ = true;
    serial_ = head.serial;
    last_.reset();
    before_.reset();
  }
  if (!partner_ || !agree(head_of(*partner_), head)) {
    partner_.emplace();
    std::ranges::copy(frame.bytes, partner_->begin());
    return {};
  }
  const Bytes other = *partner_;
  partner_.reset();
  if (head.kind == 2) return make_record(frame.bytes, context);
  if (head_of(other).kind == 2) return make_record(other, context);
  return {};
}

const char* Wxr301::fault(const Place& place) {
  const bool jumped =
      last_ && !reachable(*last_, place) && !(before_ && reachable(*before_, place));
  before_ = last_;
  last_ = place;
  if (place.position.altitude_m > kHighest_m) return "altitude above 50 km";
  return jumped ? "position jump" : "";
}

Telemetry Wxr301::make_record(std::span<const std::uint8_t> block, const ReceiveContext& context) {
  const Head head = head_of(block);
  const Fix fix = fix_of(block);
  Telemetry t;
  t.type = spec_.type;
  t.manufacturer = spec_.manufacturer;
  t.serial = std::to_string(head.serial);
  t.identity_epoch = epoch_;
  t.frame_number = head.counter;
  t.time_reference = TimeReference::kUtc;
  t.height_reference = HeightReference::kMeanSeaLevel;
  if (fix.time_ok) t.datetime = geo::with_date(fix.time_of_day_ms, context.received);
  const GeoPosition place{fix.latitude_e5 * 1e-5, fix.longitude_e5 * 1e-5, fix.altitude_dm * 0.1};
  if (fix.latitude_e5 == 0 && fix.longitude_e5 == 0) {
    t.hold_reason = "no position";
    return t;
  }
  if (std::fabs(place.latitude_deg) > 90 || std::fabs(place.longitude_deg) > 180) {
    t.hold_reason = "impossible position";
    return t;
  }
  t.position = place;
  t.hold_reason = fault({head.counter, place});
  if (t.hold_reason.empty() && !t.datetime) {
    t.hold_reason =
        fix.time_ok ? "date not known: the receiver's clock is not set" : "impossible time";
  }
  return t;
}

std::unique_ptr<SondeDecoder> make_plain() { return std::make_unique<Wxr301>(kPlainSpec, kPlain); }
std::unique_ptr<SondeDecoder> make_pn9() { return std::make_unique<Wxr301>(kPn9Spec, kPn9); }

}  // namespace
}  // namespace wxr301

namespace sondes {
extern const SondeType wxr301, wxr301_far, wxr301_5k, wxr301_5k_far;
const SondeType wxr301{&omnisonde::wxr301::kPlainSpec, &omnisonde::wxr301::make_plain};
const SondeType wxr301_far{&omnisonde::wxr301::kPlainFarSpec, &omnisonde::wxr301::make_plain};
const SondeType wxr301_5k{&omnisonde::wxr301::kPn9Spec, &omnisonde::wxr301::make_pn9};
const SondeType wxr301_5k_far{&omnisonde::wxr301::kPn9FarSpec, &omnisonde::wxr301::make_pn9};
}  // namespace sondes

}  // namespace omnisonde
