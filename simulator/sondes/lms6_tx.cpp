// Test encoder of the Lockheed Martin LMS6-403, LMS6-403-2 and LMSX-403 (variants by these names;
// of the type LMSX-403 "gap 0", "gap 35" and "gap 40" as well, which say where the codeword
// stands).
#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <memory>

#include "decoders/geo/gps_time.hpp"
#include "decoders/sonde.hpp"
#include "decoders/sondes/lms6_block.hpp"
#include "decoders/sondes/lms6_stream.hpp"
#include "simulator/sondes/lockheed_fields.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace lms6 {
namespace {

using namespace omnisonde::lms6;  // NOLINT: the frame's vocabulary
using lockheed::Bytes;
using lockheed::put_be;
using lockheed::put_noise;

constexpr std::uint32_t kSerial = 8034890;
constexpr std::uint8_t kFiller = 0xCA;

class Lms6Tx : public Transmitter {
 public:
  Lms6Tx(std::string_view type, const SondeIdentity& identity)
      : modem_(find_sonde_type(type)->spec->modem),
        serial_(lockheed::serial_of(identity.serial, kSerial) & 0xFFFFFFU),
        encoder_(fec::kCcsdsConvolutional) {}

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

  std::vector<std::uint8_t> next_frame(const FlightState& state) override {
    symbols_.clear();
    send_second(state);
    ++number_;
    return symbols_;
  }

 protected:
  virtual void send_second(const FlightState& state) = 0;

  void send(std::uint8_t byte) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      for (const std::uint8_t symbol : encoder_.push(byte >> bit & 1U)) symbols_.push_back(symbol);
    }
  }

  Bytes begin_frame(std::uint32_t marker, const char* subtype, Telemetry& truth) const {
    Bytes frame;
    put_be(frame, marker, 4);
    put_be(frame, serial_, 4);
    put_be(frame, number_, 2);
    truth.type = "LMS6-403";
    truth.subtype = subtype;
    truth.manufacturer = "Lockheed Martin";
    truth.serial = std::to_string(serial_);
    truth.frame_number = number_;
    return frame;
  }

  void end_frame(Bytes& frame) const {
    put_noise(frame, kFrameBytes - 2 - frame.size(), serial_ + std::uint64_t{number_} * 1000);
    lockheed::put_checksum(frame);
  }

  dsp::ModemParams modem_;
  std::uint32_t serial_;
  std::uint16_t number_ = 5516;
  std::vector<Telemetry> truth_;

 private:
  fec::ConvolutionalEncoder encoder_;
  std::vector<std::uint8_t> symbols_;
};

// The frame of each second goes into the queue of message bytes; blocks take them from there.
class Stream final : public Lms6Tx {
 public:
  explicit Stream(const SondeIdentity& identity)
      : Lms6Tx("LMS6-403", identity), second_model_(identity.variant == "LMS6-403-2") {}

 private:
  void send_second(const FlightState& state) override {
    Telemetry truth;
    Bytes frame = begin_frame(second_model_ ? 0x24540005 : 0x24540000,
                              second_model_ ? "LMS6-403-2" : "LMS6-403", truth);
    lockheed::put_navigation(frame, state, 4'294'967'296.0 / 360, truth);
    put_be(frame, 0x38, 2);
    for (int channel = 0; channel < 12; ++channel) {
      put_be(frame, 0x2D1F00 + channel * 0x10000 + 0x1F00 * (channel % 3), 3);
      put_noise(frame, 8, number_ * 12U + static_cast<unsigned>(channel));
    }
    end_frame(frame);
    queue_.insert(queue_.end(), frame.begin(), frame.end());
    whole_.push_back({std::move(truth), 0});
    for (std::size_t i = 0; i < kFramePeriodBytes; ++i) send(next_byte());
  }

  std::uint8_t next_byte() {
    const std::size_t at = position_++ % kBlockBytes;
    if (at == 1) deliver();  // a block can be decoded once the byte behind it has come
    if (at < kSync.size()) return kSync[at];
    const std::size_t within = at - kSync.size();
    if (within < kMessageBytes) {
      word_[within] = queue_.empty() ? kFiller : queue_.front();
      if (!queue_.empty()) {
        queue_.pop_front();
        if (queue_.empty()) whole_.back().complete = true;
      }
    }
    if (within + 1 == kMessageBytes) encode_word(word_);
    return word_[within];
  }

  void deliver() {
    while (!whole_.empty() && whole_.front().complete) {
      truth_.push_back(std::move(whole_.front().truth));
      whole_.pop_front();
    }
  }

  struct Sent {
    Telemetry truth;
    bool complete;
  };
  bool second_model_;
  std::size_t position_ = 0;
  std::deque<std::uint8_t> queue_;
  std::deque<Sent> whole_;
  std::array<std::uint8_t, kWordBytes> word_{};
};

class Blocks final : public Lms6Tx {
 public:
  explicit Blocks(const SondeIdentity& identity) : Lms6Tx("LMSX-403", identity) {
    if (identity.variant == "gap 0") gap_ = 0;
    if (identity.variant == "gap 35") gap_ = 35;
  }

 private:
  void send_second(const FlightState& state) override {
    Telemetry truth;
    Bytes frame = begin_frame(0x24460500, "LMSX-403", truth);
    const double tow_s = static_cast<double>(geo::gps_time(state.utc).tow_ms) * 1e-3;
    const auto time = std::bit_cast<std::uint64_t>(tow_s);
    put_be(frame, static_cast<std::int64_t>(time & 0xFFFFFFFFU), 4);
    put_be(frame, static_cast<std::int64_t>(time >> 32U), 4);
    put_be(frame, std::llround(state.position.latitude_deg * 1e7), 4);
    put_be(frame, std::llround(state.position.longitude_deg * 1e7), 4);
    put_be(frame, std::llround(state.position.altitude_m * 100), 4);
    lockheed::put_motion(state, truth);
    put_be(frame, std::llround(static_cast<double>(*truth.velocity_h_mps) * 100), 2);
    put_be(frame, std::llround(static_cast<double>(*truth.heading_deg) * 100), 2);
    put_be(frame, std::llround(state.velocity_up_mps * 100), 2);
    truth.datetime = lockheed::gps_clock(state.utc);
    truth.time_reference = TimeReference::kGps;
    truth.position = state.position;
    truth.height_reference = HeightReference::kEllipsoid;
    end_frame(frame);
    std::array<std::uint8_t, kWordBytes> word{};
    std::ranges::copy(frame, word.begin());
    encode_word(word);
    for (const std::uint8_t byte : kSync) send(byte);
    for (std::size_t i = 0; i < gap_; ++i) send(kFiller);
    for (const std::uint8_t byte : word) send(byte);
    const std::size_t sent = kSync.size() + gap_ + kWordBytes;
    for (std::size_t i = sent; i < kFramePeriodBytes; ++i) send(kFiller);
    truth_.push_back(std::move(truth));
  }

  std::size_t gap_ = 40;
};

}  // namespace
}  // namespace lms6

std::unique_ptr<Transmitter> make_lms6_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_lms6_tx(const SondeIdentity& identity) {
  if (identity.variant == "LMSX-403") return std::make_unique<lms6::Blocks>(identity);
  return std::make_unique<lms6::Stream>(identity);
}

std::unique_ptr<Transmitter> make_lmsx_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_lmsx_tx(const SondeIdentity& identity) {
  return std::make_unique<lms6::Blocks>(identity);
}

}  // namespace omnisonde::sim
