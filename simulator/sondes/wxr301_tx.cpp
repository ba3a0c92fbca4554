// Test encoder of the Weathex WxR-301D, plain and PN9, written from the format sheet and not from
// the decoder. Two bursts a second: sensors (their layout is unknown: counting bytes), then GPS.
#include <charconv>
#include <cmath>

#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace wxr301 {
namespace {

constexpr dsp::ModemParams modem_of(double baud) {
  return {.symbol_rate_hz = baud,
          .deviation_hz = 25'000,
          .bt = 0,
          .channel_rate_hz = 96'000,
          .bandwidth_hz = 70'000,
          .line_code = dsp::LineCode::kNrz};
}
constexpr dsp::ModemParams kPlain = modem_of(4800), kPn9 = modem_of(5000);
constexpr std::size_t kTrailing = 6;

using Bytes = std::vector<std::uint8_t>;

void put(Bytes& block, std::size_t first_bit, std::size_t bits, std::int64_t value) {
  for (std::size_t i = 0; i < bits; ++i) {
    const std::size_t at = first_bit + i;
    if ((value >> i & 1) != 0) block[at / 8] |= static_cast<std::uint8_t>(1U << at % 8);
  }
}

class Wxr301Tx final : public Transmitter {
 public:
  Wxr301Tx(const SondeIdentity& identity, bool whitened) : whitened_(whitened) {
    const std::string& text = identity.serial;
    std::from_chars(text.data(), text.data() + text.size(), serial_);
  }
  [[nodiscard]] const dsp::ModemParams& modem() const override { return whitened_ ? kPn9 : kPlain; }
  [[nodiscard]] double burst_period_s() const override { return 0.5; }
  std::vector<std::uint8_t> next_frame(const FlightState& s) override;
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

 private:
  void put_fix(Bytes& block, const FlightState& s);
  [[nodiscard]] std::vector<std::uint8_t> to_symbols(Bytes block) const;

  bool whitened_;
  std::uint32_t serial_ = 2'302'108'505;
  std::uint16_t counter_ = 4400;
  bool first_half_sent_ = false;
  std::vector<Telemetry> truth_;
};

void Wxr301Tx::put_fix(Bytes& block, const FlightState& s) {
  const CivilTime c = to_civil(s.utc);
  put(block, 56, 18, (c.hour * 100 + c.minute) * 100 + c.second);
  put(block, 108, 19, std::llround(s.position.altitude_m * 10));
  put(block, 127, 25, std::llround(s.position.latitude_deg * 1e5));
  put(block, 152, 26, std::llround(s.position.longitude_deg * 1e5));
  Telemetry t;
  t.type = whitened_ ? "WxR-301D-5k" : "WxR-301D";
  t.manufacturer = "Weathex";
  t.serial = std::to_string(serial_);
  t.frame_number = counter_;
  t.datetime = UtcMillis{s.utc.ms / 1000 * 1000};
  t.position = s.position;
  t.height_reference = HeightReference::kMeanSeaLevel;
  if (first_half_sent_) truth_.push_back(std::move(t));  // a receiver needs both
}

std::vector<std::uint8_t> Wxr301Tx::to_symbols(Bytes block) const {
  Bytes air = {0xAA, 0xAA, 0xAA};
  const auto append = [&air](const Bytes& more) {
    air.insert(air.end(), more.begin(), more.end());
  };
  block.insert(block.end(), kTrailing, std::uint8_t{0x5C});
  if (whitened_) {
    append({0xC1, 0x94, 0xC1});
    Bytes body = {0x39, 0xFF};
    body.insert(body.end(), block.begin(), block.end());
    unsigned state = 0x1FF;  // x^9 + x^5 + 1
    for (std::uint8_t& byte : body) {
      std::uint8_t mask = 0;
      for (int bit = 0; bit < 8; ++bit) {
        mask = static_cast<std::uint8_t>(mask << 1 | (state & 1U));
        state = state >> 1 | ((state & 1U) ^ (state >> 5 & 1U)) << 8;
      }
      byte ^= mask;
    }
    append(body);
  } else {
    append({0x2D, 0xD4, 0x55});
    append(block);
  }
  std::vector<std::uint8_t> symbols;
  for (const std::uint8_t byte : air) {
    for (int bit = 7; bit >= 0; --bit) {
      symbols.push_back(static_cast<std::uint8_t>(byte >> bit & 1));
    }
  }
  return symbols;
}

std::vector<std::uint8_t> Wxr301Tx::next_frame(const FlightState& s) {
  const bool second_half = s.utc.ms % 1000 >= 500;
  if (!second_half) ++counter_;
  Bytes block(55, 0);
  put(block, 0, 32, serial_);
  put(block, 32, 16, counter_);
  block[6] = second_half ? 2 : 1;
  if (second_half) {
    put_fix(block, s);
  } else {
    for (std::size_t i = 7; i < 53; ++i)
      block[i] = static_cast<std::uint8_t>(counter_ * 5 + i * 29);
  }
  first_half_sent_ = !second_half;
  for (std::size_t i = 0; i < 53; ++i) {
    block[53] ^= block[i];
    block[54] = static_cast<std::uint8_t>(block[54] + block[i]);
  }
  return to_symbols(std::move(block));
}

}  // namespace
}  // namespace wxr301

std::unique_ptr<Transmitter> make_wxr301_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_wxr301_tx(const SondeIdentity& identity) {
  return std::make_unique<wxr301::Wxr301Tx>(identity, false);
}
// The receivers for tones farther apart share the transmitters (deviation_hz of a scenario).
std::unique_ptr<Transmitter> make_wxr301_far_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_wxr301_far_tx(const SondeIdentity& identity) {
  return make_wxr301_tx(identity);
}

std::unique_ptr<Transmitter> make_wxr301_5k_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_wxr301_5k_tx(const SondeIdentity& identity) {
  return std::make_unique<wxr301::Wxr301Tx>(identity, true);
}
std::unique_ptr<Transmitter> make_wxr301_5k_far_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_wxr301_5k_far_tx(const SondeIdentity& identity) {
  return make_wxr301_5k_tx(identity);
}

}  // namespace omnisonde::sim
