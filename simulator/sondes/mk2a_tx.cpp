// Test encoder of the Lockheed Martin LMS6-1680 (MK2A): one second per call, idle characters
// between and after its four packets.
#include <algorithm>
#include <cmath>
#include <memory>

#include "decoders/sonde.hpp"
#include "decoders/sondes/mk2a_packet.hpp"
#include "simulator/sondes/lockheed_fields.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace mk2a {
namespace {

using namespace omnisonde::mk2a;  // NOLINT: the packet's vocabulary
using lockheed::Bytes;
using lockheed::put_be;
using lockheed::put_noise;

constexpr std::uint32_t kSerial = 7072868;
constexpr std::uint8_t kIdle = 0xCA;
constexpr std::size_t kIdleBytes = 10;           // between packets
constexpr double kBytesPerSecond = 961.6;        // what 9616 symbols make
constexpr unsigned kPages = 8, kSerialPage = 0;  // made up; only that there are pages is known
constexpr double kUnitsPerDegree = 0xB60B60;

class Mk2aTx final : public Transmitter {
 public:
  explicit Mk2aTx(const SondeIdentity& identity)
      : modem_(find_sonde_type("LMS6-1680")->spec->modem),
        serial_(lockheed::serial_of(identity.serial, kSerial)) {}

  [[nodiscard]] const dsp::ModemParams& modem() const override { return modem_; }
  [[nodiscard]] double burst_period_s() const override { return 0; }
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

  std::vector<std::uint8_t> next_frame(const FlightState& state) override {
    Bytes second;
    for (const std::uint8_t copy : {'1', '2'}) {
      append(second, measurement(copy));
      append(second, position(copy, state));
    }
    ++number_;
    const auto end = static_cast<std::size_t>(std::floor(++seconds_ * kBytesPerSecond));
    second.resize(end - sent_, kIdle);
    sent_ = end;
    return to_symbols(second);
  }

 private:
  static void append(Bytes& second, const Bytes& packet) {
    second.insert(second.end(), packet.begin(), packet.end());
    second.insert(second.end(), kIdleBytes, kIdle);
  }

  static std::vector<std::uint8_t> to_symbols(const Bytes& bytes) {
    std::vector<std::uint8_t> symbols;
    for (const std::uint8_t byte : bytes) {
      symbols.push_back(0);
      for (unsigned bit = 0; bit < 8; ++bit) symbols.push_back(byte >> bit & 1U);
      symbols.push_back(1);
    }
    return symbols;
  }

  [[nodiscard]] Bytes begin(std::uint8_t type, std::uint8_t copy, std::size_t payload) const {
    Bytes packet = {0x24, 0x52, type, copy};
    put_be(packet, serial_ & 0xFFFFU, 2);
    put_be(packet, number_, 2);
    put_be(packet, static_cast<std::int64_t>(payload), 2);
    return packet;
  }

  [[nodiscard]] Bytes measurement(std::uint8_t copy) const {
    Bytes packet = begin(kMeasurement, copy, kMeasurementPayload);
    packet.push_back(0x0D);
    for (unsigned i = 0; i < 13; ++i) put_be(packet, 0x03B9B0 + 0x1000 * i + number_ % 7U, 3);
    const unsigned page = number_ % kPages;
    if (page == kSerialPage) {
      put_be(packet, serial_ & 0xFFFFU, 2);
      put_be(packet, serial_ >> 16U, 2);
      put_noise(packet, 12, serial_);
    } else {
      put_noise(packet, 16, serial_ + page * 77U);
    }
    lockheed::put_checksum(packet);
    return packet;
  }

  Bytes position(std::uint8_t copy, const FlightState& state) {
    const int satellites = std::clamp(state.satellites, 0, static_cast<int>(kMostSatellites));
    const auto count = static_cast<std::size_t>(satellites);
    Bytes packet = begin(kPosition, copy, kPositionPayload + kSatelliteBytes * count);
    Telemetry truth;
    lockheed::put_navigation(packet, state, kUnitsPerDegree, truth);
    put_be(packet, 0x30, 2);
    packet.push_back(static_cast<std::uint8_t>(count));
    for (unsigned i = 0; i < count; ++i) {
      packet.push_back(static_cast<std::uint8_t>(4 + 2 * i));
      packet.push_back(static_cast<std::uint8_t>(0x1E + i));
      put_be(packet, 0x0F14, 2);
      put_noise(packet, 9, number_ * 32U + i);
    }
    lockheed::put_checksum(packet);
    truth.type = "LMS6-1680";
    truth.manufacturer = "Lockheed Martin";
    truth.serial = std::to_string(serial_);
    truth.frame_number = number_;
    truth.satellites = satellites;
    if (copy == '1') truth_.push_back(std::move(truth));
    return packet;
  }

  dsp::ModemParams modem_;
  std::uint32_t serial_;
  std::uint16_t number_ = 1490;
  double seconds_ = 0;
  std::size_t sent_ = 0;
  std::vector<Telemetry> truth_;
};

}  // namespace
}  // namespace mk2a

std::unique_ptr<Transmitter> make_mk2a_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_mk2a_tx(const SondeIdentity& identity) {
  return std::make_unique<mk2a::Mk2aTx>(identity);
}

}  // namespace omnisonde::sim
