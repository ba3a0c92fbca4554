// The words of a Graw DFM as sent: variants, CONF words, DAT blocks, and a frame's symbols.
// Written from the format sheet and not from the decoder, which it tests.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/transmitter.hpp"

namespace omnisonde::sim::dfm {

using ConfWord = std::array<std::uint8_t, 7>;  ///< nibbles: channel, six of value
using DatWord = std::array<std::uint8_t, 13>;  ///< nibbles: twelve of data, block number

/// A model: what it is called and what its channels hold.
struct Variant {
  std::string_view name;     ///< as in SondeIdentity::variant
  std::string_view subtype;  ///< the hub's
  unsigned highest;          ///< channel of the serial
  bool inverted;             ///< bit 1 is high then low
  enum class Probe { kT, kP, kPs15 } probe;
  double reference_ohm;
  std::uint32_t serial;  ///< when the identity names none
};

/// Knows DFM06, DFM06P, PS-15, DFM09, DFM09P, DFM17A, DFM17B (DFM17), DFM17C, DFM17P. Anything else
/// counts as DFM17.
[[nodiscard]] const Variant& find_variant(std::string_view name);

/// Number of frames of a full turn of the channels.
[[nodiscard]] unsigned frames_per_turn(const Variant& variant);
/// Channel of the n-th frame.
[[nodiscard]] unsigned channel_of(const Variant& variant, unsigned frame);
/// The word of the n-th frame.
[[nodiscard]] ConfWord conf_word(const Variant& variant, std::uint32_t serial, unsigned frame,
                                 const FlightState& state);

/// One GPS second as the sonde's processor has it.
struct Second {
  UtcMillis utc;
  std::uint8_t counter = 0;
  std::int32_t latitude_e7 = 0, longitude_e7 = 0, altitude_cm = 0;
  std::uint16_t speed_cmps = 0, heading_cdeg = 0;
  std::int16_t climb_cmps = 0;
  int satellites = 0;
};

/// Mode 2, 3 or 4: classic, repeated position, XDATA.
/// @param sends_count  whether block 8 names the satellites (DFM-06: no)
/// @param xdata        26 bytes, for mode 4
[[nodiscard]] DatWord dat_word(const Second& second, unsigned number, unsigned mode,
                               bool sends_count, const std::array<std::uint8_t, 26>& xdata);
/// Block 15, zero data.
[[nodiscard]] DatWord padding_word();

/// 280 bits, sync first, before the line code.
[[nodiscard]] std::vector<std::uint8_t> frame_bits(const ConfWord& conf, const DatWord& dat1,
                                                   const DatWord& dat2);
/// Manchester: 1 is low then high; the other way round if inverted.
[[nodiscard]] std::vector<std::uint8_t> manchester(const std::vector<std::uint8_t>& bits,
                                                   bool inverted);

}  // namespace omnisonde::sim::dfm
