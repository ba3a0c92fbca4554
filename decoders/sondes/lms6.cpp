// Lockheed Martin (Sippican) LMS6-403, LMS6-403-2 and LMSX-403.
//
// FSK, modulation index 0.9, continuous; convolutional code and Reed-Solomon: see lms6_block.hpp.
//   LMS6  4800 symbols/s, blocks of 260 bytes without gaps, whose messages make up a byte stream
//         with a data frame every second: lms6_stream.hpp
//   LMSX  4797.8 symbols/s, one block of 300 bytes per data frame. Over a block the two rates drift
//         two symbols apart, so the receiver listens for each by itself; the type is decided by
//         the marker alone.
//
//   data frame, 223 bytes, big-endian; CRC-16 (0x1021, start 0) in the last two
//     0  24 54 00 00 LMS6-403 | 24 54 00 05 LMS6-403-2 | 24 46 05 00 LMSX-403
//     4  serial, of which the low 24 bits count      8  frame number
//        LMS6                                           LMSX
//    10  GPS time of week, ms (u32), unknown (s32)      s, a double, its low half first
//    18  latitude, longitude x 360/2^32 deg             x 1e-7 deg
//    26  altitude above the ellipsoid, mm               cm
//    30  east, north, up, 3 bytes each, mm/s            speed cm/s, heading 0.01 deg, climb cm/s
// The rest (satellites, raw sensor counts) nobody reads. There is no date: the week is the one
// nearest to the receiver's clock. Facts: formats/lms6.md, from rs1729/RS, radiosonde_auto_rx and
// a block published there.
#include <algorithm>
#include <bit>
#include <cmath>

#include "decoders/byte_reader.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/lms6_block.hpp"
#include "decoders/sondes/lms6_stream.hpp"
#include "decoders/sondes/lockheed.hpp"

