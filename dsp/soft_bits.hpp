// What a demodulator hands on: soft bits of one frame, and where and how the frame lay.
#pragma once

#include <cstdint>
#include <span>

namespace omnisonde::dsp {

/// Where a frame lies in a slot's samples. Refined step by step by the demodulator.
struct FrameFit {
  double start = 0;       ///< sample index of the first unit's start
  double unit_scale = 1;  ///< true over nominal unit length (symbol clock and our own clock)
  double carrier_hz = 0;  ///< relative to the slot's centre
};

/// How strong it was.
struct FrameLevel {
  float amplitude = 0;          ///< of one sample, full scale 1
  float noise = 0;              ///< complex noise variance of one sample, within the slot's filter
  float ebn0_db = 0;            ///< energy of one line symbol over noise density
  double carrier_error_hz = 0;  ///< what the decisions say is left of the carrier offset
};

}  // namespace omnisonde::dsp
