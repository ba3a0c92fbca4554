// A receiver without radio: an encoder's line symbols in, its decoder's records out. For tests of
// what lies behind the demodulator.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "decoders/sonde.hpp"

namespace omnisonde::testing {

class LineReceiver {
 public:
  explicit LineReceiver(const SondeType& type) : spec_(*type.spec), decoder_(type.make()) {}

  /// @param orbits  for types that need them; outlives the receiver
  void set_orbits(const geo::OrbitBook* orbits) { orbits_ = orbits; }

  /// Takes the symbols of one transmission, which begins at `start`. Manchester pairs are whole.
  void push(std::span<const std::uint8_t> symbols, UtcMillis start) {
    const std::size_t step = spec_.modem.line_code == dsp::LineCode::kManchester ? 2 : 1;
    for (std::size_t i = step - 1; i < symbols.size(); i += step) {
      const double at_ms = 1000.0 * static_cast<double>(i) / spec_.modem.symbol_rate_hz;
      stream_.push_back({symbols[i] != 0, {start.ms + static_cast<std::int64_t>(at_ms)}});
    }
    search();
  }
  /// Nothing more is sent: what looks longer than it is comes out.
  void silence(UtcMillis from) {
    stream_.insert(stream_.end(), spec_.max_frame_bits, {false, from});
    search();
  }

  std::vector<Telemetry> take() { return std::exchange(records_, {}); }

 private:
  struct Bit {
    bool one;
    UtcMillis time;
  };

  void search() {
    const std::size_t length = spec_.sync_bits.size();
    std::size_t at = 0;
    while (at + spec_.max_frame_bits <= stream_.size()) {
      const bool upright = matches(at, false);
      if (!upright && !(spec_.accept_inverted && matches(at, true))) {
        ++at;
        continue;
      }
      at += try_frame(at, !upright) ? length : 1;
    }
    stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  [[nodiscard]] bool matches(std::size_t at, bool inverted) const {
    for (std::size_t i = 0; i < spec_.sync_bits.size(); ++i) {
      if ((spec_.sync_bits[i] == '1') != (stream_[at + i].one != inverted)) return false;
    }
    return true;
  }

  bool try_frame(std::size_t at, bool inverted) {
    std::vector<float> llr;
    for (std::size_t i = 0; i < spec_.max_frame_bits; ++i)
      llr.push_back(stream_[at + i].one != inverted ? 30.0F : -30.0F);
    llr.resize(decoder_->frame_bits(std::span(llr).first(spec_.head_bits)));
    frame_.inverted = inverted;
    if (!decoder_->correct(llr, Effort::kHard, frame_)) return false;
    const ReceiveContext context{
        .received = stream_[at].time, .frequency_hz = 403e6, .orbits = orbits_};
    if (auto record = decoder_->parse(frame_, context)) {
      record->rx.received = stream_[at].time;
      record->rx.frequency_hz = context.frequency_hz;
      records_.push_back(std::move(*record));
    }
    return true;
  }

  const SondeSpec& spec_;
  std::unique_ptr<SondeDecoder> decoder_;
  const geo::OrbitBook* orbits_ = nullptr;
  std::vector<Bit> stream_;
  Frame frame_;
  std::vector<Telemetry> records_;
};

}  // namespace omnisonde::testing
