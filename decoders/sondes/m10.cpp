// Meteomodem M10 (Trimble or Gtop receiver), M20, and the M10-modulated pilot sonde: one link,
// told apart by the first two bytes.
//
//   chips    ... 1100 1100 (zeros)  1010011001001100  data
//   data     biphase-mark, most significant bit first, no whitening, no error correction
//   offset   0 length n: the frame has n + 1 bytes   1 type   n-1 checksum, two bytes
//
//   64 9F    M10 Trimble   02 status  04 velocity  0A GPS time  0E position  1D fix  20 week
//   64 AF    M10 Gtop      04 position  0F velocity  15 UTC time and date
//            both          32 humidity  3E thermistor  45 battery  5D serial  62 counter
//   64 49    satellite levels, in a burst of its own every 10 s: not a report, not decoded
//   45 20    M20           02 sensors  08 altitude  0B velocity  0F GPS time  12 serial
//                          16 second checksum or pressure  18 climb  1A week  1C position
//                          24 pressure  26 battery  2B XDATA length  2F calibration  43 firmware
//   2E ..    pilot sonde   03 GPS part (pilot_gps.hpp)
//
// One burst a second. M10 units send 9614..9616 chips/s (those of 2025 9600), M20 9600..9604: too
// far apart for one symbol clock over a frame of 1640 chips, hence the second rate. An M20 counts
// GPS time and has no satellite count. Facts: formats/m10.md, m20.md, pilotsonde.md, worked out
// from rs1729/RS, radiosonde_auto_rx, rdz_ttgo_sonde, dxlAPRS, ra-firmware and sondedump. Where
// these differ: week numbers modulo 1024 are completed by the receiver's clock, not by a fixed
// limit, and leap seconds that an M10 does not know yet come from a table.
#include "decoders/sonde.hpp"
#include "decoders/sondes/m10_correct.hpp"
#include "decoders/sondes/m10_frame.hpp"
#include "decoders/sondes/m10_record.hpp"
#include "decoders/sondes/pilot_gps.hpp"

namespace omnisonde {
namespace m10 {
namespace {

constexpr SondeSpec kSpec{
    .type = "M10",
    .manufacturer = "Meteomodem",
    .variants = "M10 Trimble and Gtop, M20 of any firmware, M10-modulated pilot sonde",
    .fields = "velocity, T, RH, battery, satellites (M10 Trimble), pressure and XDATA (M20)",
    .aliases = "M20",
    .modem = {.symbol_rate_hz = 9600,
              .deviation_hz = 5500,
              .bt = 1.5F,
              .channel_rate_hz = 48'000,
              .bandwidth_hz = 24'000,
              .line_code = dsp::LineCode::kNrz,
              .other_symbol_rate_hz = 9616},
    .sync_bits = kSyncChips,
    .accept_inverted = true,
    .head_bits = kHeadChips,
    .max_frame_bits = frame_chips(kMostBytes),
    .frame_period_s = 1.0,
    .serial_records = 2};

class M10 final : public SondeDecoder {
 public:
  [[nodiscard]] std::size_t frame_bits(std::span<const float> head) const override;
  bool correct(std::span<float> llr, Effort effort, Frame& out) override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  Corrector corrector_;
  FlightMemory memory_;
};

// Places in the preamble or in noise are as short as their head: nothing more is spent on them.
std::size_t M10::frame_bits(std::span<const float> head) const {
  const auto bytes = frame_bytes(head);
  return bytes ? frame_chips(*bytes) : kHeadChips;
}

bool M10::correct(std::span<float> llr, Effort effort, Frame& out) {
  if (llr.size() < frame_chips(kPilotLength + 1)) return false;
  const std::size_t bytes = (llr.size() - kDataAt) / kChipsPerByte;
  return corrector_.run(llr, bytes, effort, memory_, out) &&
         out.bytes[0] + std::size_t{1} == bytes && kind_of(out.bytes[0], out.bytes[1]);
}

std::optional<Telemetry> M10::parse(const Frame& frame, const ReceiveContext& context) {
  const std::span<const std::uint8_t> bytes = frame.bytes;
  if (bytes.size() < 2 || bytes[0] + std::size_t{1} != bytes.size()) return {};
  const auto kind = kind_of(bytes[0], bytes[1]);
  if (!kind) return {};
  memory_.learn(bytes);
  switch (*kind) {
    case Kind::kTrimble:
    case Kind::kGtop:
      return read_m10(bytes, context);
    case Kind::kM20:
      return read_m20(bytes, context);
    case Kind::kPilot:
      return pilot::read_gps(bytes.subspan<3, pilot::kGpsBytes>(), 24, "M10");
  }
  return {};
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<M10>(); }

}  // namespace
}  // namespace m10

namespace sondes {
extern const SondeType m10;
const SondeType m10{&omnisonde::m10::kSpec, &omnisonde::m10::make};
}  // namespace sondes

}  // namespace omnisonde
