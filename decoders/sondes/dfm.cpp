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
#include <cstdlib>
#include <numbers>
#include <vector>

#include "decoders/geo/ecef.hpp"
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
constexpr std::int64_t kInStepMs = 10;  // 4 ms, and 100 ppm for a minute
constexpr std::size_t kMaxIdentities = 4;
constexpr double kMaxAltitudeM = 50'000;
constexpr std::int64_t kAheadMs = 60'000, kBehindMs = 48 * 3'600'000LL;
// A receiver without a clock says 1970.
constexpr std::int64_t kClockSetMs = 946'684'800'000;

// Straight through space: at the poles north and east turn from fix to fix.
geo::Ecef velocity(const Fix& fix) {
  const double heading = static_cast<double>(fix.heading_deg) * std::numbers::pi / 180;
  const auto speed = static_cast<double>(fix.speed_mps);
  return geo::to_ecef_velocity(
      {speed * std::cos(heading), speed * std::sin(heading), static_cast<double>(fix.climb_mps)},
      fix.position);
}

bool has_place(const Fix& fix) {
  return fix.position.latitude_deg != 0 || fix.position.longitude_deg != 0;
}

struct Place {
  Fix fix;
  UtcMillis utc;
  std::int64_t start_ms = 0;
};

/// One transmitter, as far as it can be told from others.
struct Identity {
  std::uint8_t offset = 0;  ///< (frame - counter) mod 256
  bool inverted = false;
  std::uint32_t epoch = 0;
  ConfChannels channels;
  std::int64_t heard_ms = 0;
  std::optional<Place> last;     ///< of the last record that continued the flight
  std::optional<Place> strayed;  ///< of one since then that did not
};

// Whether the sonde's time between two records is the receiver's.
bool clock_continues(const Place& last, const Place& now) {
  const double elapsed_s = static_cast<double>(now.utc.ms - last.utc.ms) * 1e-3;
  const double heard_s = static_cast<double>(now.start_ms - last.start_ms) * 1e-3;
  return elapsed_s > 0 && std::fabs(elapsed_s - heard_s) < 1.5;
}

// Whether a sonde at `last` can be where `now` says, as fast as it says. After half a minute only
// the distance tells anything.
bool continues(const Place& last, const Place& now) {
  if (!clock_continues(last, now)) return false;
  const double dt = static_cast<double>(now.utc.ms - last.utc.ms) * 1e-3;
  const geo::Ecef from = geo::to_ecef(last.fix.position), to = geo::to_ecef(now.fix.position);
  geo::Ecef moved{}, missed{}, change{};
  const geo::Ecef v0 = velocity(last.fix), v1 = velocity(now.fix);
  for (std::size_t i = 0; i < moved.size(); ++i) {
    moved[i] = to[i] - from[i];
    missed[i] = moved[i] - dt * (v0[i] + v1[i]) / 2;
    change[i] = v1[i] - v0[i];
  }
  if (dt > 30)
    return geo::ground_speed_mps(geo::to_local(moved, now.fix.position)) < kMaxSpeedMps * dt;
  const geo::LocalVelocity miss_m = geo::to_local(missed, now.fix.position);
  const geo::LocalVelocity turned = geo::to_local(change, now.fix.position);
  // Over some seconds that were not heard the balloon may have burst.
  const bool heard = dt <= 2;
  return geo::ground_speed_mps(miss_m) < 30 + 10 * dt &&
         geo::ground_speed_mps(turned) < 12 + 3 * dt &&
         std::fabs(miss_m.up_mps) < 30 + (heard ? 10 : 60) * dt &&
         std::fabs(turned.up_mps) < 12 + (heard ? 3 : 10) * dt;
}

// Whether that is at least no faster than any sonde.
bool within_reach(const Place& last, const Place& now) {
  if (!clock_continues(last, now)) return false;
  const double dt = static_cast<double>(now.utc.ms - last.utc.ms) * 1e-3;
  return geo::distance_m(last.fix.position, now.fix.position) < kMaxSpeedMps * dt;
}

bool repeats(const Place& last, const Place& now) {
  return now.utc == last.utc && now.fix.position.latitude_deg == last.fix.position.latitude_deg &&
         now.fix.position.longitude_deg == last.fix.position.longitude_deg;
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
    const std::int64_t received_ms = context.received.ms;
    const bool clock_runs =
        !now_ms_ || received_ms > *now_ms_ || received_ms + kForgetMs < *now_ms_;
    now_ms_ = clock_runs ? received_ms : *now_ms_ + kFrameMs;
    cycles_.add(frame, *now_ms_);
    std::optional<Telemetry> record;
    while (const std::optional<Cycle> cycle = cycles_.take_finished(*now_ms_)) {
      if (std::optional<Telemetry> next = finish(*cycle, context)) record = std::move(next);
    }
    return record;
  }

 private:
  std::optional<Telemetry> finish(const Cycle& cycle, const ReceiveContext& context);
  Identity* identify(const Cycle& cycle, const Clock& clock, const std::optional<Place>& place);
  Identity* find(std::uint8_t offset, bool inverted);
  Identity& start_identity(std::uint8_t offset, bool inverted);
  Identity* learn(const Cycle& cycle, Identity* id);
  Telemetry make_record(const Fix& fix, const Clock& clock, const Identity* id,
                        const ReceiveContext& context) const;
  [[nodiscard]] std::optional<TimeHint> time_hint(const Cycle& cycle) const;

  FrameDecoder frames_;
  CycleAssembler cycles_;
  std::vector<Identity> identities_;
  std::uint32_t next_epoch_ = 0;
  std::optional<std::int64_t> now_ms_;  ///< start of the last frame
};

