// Test encoder of the Graw DFM family. A frame carries one CONF word and the next two DAT blocks of
// the running cycle 0..8; a cycle of 1.008 s carries the fix of the last whole second.
//   DFM-09/17: whenever cycle and second have drifted apart by a block, block 8 is left out.
//   DFM-06, PS-15: block 8 is always sent; block 15 fills up when the fix is late, and a second is
//   left out when the lag has grown to one.
// Variant names: see dfm_words.hpp; "/3" or "/4" behind one selects mode 3 (repeated position) or 4
// (XDATA, which an identity with XDATA has anyway).
#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "simulator/sondes/dfm_words.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace dfm {
namespace {

constexpr std::int64_t kBlockMs = 112;
constexpr std::int64_t kFixDelayMs = 40;       // from the second to its fix
constexpr std::int64_t kLateFixDelayMs = 300;  // every 16th second of a DFM-06
constexpr std::int64_t kUnixOfGpsEpoch = 315'964'800;
constexpr double kMetresPerDegree = 111'195;
constexpr std::string_view kOzone = "01010C1C0A2850780000000000000000000000000000000000AB";

constexpr dsp::ModemParams kModem{.symbol_rate_hz = 2500,
                                  .deviation_hz = 2350,
                                  .bt = 0,
                                  .channel_rate_hz = 48'000,
                                  .bandwidth_hz = 12'000,
                                  .line_code = dsp::LineCode::kManchester};

std::array<std::uint8_t, 26> xdata_bytes(std::string_view hex) {
  std::array<std::uint8_t, 26> bytes{};
  for (std::size_t i = 0; i < bytes.size() && 2 * i + 1 < hex.size(); ++i) {
    std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, bytes[i], 16);
  }
  return bytes;
}

std::string xdata_text(const std::array<std::uint8_t, 26>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789ABCDEF"[byte >> 4U];
    text += "0123456789ABCDEF"[byte & 0xFU];
  }
  return text;
}

// The fix of the whole second `utc`, from a state at most some seconds later.
Second second_at(UtcMillis utc, std::uint8_t counter, const FlightState& state) {
  const double dt = static_cast<double>(utc.ms - state.utc.ms) * 1e-3;
  const double cosine =
      std::max(0.01, std::cos(state.position.latitude_deg * std::numbers::pi / 180));
  const double latitude =
      state.position.latitude_deg + state.velocity_north_mps * dt / kMetresPerDegree;
  const double longitude =
      state.position.longitude_deg + state.velocity_east_mps * dt / (kMetresPerDegree * cosine);
  const double altitude = state.position.altitude_m + state.velocity_up_mps * dt;
  double heading =
      std::atan2(state.velocity_east_mps, state.velocity_north_mps) * 180 / std::numbers::pi;
  if (heading < 0) heading += 360;
  Second s;
  s.utc = utc;
  s.counter = counter;
  s.latitude_e7 = static_cast<std::int32_t>(std::lround(latitude * 1e7));
  s.longitude_e7 = static_cast<std::int32_t>(std::lround(std::remainder(longitude, 360.0) * 1e7));
  s.altitude_cm = static_cast<std::int32_t>(std::lround(altitude * 100));
  s.speed_cmps = static_cast<std::uint16_t>(
      std::lround(100 * std::hypot(state.velocity_north_mps, state.velocity_east_mps)));
  s.heading_cdeg = static_cast<std::uint16_t>(std::lround(heading * 100));
  s.climb_cmps = static_cast<std::int16_t>(std::lround(state.velocity_up_mps * 100));
  s.satellites = state.satellites;
  return s;
}

class DfmTransmitter final : public Transmitter {
 public:
  explicit DfmTransmitter(const SondeIdentity& identity);

  [[nodiscard]] const dsp::ModemParams& modem() const override { return kModem; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<std::uint8_t> next_frame(const FlightState& state) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  DatWord next_block(std::int64_t now_ms, const FlightState& state);
  bool begin_cycle(std::int64_t now_ms, const FlightState& state);
  void begin_first(std::int64_t now_ms, const FlightState& state);
  void end_cycle(const FlightState& state);

  Variant variant_;
  std::uint32_t serial_;
  unsigned mode_;
  bool pads_;
  std::array<std::uint8_t, 26> xdata_{};
  unsigned frame_ = 0;
  // The running cycle: its blocks from next_number_ on are still to be sent.
  Second second_;
  unsigned next_number_ = 0, last_number_ = 0;
  bool running_ = false, whole_ = false, started_ = false;
  std::vector<Telemetry> truth_;
};

std::string_view name_of(const SondeIdentity& identity) {
  return std::string_view(identity.variant).substr(0, identity.variant.find('/'));
}

unsigned mode_of(const SondeIdentity& identity) {
  if (!identity.xdata.empty() || identity.variant.ends_with("/4")) return 4;
  return identity.variant.ends_with("/3") ? 3 : 2;
}

DfmTransmitter::DfmTransmitter(const SondeIdentity& identity)
    : variant_(find_variant(name_of(identity))),
      serial_(variant_.serial),
      mode_(mode_of(identity)),
      pads_(variant_.highest < 9) {
  const std::string& text = identity.serial;
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc{} && end == text.data() + text.size() && number != 0) serial_ = number;
  if (mode_ == 4) xdata_ = xdata_bytes(identity.xdata.empty() ? kOzone : identity.xdata);
}

