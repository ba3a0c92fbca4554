// Vaisala RS92-SGP (400 MHz) and RS92-NGP (1680 MHz).
//
//   offset  bytes
//        0      6  sync 2A 2A 2A 2A 2A 10
//        6     36  65 10, configuration: counter, serial, one row of the calibration table; CRC
//       42     28  69 0C, measurement: eight counts of 24 bits; CRC
//       70    126  67 3D, GPS: time of week, satellites, code counters and their rates; CRC
//      196     14  68 05, auxiliary: four words of an instrument; CRC
//      210      6  FF 02 02 00 02 00, end mark
//      216     24  Reed-Solomon parity over 6..215
//
// 240 characters (start bit 0, eight bits lowest first, stop bit 1) in Manchester code, 2400 bit/s,
// one frame per second back to back. The sonde does not know where it is: it sends what its GPS
// receiver measured, and the position is worked out here from satellite orbits that the operator
// gives. Without them it is shown, but not uploaded. The height is that of the ellipsoid; the
// atmosphere's delay is not corrected (as in the network's main client; some metres near the
// ground). Facts: formats/rs92.md, worked out from rs1729/RS, oe5hpm/dxlAPRS and the network's main
// client. The sheet calls a slot's last byte and the GPS block's bytes 4 and 5 unknown: they are
// not used.
//
// The NGP has its own entry, for its deviation is four times as large; what the table says decides
// the subtype all the same.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "decoders/byte_reader.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/rs92_calibration.hpp"
#include "decoders/sondes/rs92_fec.hpp"
#include "decoders/sondes/rs92_frame.hpp"
#include "decoders/sondes/rs92_navigation.hpp"
#include "decoders/sondes/rs92_priors.hpp"
#include "decoders/sondes/rs92_ptu.hpp"

namespace omnisonde {
namespace rs92 {
namespace {

using Bytes = std::span<const std::uint8_t>;

// 2A five times, 10, and the configuration block's 65 10. (2A alone repeats: a shorter pattern
// would fit one character early.)
constexpr std::string_view kSync =
    "0010101001001010100100101010010010101001001010100100000100010101001101"
    "0000010001";
static_assert(kSync.size() == 8 * kCharBits);
// The same as chips.
constexpr std::string_view kSyncChips =
    "10100110011001101001101001100110011010011010011001100110100110100110011001101001"
    "10100110011001101001101010101001101010011001100110100101100110101010100110101001";
static_assert(kSyncChips.size() == 2 * kSync.size());
constexpr std::size_t kFrameChips = 2 * kFrameBits;

// An almanac's orbits are off by up to a kilometre: positions jump when a satellite comes or goes.
constexpr FlightGrain kGrain{.time_s = 0.1, .position_m = 1500};

constexpr SondeSpec kSgp{
    .type = "RS92",
    .manufacturer = "Vaisala",
    .variants = "SGP",
    .fields = "velocity, T, RH, P, satellites, XDATA; position with a GPS ephemeris file",
    .modem = {.symbol_rate_hz = 4800,
              .deviation_hz = 2400,
              .bt = 0.5F,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 12'000,
              .line_code = dsp::LineCode::kManchester},
    .sync_bits = kSync,
    .accept_inverted = true,
    .head_bits = kFrameBits,
    .max_frame_bits = kFrameBits,
    .frame_period_s = 1.0,
    .grain = kGrain};

// Deviations from 8 to 10 kHz are reported. The demodulator gives chips: the tones are so far apart
// that within a bit a timing error of 27 us turns them against each other, and an unknown symbol
// clock of 50 ppm is that far off by the middle of a frame. Chips are summed to bits here.
constexpr SondeSpec kNgp{.type = "RS92-NGP",
                         .manufacturer = "Vaisala",
                         .variants = "NGP",
                         .fields = "as RS92, and the frequency",
                         .modem = {.symbol_rate_hz = 4800,
                                   .deviation_hz = 9100,
                                   .bt = 0.5F,
                                   .channel_rate_hz = 48'000,
                                   .bandwidth_hz = 28'000,
                                   .line_code = dsp::LineCode::kNrz},
                         .sync_bits = kSyncChips,
                         .accept_inverted = true,
                         .head_bits = kFrameChips,
                         .max_frame_bits = kFrameChips,
                         .frame_period_s = 1.0,
                         .grain = kGrain};

bool is_serial(Bytes text) {
  return text.size() == 8 && text[0] >= 'C' && text[0] <= 'Z' &&
         std::all_of(text.begin() + 1, text.end(),
                     [](std::uint8_t c) { return c >= '0' && c <= '9'; });
}

/// The instrument's four words as hex digits, highest first; empty when all are zero.
std::string xdata_of(Bytes payload) {
  ByteReader r(payload);
  std::string text;
  bool any = false;
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned word = r.u16_le(2 + 2 * i);
    any = any || word != 0;
    for (int shift = 12; shift >= 0; shift -= 4) {
      text.push_back("0123456789abcdef"[word >> shift & 0xFU]);
    }
  }
  return any ? text : std::string{};
}

/// What is kept of one sonde.
struct Flight {
  std::array<std::uint8_t, 8> serial{};
  Calibration calibration;
};

class Rs92 final : public SondeDecoder {
 public:
  explicit Rs92(const SondeSpec& spec) : spec_(spec) {}

  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override {
    return spec_.max_frame_bits;
  }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override;
  void add_priors(std::span<float> llr) const override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  [[nodiscard]] bool in_chips() const { return spec_.modem.line_code == dsp::LineCode::kNrz; }
  [[nodiscard]] bool is_foreign(Bytes frame) const;
  void identify(Bytes serial);
  void read_sensors(Bytes frame, std::uint16_t counter, Telemetry& t) const;

