// What the CONF blocks of one DFM teach in the course of its turns: serial, model, temperature,
// battery. One word per frame: a channel number and six nibbles.
//
// Fast channels repeat and one slow channel follows: T probe `0 1 s`, P probe `0 1 2 3 4 s`; PS-15
// sends 0..7 in order. The highest channel carries the serial; its number tells the model:
//   6 DFM06   8 DFM06P   7 PS-15   A DFM09 or DFM17   B DFM17   C DFM09P or DFM17   D DFM17P
// Serial word: 06 and 06P six decimal digits (the channel below says A00000 or B00000); PS-15
// `0 aaaa b` and all later ones `C aaaa b` (the channel below is zero), where b = 0 comes with the
// high and b = 1 with the low 16 bits, turn by turn.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decoders/sondes/dfm_cycle.hpp"

namespace omnisonde::dfm {

/// A value that is believed once enough receptions agree on it.
class VotedValue {
 public:
  /// @param doubt  probability that `value` was misread.
  /// @returns      false if a value that was certain is now contradicted.
  bool add(std::uint32_t value, double doubt);
  /// Two receptions agree, or one came with very reliable codewords.
  [[nodiscard]] bool certain() const;
  [[nodiscard]] std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_ = 0;
  double log_odds_ = 0;
  int receptions_ = 0;
};

class ConfChannels {
 public:
  /// @returns false if the word contradicts a serial or model that was certain: another sonde.
  [[nodiscard]] bool add(const ConfWord& word);

  /// Decimal digits without padding; empty until certain.
  [[nodiscard]] std::string serial() const;
  /// Number of the highest channel; nothing until certain.
  [[nodiscard]] std::optional<unsigned> code() const;
  /// The hub's subtype, "DFM09", "DFM17P", "PS-15", ...; empty while the evidence is incomplete.
  [[nodiscard]] std::string_view model(bool inverted) const;
  /// Nothing until the model is known or when values are missing, older than a minute, or absurd.
  [[nodiscard]] std::optional<float> temperature_c(bool inverted, std::int64_t now_ms) const;
  [[nodiscard]] std::optional<float> battery_v(bool inverted, std::int64_t now_ms) const;
  [[nodiscard]] std::optional<float> processor_c(bool inverted, std::int64_t now_ms) const;
  /// Seconds since power-on; DFM-17 only.
  [[nodiscard]] std::optional<unsigned> uptime_s(bool inverted, std::int64_t now_ms) const;

 private:
  struct Channel {
    std::uint32_t value = 0;
    int receptions = 0;
    std::int64_t received_ms = 0, before_ms = 0;  ///< the last reception and the one before it
  };

  /// Whether `word` is a serial on the highest channel; if so its parts are voted on.
  bool add_serial(const ConfWord& word);
  bool add_half(const ConfWord& word);
  [[nodiscard]] bool higher_channel_heard(const ConfWord& word) const;
  [[nodiscard]] const Channel* fresh(std::size_t channel, std::int64_t now_ms) const;
  [[nodiscard]] std::optional<double> measured(std::size_t channel, std::int64_t now_ms) const;
  [[nodiscard]] std::optional<unsigned> processor_word(std::size_t offset, bool inverted,
                                                       std::int64_t now_ms) const;

  std::array<Channel, 16> channels_;
  ConfWord last_;
  VotedValue code_, decimal_, high_, low_;
};

}  // namespace omnisonde::dfm
