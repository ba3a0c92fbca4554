// Graw DFM-06, DFM-06P, DFM-09, DFM-09P, DFM-17, DFM-17P and PS-15.
//
// 2500 symbols/s Manchester FSK, frames of 280 bits (224 ms) back to back; see dfm_frame.hpp for
// the frame, dfm_cycle.hpp for the nine blocks of a second, dfm_channels.hpp for serial and
// sensors. Facts: rs1729/RS and radiosonde_auto_rx (dfm09mod), rdz_ttgo_sonde, dxlAPRS, sondedump,
// ra-firmware; checked on a recording of two DFM-06.
//
// There is no checksum and no serial in the blocks, and several DFM often share a frequency. So:
// blocks are used by the odds of their codewords; a second's blocks must fit its timing; and what
// tells sondes apart is (frame - counter) mod 256, constant for each. Each such value has its own
// identity: serial, channels, last position.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "decoders/sonde.hpp"
#include "decoders/sondes/dfm_channels.hpp"
#include "decoders/sondes/dfm_cycle.hpp"
#include "decoders/sondes/dfm_frame.hpp"

namespace omnisonde {
namespace dfm {
namespace {

// The sum over all codewords of a record of their probabilities of being wrong. Below the first
// limit a record stands alone; below the second it must continue the flight so far.
constexpr double kAloneDoubt = 2e-3;
constexpr double kContinuedDoubt = 0.1;
constexpr double kMaxSpeedMps = 300;  // as in radiosonde_auto_rx: faster means another sonde
constexpr std::int64_t kForgetMs = 60'000;
constexpr std::int64_t kHintMs = 20'000;
constexpr std::size_t kMaxIdentities = 4;
constexpr double kMetresPerDegree = 111'195;
constexpr double kMaxAltitudeM = 50'000;
constexpr std::int64_t kAheadMs = 60'000, kBehindMs = 48 * 3'600'000LL;
// A receiver without a clock says 1970.
constexpr std::int64_t kClockSetMs = 946'684'800'000;

struct Motion {
  double north_m, east_m;
};

Motion between(const GeoPosition& from, const GeoPosition& to) {
  const double middle = (from.latitude_deg + to.latitude_deg) / 2 * std::numbers::pi / 180;
  const double east_deg = std::remainder(to.longitude_deg - from.longitude_deg, 360.0);
  return {(to.latitude_deg - from.latitude_deg) * kMetresPerDegree,
          east_deg * kMetresPerDegree * std::cos(middle)};
}

Motion velocity(const Fix& fix) {
  const double heading = static_cast<double>(fix.heading_deg) * std::numbers::pi / 180;
  const auto speed = static_cast<double>(fix.speed_mps);
  return {speed * std::cos(heading), speed * std::sin(heading)};
}

bool has_place(const Fix& fix) {
  return fix.position.latitude_deg != 0 || fix.position.longitude_deg != 0;
}

/// One transmitter, as far as it can be told from others.
struct Identity {
  std::uint8_t offset = 0;  ///< (frame - counter) mod 256
  bool inverted = false;
  std::uint32_t epoch = 0;
  ConfChannels channels;
  std::int64_t heard_ms = 0;
  // The last record.
  std::optional<Fix> fix;
  UtcMillis fix_utc;
  std::int64_t fix_ms = 0;
};

// Whether the receiver's time between two records is the sonde's.
bool clock_continues(const Identity& id, UtcMillis utc, std::int64_t start_ms) {
  const double elapsed_s = static_cast<double>(utc.ms - id.fix_utc.ms) * 1e-3;
  const double heard_s = static_cast<double>(start_ms - id.fix_ms) * 1e-3;
  return elapsed_s > 0 && std::fabs(elapsed_s - heard_s) < 1.5;
}

// Whether `fix` is where and as fast as the last record of this sonde lets expect.
bool continues(const Identity& id, const Fix& fix, UtcMillis utc, std::int64_t start_ms) {
  if (!id.fix || !clock_continues(id, utc, start_ms)) return false;
  const double dt = static_cast<double>(utc.ms - id.fix_utc.ms) * 1e-3;
  if (dt > 30) return false;
  const Motion moved = between(id.fix->position, fix.position);
  const Motion before = velocity(*id.fix);
  const Motion now = velocity(fix);
  const double miss = std::hypot(moved.north_m - dt * (before.north_m + now.north_m) / 2,
                                 moved.east_m - dt * (before.east_m + now.east_m) / 2);
  const double turned = std::hypot(now.north_m - before.north_m, now.east_m - before.east_m);
  const double climb = static_cast<double>(fix.climb_mps + id.fix->climb_mps) / 2;
  const double rise = fix.position.altitude_m - id.fix->position.altitude_m;
  const auto climb_change = static_cast<double>(std::fabs(fix.climb_mps - id.fix->climb_mps));
  return miss < 30 + 10 * dt && turned < 12 + 3 * dt &&
         std::fabs(rise - dt * climb) < 30 + 10 * dt && climb_change < 12 + 3 * dt;
}

bool repeats(const Identity& id, const Fix& fix, UtcMillis utc) {
  return id.fix && utc == id.fix_utc &&
         fix.position.latitude_deg == id.fix->position.latitude_deg &&
         fix.position.longitude_deg == id.fix->position.longitude_deg;
}

bool too_fast(const Identity& id, const Fix& fix, UtcMillis utc) {
  if (!id.fix || !has_place(*id.fix) || !has_place(fix)) return false;
  const double dt = std::max(std::fabs(static_cast<double>(utc.ms - id.fix_utc.ms) * 1e-3), 1.0);
  const Motion moved = between(id.fix->position, fix.position);
  return std::hypot(moved.north_m, moved.east_m) > kMaxSpeedMps * dt;
}

// Why a gateway must not send it, the most lasting reason first; empty if there is none.
const char* position_fault(const Fix& fix) {
  const GeoPosition& p = fix.position;
  if (!has_place(fix)) return "no position";
  if (std::fabs(p.latitude_deg) > 90 || std::fabs(p.longitude_deg) > 180)
    return "impossible position";
  if (p.altitude_m == 0) return "altitude exactly 0 m";
  if (p.altitude_m > kMaxAltitudeM) return "altitude above 50 km";
  if (fix.heading_deg > 360.0F) return "heading above 360 degrees";
  if (fix.satellites && *fix.satellites < 4) return "fewer than 4 satellites";
  return "";
}

bool far_from_clock(UtcMillis sonde, UtcMillis receiver) {
  if (receiver.ms < kClockSetMs) return false;
  return sonde.ms - receiver.ms > kAheadMs || receiver.ms - sonde.ms > kBehindMs;
}

class Dfm final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override { return kFrameBits; }