std::optional<TimeHint> Dfm::time_hint(const Cycle& cycle) const {
  const Place* latest = nullptr;
  for (const Identity& id : identities_) {
    if (id.inverted != cycle.inverted || !id.last) continue;
    if (latest == nullptr || id.last->start_ms > latest->start_ms) latest = &*id.last;
  }
  if (latest == nullptr || cycle.start_ms - latest->start_ms > kHintMs) return std::nullopt;
  return TimeHint{latest->utc, latest->start_ms};
}

Identity* Dfm::find(std::uint8_t offset, bool inverted) {
  const auto found = std::ranges::find_if(identities_, [&](const Identity& id) {
    return id.offset == offset && id.inverted == inverted;
  });
  return found == identities_.end() ? nullptr : &*found;
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
Identity* Dfm::identify(const Cycle& cycle, const Clock& clock, const std::optional<Place>& place) {
  const auto offset = static_cast<std::uint8_t>(clock.frame_number() - clock.counter);
  std::erase_if(identities_,
                [&](const Identity& id) { return *now_ms_ - id.heard_ms > kForgetMs; });
  const bool alone = clock.doubt + (place ? place->fix.doubt : 0) <= kAloneDoubt;
  const auto continued = [&](const Identity& id) {
    return place && id.last && continues(*id.last, *place);
  };
  if (Identity* id = find(offset, cycle.inverted)) return alone || continued(*id) ? id : nullptr;
  if (!place || !alone || clock.minute_inferred) return nullptr;
  // A DFM-06 leaves out a second every minute or so, or sends one again under the next counter
  // (both seen on air): in a continuous flight it is the same sonde.
  for (const int slip : {-1, 1}) {
    Identity* id = find(static_cast<std::uint8_t>(offset + slip), cycle.inverted);
    if (id == nullptr || !id->last) continue;
    if (repeats(*id->last, *place)) return id;
    if (!continued(*id)) continue;
    id->offset = offset;
    return id;
  }
  return &start_identity(offset, cycle.inverted);
}

// Takes in the CONF words of a cycle. @returns `id`, or a new identity if they contradict it.
Identity* Dfm::learn(const Cycle& cycle, Identity* id) {
  // Blocks of two sondes can mix only while their frames are in step.
  const bool contested = std::ranges::any_of(identities_, [&](const Identity& other) {
    const std::int64_t apart = std::abs(cycle.start_ms - other.heard_ms) % kBlockMs;
    return &other != id && std::min(apart, kBlockMs - apart) <= kInStepMs;
  });
  for (std::size_t i = 0; i < cycle.conf_count; ++i) {
    if (contested && !vouched(cycle, cycle.conf[i])) continue;
    if (!id->channels.add(cycle.conf[i])) return &start_identity(id->offset, id->inverted);
  }
  return id;
}

std::optional<Telemetry> Dfm::finish(const Cycle& cycle, const ReceiveContext& context) {
  const std::optional<Clock> clock = read_clock(cycle, time_hint(cycle));
  const std::optional<Fix> fix = read_fix(cycle);
  if (!clock || clock->doubt + (fix ? fix->doubt : 0) > kContinuedDoubt) return std::nullopt;
  if (!clock->utc) {
    if (!fix || clock->doubt + fix->doubt > kAloneDoubt) return std::nullopt;
    return make_record(*fix, *clock, nullptr, context);
  }
  std::optional<Place> place;
  if (fix) place = Place{*fix, *clock->utc, cycle.start_ms};
  Identity* id = identify(cycle, *clock, place);
  if (id == nullptr) return std::nullopt;
  id->heard_ms = cycle.start_ms;

  const char* doubtful = "";
  if (place && has_place(*fix) && id->last) {
    if (clock->utc->ms <= id->last->utc.ms) {
      doubtful = "second already reported";
    } else if (continues(*id->last, *place)) {
      id->strayed.reset();
    } else if (id->strayed && continues(*id->strayed, *place)) {
      id = &start_identity(id->offset, id->inverted);  // it has come to stay: another sonde
      id->heard_ms = cycle.start_ms;
    } else if (id->strayed && within_reach(*id->strayed, *place) &&
               within_reach(*id->last, *place)) {
      id->strayed = place;  // the same sonde, whose velocity says little about its way
    } else {
      doubtful = "position jump";
      id->strayed = place;
    }
  }
  if (*doubtful == '\0') {
    id = learn(cycle, id);
    id->heard_ms = cycle.start_ms;
    if (place && has_place(*fix)) id->last = place;
  }
  if (!fix) return std::nullopt;
  Telemetry record = make_record(*fix, *clock, id, context);
  // Weightier than a missing serial, which may come later.
  const bool waiting = record.hold_reason.empty() || record.hold_reason == kSerialUnknown;
  if (*doubtful != '\0' && waiting) record.hold_reason = doubtful;
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
  t.sender_hint = std::to_string(id->offset) + (id->inverted ? "i" : "n");
  t.serial = channels.serial();
  t.subtype = channels.model(id->inverted);
  t.temperature_c = channels.temperature_c(id->inverted, *now_ms_);
  t.battery_v = channels.battery_v(id->inverted, *now_ms_);
  if (t.subtype == "PS-15") t.type = t.subtype;
  if (const auto code = channels.code()) {
    t.extras.push_back({"dfmcode", std::string("0x") + "0123456789ABCDEF"[*code & 0xFU]});
  }
  if (t.serial.empty() && t.hold_reason.empty()) t.hold_reason = kSerialUnknown;
  return t;
}

constexpr SondeSpec kSpec{
    .type = "DFM",
    .manufacturer = "Graw",
    .variants = "06, 06P, PS-15, 09, 09P, 17, 17P",
    .fields = "velocity, T, battery (from 09 on), satellites, XDATA",
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
