// Vaisala RS41 (SG, SGP, SGM and the 2024 board with firmware 0x50DD).
//
//   offset  bytes
//        0      8  sync, whitened like all that follows
//        8     24  parity of codeword 0 (even positions from 56 on)
//       32     24  parity of codeword 1 (odd positions)
//       56      1  0x0F normal, 320 bytes in all; 0xF0 extended, 518
//       57      .  blocks: kind, length, payload, CRC-16 of the payload
//                  79 status | 7A, 7F measurement | 7C GPS time | 7D GPS raw | 7B position
//                  7E instruments (XDATA) | 80 all of these, encrypted | 82, 83 position,
//                  satellites of the new board | 76 zeros to the end
//
// 4800 symbols/s GFSK, least significant bit first, one frame per second, each led in by 320 bits
// 0101... The status block carries one sixteenth-byte row of the calibration table per frame, so
// sensor values appear only some time after the first frame. Facts: formats/rs41.md, worked out
// from rs1729/RS, bazjo/RS41_Decoding and the network's main client.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "decoders/byte_reader.hpp"
#include "decoders/geo/ecef.hpp"
#include "decoders/geo/gps_time.hpp"
#include "decoders/physics/atmosphere.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/rs41_calibration.hpp"
#include "decoders/sondes/rs41_fec.hpp"
#include "decoders/sondes/rs41_frame.hpp"
#include "decoders/sondes/rs41_priors.hpp"
#include "decoders/sondes/rs41_ptu.hpp"

namespace omnisonde {
namespace rs41 {
namespace {

constexpr SondeSpec kSpec{
    .type = "RS41",
    .manufacturer = "Vaisala",
    .variants = "SG, SGP, SGM (encrypted ones are recognised), X",
    .fields = "velocity, T, RH, P, battery, satellites, burst timer, frequency, XDATA",
    .modem = {.symbol_rate_hz = 4800,
              .deviation_hz = 2400,
              .bt = 0.5F,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 12'000,
              .line_code = dsp::LineCode::kNrz},
    .sync_bits = "0000100001101101010100111000100001000100011010010100100000011111",
    .accept_inverted = true,
    .head_bits = 8 * (kTypeAt + 1),
    .max_frame_bits = 8 * kExtendedBytes,
    .frame_period_s = 1.0,
    .grain = {.time_s = 0.1}};

// Heights outside are the sonde's mistake (formats/rs41.md section 7).
constexpr double kLowest_m = -1000, kHighest_m = 80'000;
constexpr int kFewestSatellites = 4;
// The run-time row comes every 51 frames; a timer older than a few of them is no longer known.
constexpr unsigned kTimerKept_frames = 600;

using Bytes = std::span<const std::uint8_t>;

bool is_serial(Bytes text) {
  return text.size() == 8 && text[0] >= 'C' && text[0] <= 'Z' &&
         std::all_of(text.begin() + 1, text.end(),
                     [](std::uint8_t c) { return c >= '0' && c <= '9'; });
}

/// Position and velocity, from 7B or 82 (their first 18 bytes are alike).
/// @returns whether there was a fix.
bool put_position(Bytes payload, Telemetry& t) {
  ByteReader r(payload);
  const geo::Ecef place_m = {r.i32_le(0) * 0.01, r.i32_le(4) * 0.01, r.i32_le(8) * 0.01};
  const geo::Ecef speed_mps = {r.i16_le(12) * 0.01, r.i16_le(14) * 0.01, r.i16_le(16) * 0.01};
  if (place_m == geo::Ecef{}) return false;
  t.position = geo::to_geodetic(place_m);
  t.height_reference = HeightReference::kEllipsoid;
  const geo::LocalVelocity v = geo::to_local(speed_mps, *t.position);
  t.velocity_h_mps = static_cast<float>(geo::ground_speed_mps(v));
  t.velocity_v_mps = static_cast<float>(v.up_mps);
  t.heading_deg = static_cast<float>(geo::heading_deg(v));
  return true;
}

/// Date and time of block 82, which are UTC.
std::optional<UtcMillis> utc_of(Bytes payload) {
  ByteReader r(payload);
  const CivilTime t{r.u16_le(18),
                    r.u8(20),
                    r.u8(21),
                    r.u8(22),
                    r.u8(23),
                    r.u8(24),
                    r.u8(25) < 100 ? r.u8(25) * 10 : 0};
  if (t.year < 2000 || t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31) return {};
  if (t.hour > 23 || t.minute > 59 || t.second > 60) return {};
  return from_civil(t);
}

/// Non-zero nibbles of block 83: satellites in use.
int satellites_of(Bytes payload) {
  int count = 0;
  for (const std::uint8_t pair : payload.subspan(25, 16)) {
    count += ((pair & 0x0FU) != 0 ? 1 : 0) + ((pair & 0xF0U) != 0 ? 1 : 0);
  }
  return count;
}

/// The instrument strings, joined as the network wants them.
std::string xdata_of(Bytes frame, const BlockList& blocks) {
  std::string all;
  for (const Block& block : blocks.all()) {
    if (block.kind != kXdata || !block.crc_ok || block.length < 2) continue;
    std::string one;
    for (const std::uint8_t c : frame.subspan(block.at + 1, block.length - 1)) {
      if (c < 0x20 || c > 0x7E) break;
      one.push_back(static_cast<char>(c));
    }
    if (one.empty()) continue;
    if (!all.empty()) all.push_back('#');
    all += one;
  }
  return all;
}

/// What is kept of one sonde.
struct Flight {
  std::array<std::uint8_t, 8> serial{};
  Calibration calibration;
  bool table_sent = false;
  std::optional<std::uint16_t> burst_timer;
  std::uint16_t burst_timer_frame = 0;
};

class Rs41 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float> head) const override;
  bool correct(std::span<float> llr, Effort effort, Frame& out) override;
  void add_priors(std::span<float> llr) const override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  void identify(Bytes serial);
  void read_status(Bytes payload, Telemetry& t);
  static void read_navigation(Bytes frame, const BlockList& blocks, Telemetry& t);
  void read_sensors(Bytes frame, const BlockList& blocks, Telemetry& t) const;
  void read_table(Telemetry& t);
  [[nodiscard]] static std::string hold_reason(const Telemetry& t, bool no_fix);