  /// Soft decisions at every effort: 33 codewords cost next to nothing.
  bool correct(std::span<float> llr, Effort, Frame& out) override {
    return frames_.decode(llr, out);
  }

  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override {
    // Tests and tools without a clock: frames follow each other without a gap.
    now_ms_ = context.received.ms > now_ms_ || context.received.ms + kForgetMs < now_ms_
                  ? context.received.ms
                  : now_ms_ + kFrameMs;
    cycles_.add(frame, now_ms_);
    std::optional<Telemetry> record;
    while (const std::optional<Cycle> cycle = cycles_.take_finished(now_ms_)) {
      if (std::optional<Telemetry> next = finish(*cycle, context)) record = std::move(next);
    }
    return record;
  }

 private:
  std::optional<Telemetry> finish(const Cycle& cycle, const ReceiveContext& context);
  Identity* identify(const Cycle& cycle, const Clock& clock, const std::optional<Fix>& fix);
  Identity& start_identity(std::uint8_t offset, bool inverted);
  Telemetry make_record(const Fix& fix, const Clock& clock, const Identity* id,
                        const ReceiveContext& context) const;
  [[nodiscard]] std::optional<TimeHint> time_hint(const Cycle& cycle) const;

  FrameDecoder frames_;
  CycleAssembler cycles_;
  std::vector<Identity> identities_;
  std::uint32_t next_epoch_ = 0;
  std::int64_t now_ms_ = 0;
};

std::optional<TimeHint> Dfm::time_hint(const Cycle& cycle) const {
  const Identity* latest = nullptr;
  for (const Identity& id : identities_) {
    if (id.inverted == cycle.inverted && (latest == nullptr || id.fix_ms > latest->fix_ms))
      latest = &id;
  }
  if (latest == nullptr || cycle.start_ms - latest->fix_ms > kHintMs) return std::nullopt;
  return TimeHint{latest->fix_utc, latest->fix_ms};
}

Identity& Dfm::start_identity(std::uint8_t offset, bool inverted) {
  std::erase_if(identities_,
                [&](const Identity& id) { return id.offset == offset && id.inverted == inverted; });
  if (identities_.size() == kMaxIdentities) {
    identities_.erase(std::ranges::min_element(identities_, {}, &Identity::heard_ms));
  }
  Identity& fresh = identities_.emplace_back();
  fresh.offset = offset;
  fresh.inverted = inverted;
  fresh.epoch = next_epoch_++;
  return fresh;
}

// @returns whose cycle this is, or null if it may not be used.
Identity* Dfm::identify(const Cycle& cycle, const Clock& clock, const std::optional<Fix>& fix) {
  const auto offset = static_cast<std::uint8_t>(clock.frame_number() - clock.counter);
  std::erase_if(identities_, [&](const Identity& id) { return now_ms_ - id.heard_ms > kForgetMs; });
  const double doubt = clock.doubt + (fix ? fix->doubt : 0);
  const auto mine = [&](std::uint8_t wanted) {
    const auto found = std::ranges::find_if(identities_, [&](const Identity& id) {
      return id.offset == wanted && id.inverted == cycle.inverted;
    });
    return found == identities_.end() ? nullptr : &*found;
  };
  const auto continued = [&](const Identity& id) {
    return fix && continues(id, *fix, *clock.utc, cycle.start_ms);
  };
  const bool alone = doubt <= kAloneDoubt;
  if (Identity* id = mine(offset)) {
    if (fix && too_fast(*id, *fix, *clock.utc)) {
      return alone ? &start_identity(offset, cycle.inverted) : nullptr;
    }
    return alone || continued(*id) ? id : nullptr;
  }
  if (!fix || !alone || clock.minute_inferred) return nullptr;
  // A DFM-06 leaves out a second every minute or so, or sends one again under the next counter
  // (both seen on air): in a continuous flight it is the same sonde.
  for (const int slip : {-1, 1}) {
    Identity* id = mine(static_cast<std::uint8_t>(offset + slip));
    if (id == nullptr) continue;
    if (repeats(*id, *fix, *clock.utc)) return id;
    if (!continued(*id)) continue;
    id->offset = offset;
    return id;
  }
  return &start_identity(offset, cycle.inverted);
}

std::optional<Telemetry> Dfm::finish(const Cycle& cycle, const ReceiveContext& context) {
  const std::optional<Clock> clock = read_clock(cycle, time_hint(cycle));
  const std::optional<Fix> fix = read_fix(cycle);
  if (!clock || clock->doubt + (fix ? fix->doubt : 0) > kContinuedDoubt) return std::nullopt;
  if (!clock->utc) {
    if (!fix || clock->doubt + fix->doubt > kAloneDoubt) return std::nullopt;
    return make_record(*fix, *clock, nullptr, context);
  }
  Identity* id = identify(cycle, *clock, fix);
  if (id == nullptr) return std::nullopt;
  for (std::size_t i = 0; i < cycle.conf_count; ++i) {
    if (id->channels.add(cycle.conf[i])) continue;
    id = &start_identity(id->offset, id->inverted);  // the serial is another one
    break;
  }
  id->heard_ms = cycle.start_ms;
  if (!fix) return std::nullopt;
  Telemetry record = make_record(*fix, *clock, id, context);
  const bool repeated = id->fix && clock->utc->ms <= id->fix_utc.ms;
  if (repeated && record.hold_reason.empty()) record.hold_reason = "second already reported";
  id->fix = *fix;
  id->fix_utc = *clock->utc;
  id->fix_ms = cycle.start_ms;
  return record;
}

Telemetry Dfm::make_record(const Fix& fix, const Clock& clock, const Identity* id,
                           const ReceiveContext& context) const {
  Telemetry t;
  t.type = "DFM";
  t.manufacturer = "Graw";
  t.position = fix.position;
  t.height_reference = fix.height_reference;
  t.velocity_h_mps = fix.speed_mps;
  t.velocity_v_mps = fix.climb_mps;
  t.heading_deg = fix.heading_deg;
  t.satellites = fix.satellites;
  t.xdata = fix.xdata;
  t.hold_reason = position_fault(fix);
  t.identity_epoch = next_epoch_;
  if (clock.utc) {
    t.datetime = clock.utc;
    t.frame_number = clock.frame_number();
  }
  if (t.hold_reason.empty() && (!clock.utc || far_from_clock(*clock.utc, context.received))) {
    t.hold_reason = "date not plausible";
  }
  if (id == nullptr) return t;
  const ConfChannels& channels = id->channels;
  t.identity_epoch = id->epoch;
  t.serial = channels.serial();
  t.subtype = channels.model(id->inverted);
  t.temperature_c = channels.temperature_c(id->inverted, now_ms_);
  t.battery_v = channels.battery_v(id->inverted, now_ms_);
  if (t.subtype == "PS-15") t.type = t.subtype;
  if (const auto code = channels.code()) {
    t.extras.push_back({"dfmcode", std::string("0x") + "0123456789ABCDEF"[*code & 0xFU]});
  }
  if (t.serial.empty() && t.hold_reason.empty()) t.hold_reason = "serial not yet known";
  return t;
}

constexpr SondeSpec kSpec{
    .type = "DFM",
    .manufacturer = "Graw",
    .variants = "06, 06P, PS-15, 09, 09P, 17, 17P",
    .modem = {.symbol_rate_hz = 2500,
              .deviation_hz = 2350,
              .bt = 0,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 12'000,
              .line_code = dsp::LineCode::kManchester},
    .sync_bits = kSyncBits,
    .accept_inverted = true,
    .head_bits = kFrameBits,
    .max_frame_bits = kFrameBits,
    .frame_period_s = 0.224,
};

std::unique_ptr<SondeDecoder> make() { return std::make_unique<Dfm>(); }

}  // namespace
}  // namespace dfm

namespace sondes {
extern const SondeType dfm;
const SondeType dfm{&dfm::kSpec, &dfm::make};
}  // namespace sondes

}  // namespace omnisonde