std::vector<std::uint8_t> DfmTransmitter::next_frame(const FlightState& state) {
  const DatWord dat1 = next_block(state.utc.ms, state);
  const DatWord dat2 = next_block(state.utc.ms + kBlockMs, state);
  const ConfWord conf = conf_word(variant_, serial_, frame_++, state);
  return manchester(frame_bits(conf, dat1, dat2), variant_.inverted);
}

DatWord DfmTransmitter::next_block(std::int64_t now_ms, const FlightState& state) {
  if (!running_ && !begin_cycle(now_ms, state)) return padding_word();
  const DatWord word = dat_word(second_, next_number_, mode_, !pads_, xdata_);
  if (next_number_++ == last_number_) end_cycle(state);
  return word;
}

// A receiver never hears the beginning: the first cycle starts with the block that is due.
void DfmTransmitter::begin_first(std::int64_t now_ms, const FlightState& state) {
  const std::int64_t into = now_ms % 1000;
  second_ = second_at({now_ms - into}, static_cast<std::uint8_t>(now_ms / 1000 + serial_),
                      state);  // each sonde its own
  next_number_ = pads_ ? 0 : static_cast<unsigned>(std::min<std::int64_t>(into / kBlockMs, 8));
  whole_ = next_number_ == 0;
  last_number_ = 8;
  running_ = started_ = true;
}

bool DfmTransmitter::begin_cycle(std::int64_t now_ms, const FlightState& state) {
  const std::int64_t lag = now_ms - (second_.utc.ms + 1000);
  if (!started_ || lag < -2000 || lag > 2000) {
    begin_first(now_ms, state);
    return true;
  }
  std::int64_t next = second_.utc.ms + 1000;
  if (pads_) {
    const std::int64_t delay = next / 1000 % 16 == 0 ? kLateFixDelayMs : kFixDelayMs;
    if (lag < delay) return false;
    if (lag >= 1000 + kFixDelayMs) next += 1000;  // a newer fix is there
  }
  second_ = second_at({next}, static_cast<std::uint8_t>(second_.counter + 1), state);
  next_number_ = 0;
  // 9 blocks take 8 ms more than a second; without block 8 the next cycle gains 104 ms.
  last_number_ = !pads_ && lag + 8 > kBlockMs ? 7 : 8;
  running_ = whole_ = true;
  return true;
}

void DfmTransmitter::end_cycle(const FlightState& state) {
  running_ = false;
  if (!whole_) return;
  Telemetry t;
  t.subtype = variant_.subtype;
  t.type = t.subtype == "PS-15" ? "PS-15" : "DFM";
  t.manufacturer = "Graw";
  t.serial = std::to_string(serial_);
  t.datetime = second_.utc;
  t.frame_number = static_cast<std::uint32_t>((second_.utc.ms + 500) / 1000 - kUnixOfGpsEpoch);
  const std::int32_t geoid_cm = mode_ == 2 ? 0 : -4713;
  t.position = GeoPosition{second_.latitude_e7 * 1e-7, second_.longitude_e7 * 1e-7,
                           (second_.altitude_cm + geoid_cm) * 0.01};
  t.height_reference = mode_ == 2 ? HeightReference::kEllipsoid : HeightReference::kMeanSeaLevel;
  t.velocity_h_mps = static_cast<float>(second_.speed_cmps) * 0.01F;
  t.velocity_v_mps = static_cast<float>(second_.climb_cmps) * 0.01F;
  t.heading_deg = static_cast<float>(second_.heading_cdeg) * 0.01F;
  if (mode_ == 2 || !pads_) t.satellites = second_.satellites;
  if (variant_.probe != Variant::Probe::kPs15)
    t.temperature_c = static_cast<float>(state.temperature_c);
  if (variant_.highest >= 0xA) t.battery_v = static_cast<float>(state.battery_v);
  if (mode_ == 4 && xdata_[0] != 0) t.xdata = xdata_text(xdata_);
  t.extras.push_back({"dfmcode", std::string("0x") + "0123456789ABCDEF"[variant_.highest]});
  truth_.push_back(std::move(t));
}

}  // namespace
}  // namespace dfm

std::unique_ptr<Transmitter> make_dfm_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_dfm_tx(const SondeIdentity& identity) {
  return std::make_unique<dfm::DfmTransmitter>(identity);
}

}  // namespace omnisonde::sim
