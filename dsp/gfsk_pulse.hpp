// The frequency pulse of Gaussian FSK: what one symbol does to the carrier, for the
// modulator. The demodulator's unit bank computes its own; tests hold the two to the same "BT".
#pragma once

#include <vector>

namespace omnisonde::dsp {

/// The part of one symbol's frequency pulse that lies before `time_symbols`, 0 to 1: the integral
/// of a rectangle of one symbol length, smoothed by a Gaussian filter.
/// @param bt            3 dB bandwidth of the filter times the symbol time; 0 means no filter.
/// @param time_symbols  in symbols, 0 = middle of the symbol.
/// Source: the Gaussian filter of GSM (3GPP TS 45.004, section 2.5), integrated by parts.
[[nodiscard]] double gfsk_phase_pulse(float bt, double time_symbols) noexcept;

/// Symbols (an even number) that a pulse of this bt fills to within 1e-5 of its area.
[[nodiscard]] int gfsk_pulse_span(float bt) noexcept;

/// The frequency pulse, symmetrical, sum 1: span_symbols * samples_per_symbol values, each the area
/// over one sample interval.
/// @param bt  as above. With 0 it is a rectangle one symbol long in the middle.
[[nodiscard]] std::vector<float> gfsk_frequency_pulse(float bt, int samples_per_symbol,
                                                      int span_symbols);

}  // namespace omnisonde::dsp