  const SondeSpec& spec_;
  FrameCorrector corrector_;
  FlightMemory memory_;
  Flight now_, before_;  // two sondes may take turns on one frequency
  bool known_ = false;
  std::uint32_t epoch_ = 0;
};

/// Bits of chips: a 1 is low, then high.
std::array<float, kFrameBits> bits_of(std::span<const float> chips) {
  std::array<float, kFrameBits> bits{};
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = chips[2 * i + 1] - chips[2 * i];
  return bits;
}

void Rs92::add_priors(std::span<float> llr) const {
  if (llr.size() != spec_.max_frame_bits) return;
  if (!in_chips()) {
    memory_.add_priors(llr, now_.calibration);
    return;
  }
  std::array<float, kFrameBits> bits = bits_of(llr);
  memory_.add_priors(bits, now_.calibration);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    const float added = bits[i] - (llr[2 * i + 1] - llr[2 * i]);
    llr[2 * i + 1] += added / 2;
    llr[2 * i] -= added / 2;
  }
}

// A strong SGP decodes on one of the NGP's tones as well, many kHz beside its carrier.
bool Rs92::is_foreign(Bytes frame) const {
  return in_chips() && is_good(frame, kMeasurement) &&
         has_plain_references(read_counts(kMeasurement.of(frame)));
}

bool Rs92::correct(std::span<float> llr, Effort effort, Frame& out) {
  if (llr.size() != spec_.max_frame_bits) return false;
  out.effort = effort;
  std::array<float, kFrameBits> bits;
  if (in_chips()) {
    bits = bits_of(llr);
    llr = bits;
  }
  if (corrector_.run(llr, effort, memory_.serial(), out)) return !is_foreign(out.bytes);
  if (effort == Effort::kErasures) memory_.collect_row(llr);
  return false;
}

void Rs92::identify(Bytes serial) {
  if (known_ && std::ranges::equal(serial, now_.serial)) return;
  std::swap(now_, before_);
  if (known_) ++epoch_;
  if (!known_ || !std::ranges::equal(serial, now_.serial)) {
    now_ = {};
    std::ranges::copy(serial, now_.serial.begin());
  }
  known_ = true;
}

void Rs92::read_sensors(Bytes frame, std::uint16_t counter, Telemetry& t) const {
  const Calibration& table = now_.calibration;
  if (!is_good(frame, kMeasurement) || !table.complete()) return;
  std::array<std::uint8_t, kMeasurement.length> payload{};
  std::ranges::copy(kMeasurement.of(frame), payload.begin());
  if (table.kind() == Kind::kNgp) mask_counts(payload, table.bytes(), counter);
  const Counts counts = read_counts(payload);
  if (const auto c = temperature_c(counts, table)) t.temperature_c = static_cast<float>(*c);
  if (const auto rh = humidity_pct(counts, table)) t.humidity_pct = static_cast<float>(*rh);
  if (const auto p = pressure_hpa(counts, table)) t.pressure_hpa = static_cast<float>(*p);
}

std::optional<Telemetry> Rs92::parse(const Frame& frame, const ReceiveContext& context) {
  const Bytes bytes = frame.bytes;
  if (!is_good(bytes, kConfiguration)) return {};
  const Bytes configuration = kConfiguration.of(bytes);
  const Bytes serial = configuration.subspan(kSerialAt, 8);
  identify(serial);
  memory_.learn(bytes);
  now_.calibration.put(configuration[kRowIndexAt], configuration.subspan(kRowAt, kRowBytes));

  Telemetry t;
  t.type = kSgp.type;
  t.manufacturer = kSgp.manufacturer;
  t.identity_epoch = epoch_;
  const std::uint16_t counter = ByteReader(configuration).u16_le(kCounterAt);
  t.frame_number = counter;
  const Kind kind = now_.calibration.kind();
  if (kind != Kind::kUnknown) t.subtype = kind == Kind::kSgp ? "RS92-SGP" : "RS92-NGP";
  t.tx_frequency_mhz = now_.calibration.frequency_mhz();
  read_sensors(bytes, counter, t);
  if (is_good(bytes, kAuxiliary)) t.xdata = xdata_of(kAuxiliary.of(bytes));
  t.time_reference = TimeReference::kGps;
  t.hold_reason = "no position";
  if (is_good(bytes, kGps)) {
    t.hold_reason = put_navigation(kGps.of(bytes), context.orbits, context.received, t);
  }
  if (is_serial(serial)) {
    t.serial.assign(serial.begin(), serial.end());
  } else {
    t.hold_reason = "serial not of the form S1234567";
  }
  return t;
}

std::unique_ptr<SondeDecoder> make_sgp() { return std::make_unique<Rs92>(kSgp); }
std::unique_ptr<SondeDecoder> make_ngp() { return std::make_unique<Rs92>(kNgp); }

}  // namespace
}  // namespace rs92

namespace sondes {
extern const SondeType rs92, rs92_ngp;
const SondeType rs92{&omnisonde::rs92::kSgp, &omnisonde::rs92::make_sgp};
const SondeType rs92_ngp{&omnisonde::rs92::kNgp, &omnisonde::rs92::make_ngp};
}  // namespace sondes

}  // namespace omnisonde
