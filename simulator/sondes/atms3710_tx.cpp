// Test encoders of the ATMS-3710 and the PS-B3, written from the format sheet and not from the
// decoders. What the sheet does not know is zero.
#include <cmath>

#include "decoders/fec/crc.hpp"
#include "simulator/transmitter.hpp"

namespace omnisonde::sim {
namespace uaii {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr dsp::ModemParams kAtms{.symbol_rate_hz = 2400,
                                 .deviation_hz = 40'000,
                                 .bt = 0,
                                 .channel_rate_hz = 240'000,
                                 .bandwidth_hz = 110'000,
                                 .line_code = dsp::LineCode::kNrz};
constexpr dsp::ModemParams kPsB3{.symbol_rate_hz = 770,
                                 .deviation_hz = 2400,
                                 .bt = 0,
                                 .channel_rate_hz = 48'000,
                                 .bandwidth_hz = 9'000,
                                 .line_code = dsp::LineCode::kManchester};

void put(Bytes& frame, std::size_t first, std::size_t width, std::int64_t value) {
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t at = first + width - 1 - i;
    if ((value >> i & 1) != 0) frame[at / 8] |= static_cast<std::uint8_t>(0x80U >> at % 8);
  }
}

/// `count` decimal digits from nibble `first` on.
void put_digits(Bytes& frame, std::size_t first, std::size_t count, std::int64_t value) {
  for (std::size_t i = 0; i < count; ++i, value /= 10) {
    put(frame, 4 * (first + count - 1 - i), 4, value % 10);
  }
}

std::int64_t minutes_e4(double degrees) {
  return std::llround((degrees - std::trunc(degrees)) * 600'000);
}

Telemetry record(const FlightState& s, const char* type, const char* manufacturer) {
  Telemetry t;
  t.type = type;
  t.manufacturer = manufacturer;
  t.datetime = UtcMillis{s.utc.ms / 1000 * 1000};
  t.position = s.position;
  t.height_reference = HeightReference::kMeanSeaLevel;
  t.hold_reason = "the hub does not know this type";
  return t;
}

class AtmsTx final : public Transmitter {
 public:
  [[nodiscard]] const dsp::ModemParams& modem() const override { return kAtms; }
  [[nodiscard]] double burst_period_s() const override { return 1.0; }
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

  std::vector<std::uint8_t> next_frame(const FlightState& s) override {
    static const fec::Crc16 kCrc(
        {.polynomial = 0x8005, .init = 0, .reflected = false, .xor_out = 0});
    Bytes frame(56, 0);
    put(frame, 0, 40, 0x5555552DD4);
    const CivilTime c = to_civil(s.utc);
    put(frame, 194, 5, c.day);
    put(frame, 199, 5, c.hour);
    put(frame, 204, 6, c.year - 2000);
    put(frame, 210, 4, c.month);
    put(frame, 214, 6, c.minute);
    put(frame, 220, 6, c.second);
    put(frame, 259, 16, std::llround(s.position.altitude_m));
    for (const auto& [at, degrees] :
         {std::pair{275, s.position.latitude_deg}, std::pair{307, s.position.longitude_deg}}) {
      const double whole = std::trunc(degrees);
      put(frame, static_cast<std::size_t>(at), 32,
          static_cast<std::int64_t>(whole) * 1'000'000 + minutes_e4(degrees));
    }
    put(frame, 370, 14, ++counter_);
    put(frame, 432, 16, kCrc(std::span(frame).subspan(5, 49)));
    Telemetry t = record(s, "ATMS-3710", "Azista");
    t.frame_number = counter_ & 0x3FFFU;
    t.position->altitude_m = std::round(s.position.altitude_m);
    truth_.push_back(std::move(t));
    std::vector<std::uint8_t> symbols;
    for (std::size_t i = 0; i < 8 * frame.size(); ++i) {
      symbols.push_back(static_cast<std::uint8_t>(frame[i / 8] >> (7 - i % 8) & 1U));
    }
    return symbols;
  }

 private:
  unsigned counter_ = 0;
  std::vector<Telemetry> truth_;
};

class PsB3Tx final : public Transmitter {
 public:
  [[nodiscard]] const dsp::ModemParams& modem() const override { return kPsB3; }
  [[nodiscard]] double burst_period_s() const override { return 2.0; }
  std::vector<Telemetry> take_truth() override { return std::move(truth_); }

  std::vector<std::uint8_t> next_frame(const FlightState& s) override {
    Bytes frame(48, 0);
    put(frame, 0, 16, 0xF9A4);
    put(frame, 32, 16, ++counter_);
    const CivilTime c = to_civil(s.utc);
    put_digits(frame, 40, 2, c.month);
    put_digits(frame, 44, 2, c.year % 100);
    put_digits(frame, 46, 2, c.hour);
    put_digits(frame, 48, 2, c.minute);
    put_digits(frame, 50, 2, c.second);
    put_digits(frame, 52, 2, static_cast<std::int64_t>(s.position.latitude_deg));
    put_digits(frame, 54, 6, minutes_e4(s.position.latitude_deg));
    put_digits(frame, 60, 3, static_cast<std::int64_t>(s.position.longitude_deg));
    put_digits(frame, 63, 6, minutes_e4(s.position.longitude_deg));
    put_digits(frame, 72, 6, std::llround(s.position.altitude_m * 10));
    Telemetry t = record(s, "PS-B3", "Vikram");
    t.frame_number = counter_;
    if (counter_ > 1) truth_.push_back(std::move(t));  // the first one only introduces itself
    std::vector<std::uint8_t> symbols;
    for (std::size_t i = 0; i < 8 * frame.size(); ++i) {
      const auto bit = static_cast<std::uint8_t>(frame[i / 8] >> (7 - i % 8) & 1U);
      symbols.push_back(bit);  // 1 is high then low
      symbols.push_back(bit ^ 1U);
    }
    return symbols;
  }

 private:
  unsigned counter_ = 0;
  std::vector<Telemetry> truth_;
};

}  // namespace
}  // namespace uaii

std::unique_ptr<Transmitter> make_atms3710_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_atms3710_tx(const SondeIdentity&) {
  return std::make_unique<uaii::AtmsTx>();
}

std::unique_ptr<Transmitter> make_psb3_tx(const SondeIdentity& identity);
std::unique_ptr<Transmitter> make_psb3_tx(const SondeIdentity&) {
  return std::make_unique<uaii::PsB3Tx>();
}

}  // namespace omnisonde::sim
