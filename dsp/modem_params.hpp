// What the demodulator must know of a signal: plain numbers, no sonde names. Decoders read this
// header too (it crosses rooms), so it holds nothing but data.
#pragma once

#include <cstdint>

namespace omnisonde::dsp {

/// How data bits become line symbols.
enum class LineCode : std::uint8_t {
  kNrz,         ///< one symbol per bit; 1 is the higher tone
  kManchester,  ///< two symbols per bit; 1 is low tone then high tone
};

/// How line symbols become a carrier.
enum class Modulation : std::uint8_t {
  kFsk,   ///< the carrier's frequency is the symbol's
  kAfsk,  ///< an FM carrier whose audio is one of two sines, phase continuous; 1 is mark_hz
};

/// A two-level FSK signal, or two audio tones on FM.
struct ModemParams {
  double symbol_rate_hz = 0;        ///< line symbols (chips) per second
  double deviation_hz = 0;          ///< FSK: half the tone distance; AFSK: peak deviation of the FM
  float bt = 0;                     ///< Gaussian filter bandwidth x symbol time; 0 means unshaped
  double channel_rate_hz = 48'000;  ///< rate of the slice the demodulator wants
  double bandwidth_hz = 12'000;     ///< two-sided width to let through once the carrier is known
  LineCode line_code = LineCode::kNrz;
  /// Another symbol rate at which units of the same type send, too far away for the symbol clock's
  /// tracking; 0 means none. Frames are then tried at both until a clock is known.
  double other_symbol_rate_hz = 0;
  Modulation modulation = Modulation::kFsk;
  double mark_hz = 0, space_hz = 0;  ///< AFSK: audio tones of 1 and 0; their clock is the symbols'

  /// Data bits per second.
  [[nodiscard]] constexpr double bit_rate_hz() const {
    return line_code == LineCode::kManchester ? symbol_rate_hz / 2 : symbol_rate_hz;
  }
};

}  // namespace omnisonde::dsp