  FrameCorrector corrector_;
  FlightMemory memory_;
  Flight now_, before_;  // two sondes may take turns on one frequency
  bool known_ = false;
  std::uint32_t epoch_ = 0;
};

/// > 0 speaks for a normal frame. The two type bytes are each other's complement.
double normal_score(std::span<const float> llr) {
  double score = 0;
  const unsigned on_air = kNormalType ^ kMask[kTypeAt];
  for (unsigned bit = 0; bit < 8; ++bit) {
    const float value = llr[8 * kTypeAt + bit];
    if (!std::isfinite(value)) continue;
    score += static_cast<double>((on_air >> bit & 1U) != 0 ? value : -value);
  }
  return score;
}

std::size_t Rs41::frame_bits(std::span<const float> head) const {
  if (head.size() < kSpec.head_bits || normal_score(head) >= 0) return 8 * kNormalBytes;
  return 8 * kExtendedBytes;
}

bool Rs41::correct(std::span<float> llr, Effort effort, Frame& out) {
  if (llr.size() < 8 * kNormalBytes) return false;
  out.effort = effort;
  const bool long_enough = llr.size() >= 8 * kExtendedBytes;
  const bool extended = long_enough && normal_score(llr) < 0;
  const auto attempt = [&](std::size_t frame_bytes) {
    return corrector_.run(llr.first(8 * frame_bytes), frame_bytes, effort,
                          memory_.hint(frame_bytes), out);
  };
  if (attempt(extended ? kExtendedBytes : kNormalBytes)) return true;
  // The type byte itself may be among the damage.
  return effort != Effort::kHard && long_enough &&
         attempt(extended ? kNormalBytes : kExtendedBytes);
}

void Rs41::add_priors(std::span<float> llr) const {
  if (llr.size() == 8 * kNormalBytes || llr.size() == 8 * kExtendedBytes) {
    memory_.add_priors(llr, now_.calibration);
  }
}

void Rs41::identify(Bytes serial) {
  if (known_ && std::ranges::equal(serial, now_.serial)) return;
  std::swap(now_, before_);
  if (known_) ++epoch_;
  if (!known_ || !std::ranges::equal(serial, now_.serial)) {
    now_ = {};
    std::ranges::copy(serial, now_.serial.begin());
  }
  known_ = true;
}

void Rs41::read_status(Bytes payload, Telemetry& t) {
  ByteReader r(payload);
  const std::uint16_t number = r.u16_le(0);
  t.frame_number = number;
  t.battery_v = static_cast<float>(r.u8(10)) * 0.1F;
  t.encrypted = r.u8(15) == 3 || r.u8(15) == 4;
  const std::size_t row = r.u8(23);
  now_.calibration.put(row, r.bytes(24, kRowBytes));
  if (row == kRuntimeRow) {
    now_.burst_timer.reset();
    const std::uint16_t left = now_.calibration.u16(address::kBurstTimer);
    if (left != 0xFFFF) now_.burst_timer = left;
    now_.burst_timer_frame = number;
  }
  const unsigned age = static_cast<std::uint16_t>(number - now_.burst_timer_frame);
  if (now_.burst_timer && age <= kTimerKept_frames) {
    t.burst_timer_s = std::max(0, int{*now_.burst_timer} - static_cast<int>(age));
  }
}

// 7C and 7B of the ordinary boards, or 82 and 83 of the new one.
void Rs41::read_navigation(Bytes frame, const BlockList& blocks, Telemetry& t) {
  bool no_fix = false;
  t.time_reference = TimeReference::kGps;
  if (const Block* info = blocks.good(kGpsInfo, 30)) {
    ByteReader r(frame.subspan(info->at, info->length));
    t.datetime = geo::gps_clock({r.u16_le(0), r.u32_le(2)});
  }
  if (const Block* position = blocks.good(kPosition, 21)) {
    const Bytes payload = frame.subspan(position->at, position->length);
    no_fix = !put_position(payload, t);
    t.satellites = payload[18];
  } else if (const Block* both = blocks.good(kUtcPosition, 38)) {
    const Bytes payload = frame.subspan(both->at, both->length);
    no_fix = !put_position(payload, t);
    t.datetime = utc_of(payload);
    t.time_reference = TimeReference::kUtc;
    if (const Block* satellites = blocks.good(kSatellites, 41)) {
      t.satellites = satellites_of(frame.subspan(satellites->at, satellites->length));
    }
  }
  t.hold_reason = hold_reason(t, no_fix);
}

std::string Rs41::hold_reason(const Telemetry& t, bool no_fix) {
  if (t.encrypted) return "encrypted";
  if (!is_serial({reinterpret_cast<const std::uint8_t*>(t.serial.data()), t.serial.size()})) {
    return "serial not of the form S1234567";
  }
  if (no_fix) return "no fix";
  if (!t.position) return "no position";
  if (!(t.position->altitude_m >= kLowest_m && t.position->altitude_m <= kHighest_m)) {
    return "altitude outside -1000..80000 m";
  }
  if (t.satellites && *t.satellites < kFewestSatellites) return "fewer than 4 satellites";
  return t.datetime ? "" : "no time";
}

void Rs41::read_sensors(Bytes frame, const BlockList& blocks, Telemetry& t) const {
  const Block* block = blocks.good(kMeasurement, 42);
  if (block == nullptr) block = blocks.good(kShortMeasurement, 27);
  if (block == nullptr) return;
  const auto counts = read_measurement(frame.subspan(block->at, block->length));
  if (!counts) return;
  std::optional<double> ambient_hpa;
  if (t.position) ambient_hpa = physics::isa_pressure_hpa(t.position->altitude_m);
  if (const auto measured = pressure_hpa(*counts, now_.calibration)) {
    t.pressure_hpa = static_cast<float>(*measured);
    ambient_hpa = measured;
  }
  if (const auto c = air_temperature_c(*counts, now_.calibration)) {
    t.temperature_c = static_cast<float>(*c);
  }
  if (const auto rh = humidity_pct(*counts, now_.calibration, ambient_hpa)) {
    t.humidity_pct = static_cast<float>(*rh);
  }
}

void Rs41::read_table(Telemetry& t) {
  const Calibration& table = now_.calibration;
  t.subtype = t.encrypted ? "RS41-SGM" : table.type();
  t.tx_frequency_mhz = table.frequency_mhz();
  if (std::string board = table.mainboard(); !board.empty()) {
    t.extras.push_back({"rs41_mainboard", std::move(board)});
  }
  if (const auto firmware = table.firmware()) {
    t.extras.push_back({"rs41_mainboard_fw", std::to_string(*firmware)});
  }
  if (!now_.table_sent && table.complete()) {
    t.extras.push_back({"rs41_subframe", table.base64()});
    now_.table_sent = true;
  }
}

std::optional<Telemetry> Rs41::parse(const Frame& frame, const ReceiveContext& context) {
  (void)context;  // an RS41 says everything itself
  const Bytes bytes = frame.bytes;
  const BlockList blocks = walk_blocks(bytes);
  const Block* status = blocks.good(kStatus, 40);
  if (status == nullptr) return {};
  const Bytes payload = bytes.subspan(status->at, status->length);
  const Bytes serial = payload.subspan(2, 8);
  identify(serial);
  memory_.learn(bytes, blocks);

  Telemetry t;
  t.type = kSpec.type;
  t.manufacturer = kSpec.manufacturer;
  t.identity_epoch = epoch_;
  if (is_serial(serial)) t.serial.assign(serial.begin(), serial.end());
  read_status(payload, t);
  t.encrypted = t.encrypted || std::ranges::any_of(blocks.all(), [](const Block& b) {
                  return b.kind == kEncrypted;
                });
  read_navigation(bytes, blocks, t);
  read_sensors(bytes, blocks, t);
  t.xdata = xdata_of(bytes, blocks);
  read_table(t);
  return t;
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Rs41>(); }

}  // namespace
}  // namespace rs41

namespace sondes {
extern const SondeType rs41;
const SondeType rs41{&omnisonde::rs41::kSpec, &omnisonde::rs41::make};
}  // namespace sondes

}  // namespace omnisonde