namespace omnisonde {
namespace lms6 {
namespace {

constexpr double kSymbolRate_hz = 4800;
constexpr double kLmsxSymbolRate_hz = 4797.8;
constexpr double kBlock_ms = kBlockBytes * kSymbolsPerByte * 1000 / kSymbolRate_hz;
// One byte more than the word, so that the inner code's last bits have something to lean on.
constexpr std::size_t kLms6Bits = kBlockBytes * kSymbolsPerByte;
constexpr std::size_t kLmsxBits = kFramePeriodBytes * kSymbolsPerByte;
constexpr double kLowest_m = -200;

// A block is tried some thirty times over at most, so noise passes once in 5e5 blocks, and no data
// frame comes of it without a marker (32 bits) and a checksum (16) of its own.
constexpr double kSolidBits = 24;
constexpr double kChecksumBits = 16;

constexpr SondeSpec kLms6Spec{.type = "LMS6-403",
                              .manufacturer = "Lockheed Martin",
                              .variants = "LMS6-403, LMS6-403-2",
                              .fields = "velocity",
                              .modem = {.symbol_rate_hz = kSymbolRate_hz,
                                        .deviation_hz = 2160,
                                        .bt = 1.2F,
                                        .channel_rate_hz = 48'000,
                                        .bandwidth_hz = 13'000,
                                        .line_code = dsp::LineCode::kNrz},
                              .sync_bits = kSyncSymbols,
                              .accept_inverted = true,
                              .head_bits = kLms6Bits,
                              .max_frame_bits = kLms6Bits,
                              .frame_period_s = kBlock_ms * 1e-3,
                              .grain = {.time_s = 0.1}};

// Its frames may come at longer intervals than one block, so there is no period to rely on.
constexpr SondeSpec kLmsxSpec{.type = "LMSX-403",
                              .manufacturer = "Lockheed Martin",
                              .variants = "LMSX-403",
                              .fields = "velocity",
                              .aliases = "LMS6-403",  // the hub's name for both
                              .modem = {.symbol_rate_hz = kLmsxSymbolRate_hz,
                                        .deviation_hz = 2160,
                                        .bt = 1.2F,
                                        .channel_rate_hz = 48'000,
                                        .bandwidth_hz = 13'000,
                                        .line_code = dsp::LineCode::kNrz},
                              .sync_bits = kSyncSymbols,
                              .accept_inverted = true,
                              .head_bits = kLmsxBits,
                              .max_frame_bits = kLmsxBits,
                              .frame_period_s = 0,
                              .grain = {.time_s = 0.1}};

const char* name_of(Model model) {
  switch (model) {
    case Model::kLms6:
      return "LMS6-403";
    case Model::kLms6Two:
      return "LMS6-403-2";
    case Model::kLmsx:
      return "LMSX-403";
    case Model::kNone:
      break;
  }
  return "";
}

void read_lmsx_navigation(std::span<const std::uint8_t> frame, UtcMillis received, Telemetry& t) {
  ByteReader r(frame);
  const auto tow_s =
      std::bit_cast<double>(std::uint64_t{r.u32_be(14)} << 32U | std::uint64_t{r.u32_be(10)});
  t.time_reference = TimeReference::kGps;
  if (tow_s >= 0 && tow_s < 604'800) {  // false for what is no number
    t.datetime = lockheed::gps_clock_near(std::llround(tow_s * 1000), received);
  }
  t.position = GeoPosition{r.i32_be(18) * 1e-7, r.i32_be(22) * 1e-7, r.i32_be(26) * 1e-2};
  t.height_reference = HeightReference::kEllipsoid;
  t.velocity_h_mps = static_cast<float>(r.u16_be(30) * 0.01);
  const unsigned heading = r.u16_be(32);
  if (heading <= 36'000) t.heading_deg = static_cast<float>(heading * 0.01);
  t.velocity_v_mps = static_cast<float>(r.i16_be(34) * 0.01);
}

/// What has been tried as one block: the receiver climbs its ladder by calling again with the same
/// block demodulated better.
struct Attempt {
  std::vector<std::uint8_t> signs;
  std::array<std::uint8_t, kMessageBytes> message{};
  bool failed = false;

  [[nodiscard]] bool same_block(std::span<const float> llr) const {
    if (llr.size() != signs.size()) return false;
    std::size_t equal = 0;
    for (std::size_t i = 0; i < signs.size(); ++i) equal += (llr[i] > 0) == (signs[i] != 0);
    return equal > signs.size() * 3 / 4;
  }
};

class Lms6 final : public SondeDecoder {
 public:
  explicit Lms6(bool lmsx) : lmsx_(lmsx), prior_(8 * kMessageBytes) {}

  [[nodiscard]] std::size_t frame_bits(std::span<const float>) const override {
    return lmsx_ ? kLmsxBits : kLms6Bits;
  }

  /// Soft decisions at every effort; the ladder is in what is given up and what is known.
  bool correct(std::span<float> llr, Effort effort, Frame& out) override;
  std::optional<Telemetry> parse(const Frame& frame, const ReceiveContext& context) override;

 private:
  void begin_attempt(std::span<const float> llr);
  bool try_gaps(std::span<const float> llr, std::span<const float> prior, Effort effort,
                Frame& out);
  bool find_word(std::size_t gap, Effort effort);
  [[nodiscard]] bool acceptable() const;
  [[nodiscard]] bool completes_known_sonde() const;
  void finish(std::size_t gap, bool vouched, Frame& out);
  std::optional<DataFrame> extend_stream(Message message, UtcMillis received);
  std::optional<Telemetry> make_record(std::span<const std::uint8_t> frame, UtcMillis received);

  bool lmsx_;
  BlockCorrector corrector_;
  BlockCorrector::Word word_;
  std::vector<float> prior_;
  Attempt attempt_;                                                    ///< the latest block
  std::optional<std::array<std::uint8_t, kMessageBytes>> unrepaired_;  ///< the one before, if lost
  std::size_t lost_ = 0;                                               ///< blocks since parse()
  Stream stream_;
  std::optional<UtcMillis> appended_at_;
  std::uint32_t serial_ = 0;
  std::uint32_t epoch_ = 0;
};

void Lms6::begin_attempt(std::span<const float> llr) {
  if (attempt_.failed && attempt_.same_block(llr)) return;
  unrepaired_.reset();
  if (attempt_.failed) {
    unrepaired_ = attempt_.message;
    ++lost_;
  }
  attempt_.failed = false;
  attempt_.signs.resize(llr.size());
  std::ranges::transform(llr, attempt_.signs.begin(),
                         [](float x) { return static_cast<std::uint8_t>(x > 0); });
}

bool Lms6::acceptable() const {
  const Model model = model_of(word_.message);
  if (lmsx_) {
    return model == Model::kLmsx && is_data_frame(word_.message) &&
           word_.evidence_bits + kChecksumBits >= kSolidBits;
  }
  if (model == Model::kLmsx && is_data_frame(word_.message)) return false;
  if (word_.evidence_bits >= kSolidBits) return true;
  return word_.evidence_bits + kChecksumBits >= kSolidBits && completes_known_sonde();
}

bool Lms6::completes_known_sonde() const {
  const std::optional<DataFrame> frame = stream_.preview(word_.message);
  if (!frame || serial_ == 0) return false;
  ByteReader r(*frame);
  return r.u24_be(5) == serial_;
}

// Generalised minimum distance decoding: gives up 2, 4 .. of the least reliable bytes. (G. D.
// Forney, IEEE Trans. Inform. Theory 12, 1966.)
bool Lms6::find_word(std::size_t gap, Effort effort) {
  const std::size_t most = effort == Effort::kHard ? 0 : kParityBytes - 2;
  for (std::size_t erasures = 0; erasures <= most; erasures += 2) {
    if (corrector_.correct(gap, erasures, word_) && acceptable()) return true;
  }
  return false;
}

bool Lms6::try_gaps(std::span<const float> llr, std::span<const float> prior, Effort effort,
                    Frame& out) {
  corrector_.load(llr, prior);
  const auto gaps = lmsx_ ? std::span<const std::size_t>(kGapsLmsx) : kGapsLms6;
  for (const std::size_t gap : gaps) {
    if (!find_word(gap, effort)) continue;
    finish(gap, true, out);
    return true;
  }
  return false;
}

bool Lms6::correct(std::span<float> llr, Effort effort, Frame& out) {
  if (llr.size() < kSyncSymbols.size() + kWordBytes * kSymbolsPerByte) return false;
  begin_attempt(llr);
  out.effort = effort;
  // What is known of the flight can be wrong as well: without it a frame must not be lost.
  const bool informed = effort >= Effort::kPriors && !lmsx_ && stream_.predict(lost_, prior_);
  if (informed && try_gaps(llr, prior_, effort, out)) return true;
  if (try_gaps(llr, {}, effort, out)) return true;
  std::copy_n(corrector_.bytes().begin(), kMessageBytes, attempt_.message.begin());
  attempt_.failed = true;
  if (effort < Effort::kDeep || lmsx_) return false;
  // The last resort: the end of a data frame that has begun in the block before. Its checksum
  // holds and the sonde is known, although the block is beyond repair.
  word_.message = attempt_.message;
  word_.bits_corrected = 0;
  if (!completes_known_sonde()) return false;
  finish(0, false, out);
  return true;
}

void Lms6::finish(std::size_t gap, bool vouched, Frame& out) {
  out.bytes.assign(word_.message.begin(), word_.message.end());
  const auto sure = corrector_.reliability().subspan(gap, kMessageBytes);
  out.reliability.assign(sure.begin(), sure.end());
  out.byte_ok.assign(kMessageBytes, vouched ? 1 : 0);
  out.bits_corrected = word_.bits_corrected;
  attempt_.failed = false;
}

// Puts a message to its place in the stream, by the time since the last one. A lost block between
// two good ones is filled up with what was received: the data frame's checksum decides.
std::optional<DataFrame> Lms6::extend_stream(Message message, UtcMillis received) {
  double blocks = 1;
  if (appended_at_ && received != *appended_at_) {
    blocks = static_cast<double>(received.ms - appended_at_->ms) / kBlock_ms;
  }
  appended_at_ = received;
  const double whole = std::round(blocks);
  constexpr double kInStep = 0.1;  // of a block; clock errors are far below
  constexpr double kForget = 1e4;
  if (whole < 1 || whole > kForget || std::fabs(blocks - whole) > kInStep) {
    stream_ = {};
  } else if (whole >= 2) {
    const auto missing = static_cast<std::size_t>(whole) - 1;
    stream_.skip(unrepaired_ ? missing - 1 : missing);
    if (unrepaired_) (void)stream_.append(*unrepaired_);
  }
  return stream_.append(message);
}

std::optional<Telemetry> Lms6::parse(const Frame& frame, const ReceiveContext& context) {
  lost_ = 0;
  if (frame.bytes.size() != kMessageBytes) return {};
  if (lmsx_) {
    if (model_of(frame.bytes) != Model::kLmsx || !is_data_frame(frame.bytes)) return {};
    return make_record(frame.bytes, context.received);
  }
  const std::optional<DataFrame> data = extend_stream(frame.bytes, context.received);
  unrepaired_.reset();
  if (!data) return {};
  return make_record(*data, context.received);
}

std::optional<Telemetry> Lms6::make_record(std::span<const std::uint8_t> frame,
                                           UtcMillis received) {
  ByteReader r(frame);
  const std::uint32_t serial = r.u24_be(5);
  if (serial >> 16U == 0) return {};  // not programmed: radiosonde_auto_rx ignores these as well
  if (serial_ != 0 && serial != serial_) ++epoch_;
  serial_ = serial;
  const Model model = model_of(frame);
  Telemetry t;
  t.type = "LMS6-403";  // the hub has one name for the three
  t.subtype = name_of(model);
  t.manufacturer = "Lockheed Martin";
  t.serial = std::to_string(serial);
  t.frame_number = r.u16_be(8);
  t.identity_epoch = epoch_;
  if (model == Model::kLmsx) {
    read_lmsx_navigation(frame, received, t);
  } else {
    constexpr double kDegrees = 360.0 / 4'294'967'296.0;
    lockheed::read_navigation(frame, kDegrees, received, t);
  }
  lockheed::judge(t, kLowest_m, received);
  return t;
}

std::unique_ptr<SondeDecoder> make_lms6() { return std::make_unique<Lms6>(false); }
std::unique_ptr<SondeDecoder> make_lmsx() { return std::make_unique<Lms6>(true); }

}  // namespace
}  // namespace lms6

namespace sondes {
extern const SondeType lms6, lmsx;
const SondeType lms6{&omnisonde::lms6::kLms6Spec, &omnisonde::lms6::make_lms6};
const SondeType lmsx{&omnisonde::lms6::kLmsxSpec, &omnisonde::lms6::make_lmsx};
}  // namespace sondes

}  // namespace omnisonde
