// What the LMS6 tests share: one simulated sonde and its decoder, side by side.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "decoders/sonde.hpp"
#include "decoders/sondes/lms6_block.hpp"
#include "decoders/sondes/lms6_stream.hpp"
#include "simulator/transmitter.hpp"
#include "tests/support/frame_damage.hpp"

namespace omnisonde::test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr UtcMillis kStart = from_civil({2026, 10, 20, 12, 0, 0});

inline constexpr double kLms6Block_ms = 4160 * 1000.0 / 4800;

/// A sonde on air and its receiver, block by block.
class Lms6Flight {
 public:
  explicit Lms6Flight(const std::string& type, const std::string& variant = "",
                      const std::string& serial = "")
      : tx_(sim::make_transmitter(type, {serial, variant, 403e6, "", false})),
        type_(find_sonde_type(type)),
        decoder_(type_->make()),
        block_symbols_(type == "LMSX-403" ? 4800 : 4160) {}

  static sim::FlightState state_at(std::int64_t ms) {
    sim::FlightState s;
    const double t = static_cast<double>(ms - kStart.ms) * 1e-3;
    s.utc = {ms};
    s.position = {48.25 + t * 1e-4, -11.55 - t * 2e-4, 12'000 + 5.2 * t};
    s.velocity_north_mps = -9;
    s.velocity_east_mps = -15.588;
    s.velocity_up_mps = 5.2;
    return s;
  }

  /// Soft bits of the next block, without noise.
  Llrs next() {
    const Bytes symbols = next_symbols();
    return test::to_llr(symbols);
  }
  Bytes next_symbols() {
    const std::size_t bits = type_->spec->max_frame_bits;
    while (air_.size() < at_ + 16 + bits) {
      const auto more = tx_->next_frame(next_state());
      air_.insert(air_.end(), more.begin(), more.end());
      for (Telemetry& t : tx_->take_truth()) truth_.push_back(std::move(t));
    }
    const auto from = air_.begin() + static_cast<std::ptrdiff_t>(at_ + 16);
    Bytes block(from, from + static_cast<std::ptrdiff_t>(bits));
    at_ += block_symbols_;
    return block;
  }

  bool correct(std::span<float> llr, Effort effort, Frame& out) {
    return decoder_->correct(llr, effort, out);
  }

  /// Climbs the ladder as the receiver does.
  std::optional<Telemetry> receive(const Llrs& llr, Effort most = Effort::kDeep) {
    const double blocks = static_cast<double>(at_) / static_cast<double>(block_symbols_) - 1;
    const double ms = blocks * (block_symbols_ == 4160 ? kLms6Block_ms : 1000.46);
    good_ = false;
    for (const Effort effort : {Effort::kHard, Effort::kErasures, Effort::kPriors, Effort::kDeep}) {
      if (effort > most) break;
      Llrs work = llr;
      if (effort >= Effort::kPriors) decoder_->add_priors(work);
      if (!decoder_->correct(work, effort, frame_)) continue;
      good_ = true;
      return decoder_->parse(
          frame_, {.received = {kStart.ms + static_cast<std::int64_t>(ms)}, .frequency_hz = 403e6});
    }
    return {};
  }

  /// Sends and receives `blocks` without noise; records by frame number.
  std::map<std::uint32_t, Telemetry> fly(int blocks) {
    std::map<std::uint32_t, Telemetry> got;
    for (int i = 0; i < blocks; ++i) {
      if (auto t = receive(next())) got[*t->frame_number] = *t;
    }
    return got;
  }

  [[nodiscard]] const std::vector<Telemetry>& truth() const { return truth_; }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] const Frame& frame() const { return frame_; }
  std::function<sim::FlightState(std::int64_t)> states = state_at;

 private:
  sim::FlightState next_state() {
    const double period = block_symbols_ == 4160 ? 1000 : 1000.46;
    return states(kStart.ms + static_cast<std::int64_t>(period * seconds_++));
  }

  std::unique_ptr<sim::Transmitter> tx_;
  const SondeType* type_;
  std::unique_ptr<SondeDecoder> decoder_;
  std::size_t block_symbols_;
  Frame frame_;
  Bytes air_;
  std::size_t at_ = 0;
  int seconds_ = 0;
  bool good_ = false;
  std::vector<Telemetry> truth_;
};

inline void expect_equal(const Telemetry& got, const Telemetry& sent) {
  EXPECT_EQ(got.type, sent.type);
  EXPECT_EQ(got.subtype, sent.subtype);
  EXPECT_EQ(got.manufacturer, sent.manufacturer);
  EXPECT_EQ(got.serial, sent.serial);
  EXPECT_EQ(got.frame_number, sent.frame_number);
  EXPECT_EQ(got.datetime, sent.datetime);
  EXPECT_EQ(got.time_reference, TimeReference::kGps);
  EXPECT_EQ(got.height_reference, HeightReference::kEllipsoid);
  ASSERT_TRUE(got.position && sent.position);
  EXPECT_NEAR(got.position->latitude_deg, sent.position->latitude_deg, 6e-8);
  EXPECT_NEAR(got.position->longitude_deg, sent.position->longitude_deg, 6e-8);
  EXPECT_NEAR(got.position->altitude_m, sent.position->altitude_m, 0.0051);
  EXPECT_NEAR(*got.velocity_h_mps, *sent.velocity_h_mps, 0.0051F);
  EXPECT_NEAR(*got.velocity_v_mps, *sent.velocity_v_mps, 0.0051F);
  if (got.heading_deg && sent.heading_deg) {
    EXPECT_NEAR(*got.heading_deg, *sent.heading_deg, 0.0051F);
  }
  EXPECT_EQ(got.hold_reason, "");
  EXPECT_FALSE(got.satellites || got.temperature_c || got.battery_v);
}

}  // namespace omnisonde::test
