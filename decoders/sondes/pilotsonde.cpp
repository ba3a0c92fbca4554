// Meteomodem's pilot sonde with the M12 modem. (The form with the M10's modem is read in m10.cpp.)
//
//   4800 symbols/s 2-FSK, either polarity; bytes as a UART sends them: start 0, least significant
//   bit first, stop 1
//   offset   0 AA AA AA 01   4 GPS part, 28 bytes (pilot_gps.hpp)   32 two error estimates, u16
//           36 12 signal levels   48 checksum, high byte first: CRC-16/MODBUS of all before
//
// For the log alone: there is no serial, and the hub knows no such type. Facts: formats/
// pilotsonde.md, worked out from rs1729/RS and ra-firmware. How far the tones are apart is not
// known for certain (ra-firmware sets a deviation of 6.2 kHz); the demodulator measures it, from
// 4 to 7.5 kHz. No period is told, so every burst is searched for.
#include <algorithm>
#include <array>
#include <cmath>

#include "decoders/fec/crc.hpp"
#include "decoders/fec/weak_flips.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/pilot_gps.hpp"

namespace omnisonde {
namespace pilot {
namespace {

constexpr std::size_t kFrameBytes = 50, kCellBits = 10, kGpsAt = 4;
constexpr std::size_t kFrameBits = kFrameBytes * kCellBits;
constexpr float kFraming = 0.6F;  // correlation of start and stop bits, 1 = perfect

constexpr SondeSpec kSpec{.type = kType,
                          .manufacturer = kManufacturer,
                          .variants = "M12 (never uploaded: the hub knows no such type)",
                          .fields = "velocity, satellites",
                          .aliases = "M12",
                          .modem = {.symbol_rate_hz = 4800,
                                    .deviation_hz = 5000,
                                    .bt = 1.0F,
                                    .channel_rate_hz = 48'000,
                                    .bandwidth_hz = 20'000,
                                    .line_code = dsp::LineCode::kNrz},
                          .sync_bits = "0010101011001010101100101010110100000001",
                          .accept_inverted = true,
                          .head_bits = kFrameBits,
                          .max_frame_bits = kFrameBits,
                          .frame_period_s = 0};

using Word = std::array<std::uint8_t, kFrameBytes>;

class M12 final : public SondeDecoder {
 public:
  M12() : crc_({.polynomial = 0x8005, .init = 0xFFFF, .reflected = true, .xor_out = 0}) {}

  [[nodiscard]] std::size_t frame_bits(std::span<const float> head) const override {
    (void)head;
    return kFrameBits;
  }
  bool correct(std::span<float> llr, Effort effort, Frame& out) override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  [[nodiscard]] std::uint16_t syndrome(const Word& word) const;
  std::vector<fec::WeakSpot> spots(std::span<const float> llr) const;

  fec::Crc16 crc_;
  fec::TrialLedger ledger_;
};

float finite(float llr) { return std::isfinite(llr) ? llr : 0; }

/// Start bits are 0, stop bits 1.
bool framed(std::span<const float> llr) {
  float with = 0, all = 0;
  for (std::size_t cell = 0; cell < kFrameBits; cell += kCellBits) {
    const float start = finite(llr[cell]), stop = finite(llr[cell + kCellBits - 1]);
    with += stop - start;
    all += std::fabs(stop) + std::fabs(start);
  }
  return with > kFraming * all;
}

std::size_t place(std::size_t byte, std::size_t bit) { return byte * kCellBits + 1 + bit; }

std::uint16_t M12::syndrome(const Word& word) const {
  const unsigned sum = crc_(std::span(word).first(kFrameBytes - 2));
  const unsigned received = static_cast<unsigned>(word[kFrameBytes - 2]) << 8 | word.back();
  return static_cast<std::uint16_t>(sum ^ received);
}

/// The six least certain bits.
std::vector<fec::WeakSpot> M12::spots(std::span<const float> llr) const {
  constexpr std::size_t kKept = 6;
  std::vector<fec::WeakSpot> all;
  for (std::size_t byte = kGpsAt; byte < kFrameBytes; ++byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      fec::WeakSpot spot;
      spot.cost = std::fabs(finite(llr[place(byte, bit)]));
      spot.flips[0] = {byte, static_cast<std::uint8_t>(1U << bit)};
      all.push_back(spot);
    }
  }
  std::ranges::partial_sort(all, all.begin() + kKept, {}, &fec::WeakSpot::cost);
  all.resize(kKept);
  const std::uint16_t none = syndrome({});
  for (fec::WeakSpot& spot : all) {
    Word unit{};
    unit[spot.flips[0].byte] = spot.flips[0].mask;
    spot.syndrome = static_cast<std::uint16_t>(syndrome(unit) ^ none);
  }
  return all;
}

bool M12::correct(std::span<float> llr, Effort effort, Frame& out) {
  constexpr std::size_t kFlips = 3;
  if (llr.size() < kFrameBits || !framed(llr)) return false;
  Word word = {0xAA, 0xAA, 0xAA, 0x01};
  for (std::size_t byte = kGpsAt; byte < kFrameBytes; ++byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      if (llr[place(byte, bit)] > 0) word[byte] |= static_cast<std::uint8_t>(1U << bit);
    }
  }
  const Word received = word;
  ledger_.begin(word);
  const std::uint16_t wrong = syndrome(word);
  bool good = wrong == 0;
  if (!good && effort != Effort::kHard) {
    auto weakest = spots(llr);
    good = fec::flip_weakest(word, weakest, wrong, kFlips, ledger_);
  }
  if (!good) return false;
  ledger_.clear();
  out.effort = effort;
  out.bytes.assign(word.begin(), word.end());
  out.byte_ok.clear();
  out.reliability.assign(kFrameBytes, INFINITY);
  out.bits_corrected = 0;
  for (std::size_t byte = 0; byte < kFrameBytes; ++byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) {
      const float size = std::fabs(finite(llr[place(byte, bit)]));
      out.reliability[byte] = std::min(out.reliability[byte], size);
      out.bits_corrected += ((word[byte] ^ received[byte]) >> bit & 1U) != 0 ? 1 : 0;
    }
  }
  return true;
}

std::optional<Telemetry> M12::parse(const Frame& frame, const ReceiveContext& context) {
  (void)context;
  if (frame.bytes.size() != kFrameBytes) return {};
  return read_gps(std::span<const std::uint8_t>(frame.bytes).subspan<kGpsAt, kGpsBytes>(), 32,
                  "M12");
}

std::unique_ptr<SondeDecoder> make() { return std::make_unique<M12>(); }

}  // namespace
}  // namespace pilot

namespace sondes {
extern const SondeType pilotsonde;
const SondeType pilotsonde{&omnisonde::pilot::kSpec, &omnisonde::pilot::make};
}  // namespace sondes

}  // namespace omnisonde
