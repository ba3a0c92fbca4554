// What the MK2A tests share: one simulated sonde, its packets and its decoder.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "decoders/sonde.hpp"
#include "decoders/sondes/mk2a_packet.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/frame_damage.hpp"

namespace omnisonde::mk2a_test {

using namespace mk2a;  // NOLINT: the packet's vocabulary
using test::Llrs;
using Bytes = std::vector<std::uint8_t>;

inline constexpr UtcMillis kStart = from_civil({2026, 10, 20, 12, 0, 0});
inline constexpr std::size_t kHeadBits = 10 * (kFillBytes + kHeaderBytes);

inline Bytes from_hex(const std::string& text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits),
                       [](unsigned char c) { return std::isxdigit(c) != 0; });
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

inline Bytes to_symbols(std::span<const std::uint8_t> bytes) {
  Bytes symbols;
  for (const std::uint8_t byte : bytes) {
    symbols.push_back(0);
    for (unsigned bit = 0; bit < 8; ++bit) symbols.push_back(byte >> bit & 1U);
    symbols.push_back(1);
  }
  return symbols;
}

// What the receiver hands over, cut to the length that the head tells.
inline Llrs packet_llr(const SondeDecoder& decoder, Bytes packet) {
  packet.insert(packet.begin(), kFillBytes, 0xCA);
  Llrs llr = test::to_llr(to_symbols(packet));
  llr.resize(decoder.frame_bits(llr), -8.0F);
  return llr;
}

class Receiver {
 public:
  Receiver() : decoder_(find_sonde_type("LMS6-1680")->make()) {}

  std::optional<Telemetry> receive(const Llrs& llr, UtcMillis at = kStart,
                                   Effort most = Effort::kPriors) {
    good_ = false;
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors}) {
      if (effort > most) break;
      Llrs work = llr;
      if (effort >= Effort::kPriors) decoder_->add_priors(work);
      if (!decoder_->correct(work, effort, frame_)) continue;
      good_ = true;
      return decoder_->parse(frame_, {.received = at, .frequency_hz = 1680e6});
    }
    return {};
  }
  std::optional<Telemetry> receive(const std::string& hex, UtcMillis at = kStart) {
    return receive(packet_llr(*decoder_, from_hex(hex)), at);
  }
  [[nodiscard]] const SondeDecoder& decoder() const { return *decoder_; }
  [[nodiscard]] const Frame& frame() const { return frame_; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::unique_ptr<SondeDecoder> decoder_;
  Frame frame_;
  bool good_ = false;
};

inline sim::FlightState state_at(int second) {
  sim::FlightState s;
  s.utc = {kStart.ms + second * 1000};
  s.position = {48.25 + second * 1e-4, -11.55 - second * 2e-4, 12'000 + 5.2 * second};
  s.velocity_north_mps = -9;
  s.velocity_east_mps = -15.588;
  s.velocity_up_mps = 5.2;
  s.satellites = 10;
  return s;
}

// Cuts the packets out of a second's symbols: from each CA CA 24 52 on.
inline std::vector<Bytes> packets_of(std::span<const std::uint8_t> symbols) {
  std::vector<Bytes> packets;
  std::string text(symbols.size(), '0');
  std::ranges::transform(symbols, text.begin(), [](std::uint8_t s) { return s != 0 ? '1' : '0'; });
  for (std::size_t at = text.find(kSyncBits); at != std::string::npos;
       at = text.find(kSyncBits, at + 1)) {
    const std::size_t end = std::min(text.size(), at + bits_of(kMostPayload));
    packets.emplace_back(symbols.begin() + static_cast<std::ptrdiff_t>(at),
                         symbols.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return packets;
}

/// A sonde on air.
class Air {
 public:
  explicit Air(const std::string& serial = "")
      : tx_(sim::make_transmitter("LMS6-1680", {serial, "", 1680e6, "", false})) {}

  /// Measurement, position and their copies of the next second (without the very first packet,
  /// which has no idle characters before it).
  std::vector<Bytes> next(const sim::FlightState& state) {
    Bytes all = std::move(rest_);
    const Bytes more = tx_->next_frame(state);
    all.insert(all.end(), more.begin(), more.end());
    rest_.assign(all.end() - 10 * kFillBytes, all.end());
    for (Telemetry& t : tx_->take_truth()) truth_.push_back(std::move(t));
    return packets_of(all);
  }
  [[nodiscard]] const std::vector<Telemetry>& truth() const { return truth_; }

 private:
  std::unique_ptr<sim::Transmitter> tx_;
  Bytes rest_;
  std::vector<Telemetry> truth_;
};

}  // namespace omnisonde::mk2a_test
